"""Whether keys of one letter do something: they can be in the way of who speaks to the machine."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from dexxy.web.pages import back

COOKIE = "dexxy_keys"
_OFF = "off"
_YEAR_SECONDS = 365 * 24 * 3600


def is_on(request: HttpRequest) -> bool:
    """Tell whether the reader left them on, for the browser that they read with."""
    return request.COOKIES.get(COOKIE) != _OFF


@require_POST
def keyboard(request: HttpRequest) -> HttpResponse:
    """Switch them on or off, and go on where the reader was."""
    response = back(request, "home")
    if request.POST.get("keys") == _OFF:
        response.set_cookie(
            COOKIE,
            _OFF,
            max_age=_YEAR_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
