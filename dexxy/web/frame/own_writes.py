"""Who has written something reads it, also where pages are read from a replica."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from dexxy.accounts.models import User
from dexxy.accounts.services import last_write_note
from dexxy.common.databases.replica import is_configured, writing

_READING = {"GET", "HEAD", "OPTIONS"}

View = Callable[[HttpRequest], HttpResponse]


def own_writes(get_response: View) -> View:
    """Note who may have written something, before they are answered.

    A document of the API that only reads comes by POST, too, and says so by `only_reads`.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in _READING:
            return get_response(request)
        with writing():
            response = get_response(request)
        user = getattr(request, "user", None)
        if isinstance(user, User) and not getattr(request, "only_reads", False):
            last_write_note(user)
        return response

    return answer if is_configured() else get_response
