"""The pages of allauth that ask for a second step or a passkey, each loaded when it is asked for.

What they load, to speak with keys, is needed by nobody else.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache


@never_cache
def authenticate(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second step of a sign-in that has begun."""
    from dexxy.web.signing_in.passkeys import second_step as page

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
    from dexxy.web.signing_in.passkeys import confirm as page

    answer: HttpResponseBase = page(request)
    return answer


@never_cache
def sign_in_by_passkey(request: HttpRequest) -> HttpResponseBase:
    """Tell a browser what to ask its passkeys, and sign in whose passkey has answered."""
    from dexxy.web.signing_in.passkeys import sign_in as page

    answer: HttpResponseBase = page(request)
    return answer
