"""The pages of allauth that ask for a second step or a passkey, each loaded when it is asked for.

What they load, to speak with keys, is needed by nobody else.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache


@never_cache
def authenticate(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second step of a sign-in that has begun."""
    from allauth.mfa.base.views import authenticate as page

    answer: HttpResponseBase = page(request)
    return answer


@never_cache
def reauthenticate(request: HttpRequest) -> HttpResponseBase:
    """Let somebody confirm by a code that it is them."""
    from allauth.mfa.base.views import reauthenticate as page

    answer: HttpResponseBase = page(request)
    return answer


@never_cache
def reauthenticate_by_passkey(request: HttpRequest) -> HttpResponseBase:
    """Let somebody confirm by a passkey that it is them."""
    from allauth.mfa.webauthn.views import reauthenticate_webauthn as page

    answer: HttpResponseBase = page(request)
    return answer


@never_cache
def sign_in_by_passkey(request: HttpRequest) -> HttpResponseBase:
    """Tell a browser what to ask its passkeys, and sign in whose passkey has answered."""
    from allauth.mfa.webauthn.views import login_webauthn as page

    answer: HttpResponseBase = page(request)
    return answer
