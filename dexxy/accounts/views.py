"""Who calls the API: a browser with its session, or a program with a token."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from dexxy.accounts.api_tokens import InvalidTokenError, api_token_user
from dexxy.accounts.models import TokenScope, User
from dexxy.accounts.sessions import sender_counted
from dexxy.common.api import Caller, refusal

View = Callable[..., HttpResponseBase]


class _Csrf(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def api_caller(view: View) -> View:
    """Let VIEW know its caller by a bearer token or, with the page's CSRF token, by a session."""

    @wraps(view)
    def authenticated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kind, _, secret = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer":
            try:
                request.user = api_token_user(secret.strip())
            except InvalidTokenError as error:
                answer = refusal(str(error), "UNAUTHENTICATED", 401)
                answer["WWW-Authenticate"] = "Bearer"
                return answer
        elif _is_forged(request):
            return refusal(
                "Send an API token (Authorization: Bearer ...), or the CSRF token of the page.",
                "CSRF_FAILED",
                403,
            )
        return view(request, *args, **kwargs)

    # A token is sent by programs alone, and no page can make a browser send one.
    return never_cache(csrf_exempt(authenticated))


def caller_of(request: HttpRequest) -> Caller:
    """Tell callers apart: by person, whatever tokens they use, and else by address."""
    user, sender = request.user, sender_counted(str(request.META.get("REMOTE_ADDR", "")))
    address = f"address:{sender}"
    if not isinstance(user, User):
        return Caller(address, is_signed_in=False)
    if user.is_shared:
        return Caller(address, may_write=False)
    return caller_for(user)


def caller_for(user: User) -> Caller:
    """Return USER as a caller of the API: a person, whatever tokens they use."""
    may_write = user.via_token is None or user.via_token.scope == TokenScope.FULL
    return Caller(f"user:{user.pk}", may_write=may_write)


def _is_forged(request: HttpRequest) -> bool:
    check = _Csrf(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, _nothing, (), {}) is not None


def _nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
