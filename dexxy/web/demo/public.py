"""The public demo: whoever comes is one and the same visitor, who reads and cannot change anything.

PostgreSQL holds that: each request is a transaction that may only read. So a page that nobody
thought of writes nothing, either. What is not safe by its method is refused before that, with
words; and whoever asks very much is asked to wait.
"""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from time import time

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from dexxy.accounts.services import visitor_of_demo
from dexxy.accounts.sessions import sender_counted
from dexxy.common.api import refusal
from dexxy.common.databases.read_only import only_read

Answer = Callable[[HttpRequest], HttpResponseBase]

# Of one address in a minute: a person clicks less, and a page may load some parts.
MOST_REQUESTS = 240
_MINUTE = 60
_SAFE = {"GET", "HEAD", "OPTIONS"}
_API = "/graphql/"
# What a browser alone keeps.
_OF_THE_BROWSER = {"/theme/", "/density/", "/keyboard/"}
# Where one would become somebody else, or run this Dexxy.
_CLOSED = (
    *("/admin/", "/accounts/", "/sign-in/", "/invitations/", "/unsubscribe/"),
    *("/setup/", "/start/", "/doctor/", "/integrations/"),
    "/webhooks/",  # GitHub's are taken before they come here
)
_ALWAYS = ("/healthz", "/readyz", "/metrics")
_ROBOTS = "User-agent: *\nDisallow: /\n"


def read_only(get_response: Answer) -> Answer:
    """Answer everybody as the visitor; a middleware."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        if request.path_info in _ALWAYS:
            return get_response(request)
        response = _refused(request) or _read(request, get_response)
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answered


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    path = request.path_info
    if path == "/robots.txt":
        return HttpResponse(_ROBOTS, content_type="text/plain")
    if _asks_too_much(sender_counted(str(request.META.get("REMOTE_ADDR", "")))):
        text = _("You asked very much. Wait a minute.")
        answer = HttpResponse(f"{text}\n", content_type="text/plain; charset=utf-8")
        answer.status_code = HTTPStatus.TOO_MANY_REQUESTS
        answer["Retry-After"] = str(_MINUTE)
        return answer
    may_be_sent = path == _API or path in _OF_THE_BROWSER
    if path.startswith(_CLOSED) or (request.method not in _SAFE and not may_be_sent):
        return _only_reading(request)
    return None


def _asks_too_much(sender: str) -> bool:
    """Count a request of SENDER; nothing is counted while Valkey is away."""
    key = f"demo:{sender}:{int(time()) // _MINUTE}"
    with suppress(ValueError):
        cache.add(key, 0, timeout=2 * _MINUTE)
        return int(cache.incr(key)) > MOST_REQUESTS
    return False


def _read(request: HttpRequest, get_response: Answer) -> HttpResponseBase:
    # No token opens anything here, nor does a session that somebody brings.
    request.META.pop("HTTP_AUTHORIZATION", None)
    # What cannot be changed by anybody cannot be changed by a forged request.
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    with only_read("The public demo is only read."):
        request.user = visitor_of_demo() or AnonymousUser()
        return get_response(request)


def _only_reading(request: HttpRequest) -> HttpResponse:
    text = _("This is a demo that everybody can read. Nothing can be changed here.")
    if request.path_info == _API:
        return refusal(text, "FORBIDDEN", HTTPStatus.FORBIDDEN)
    if "HX-Request" in request.headers:
        answer = HttpResponse(status=HTTPStatus.NO_CONTENT)
        return trigger_client_event(answer, "toast", {"value": text, "undo": False})
    request.user = AnonymousUser()
    return render(request, "web/demo/refused.html", {"says": text}, status=HTTPStatus.FORBIDDEN)
