"""What was done is said by a toast: a page has it at its top, htmx gets it in a header."""

from collections.abc import Callable

from django.contrib.messages import ERROR, add_message, get_messages
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event


class ToastMiddleware:
    """Send by HX-Trigger what was done, where the answer is a part and has no place for it.

    What went wrong stays for a page: a toast goes away, and errors may not.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_part = bool(request.htmx) and response.status_code < 300  # type: ignore[attr-defined]
        if is_part and not isinstance(response, HttpResponseClientRedirect):
            _tell(request, response)
        return response


def _tell(request: HttpRequest, response: HttpResponse) -> None:
    waiting = list(get_messages(request))
    told = [str(message) for message in waiting if message.level < ERROR]
    for message in waiting:
        if message.level >= ERROR:
            add_message(request, message.level, message.message)
    if told:
        can_undo = any("undo" in message.tags.split() for message in waiting)
        trigger_client_event(response, "toast", {"value": " ".join(told), "undo": can_undo})
