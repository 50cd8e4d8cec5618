"""How close rows stand: as the reader chose, in the browser that they chose it in."""

from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from dexxy.web.pages import back

COOKIE = "dexxy_density"
_YEAR_SECONDS = 365 * 24 * 3600


class Density(TextChoices):
    """What can be chosen."""

    COMFORTABLE = "comfortable"
    COMPACT = "compact"


def density_of(request: HttpRequest) -> Density:
    """Return what the reader chose."""
    chosen = request.COOKIES.get(COOKIE, "")
    return Density(chosen) if chosen in Density else Density.COMFORTABLE


@require_POST
def density(request: HttpRequest) -> HttpResponse:
    """Keep a choice, and go on where the reader was."""
    response = back(request, "home")
    chosen = request.POST.get("density", "")
    if chosen in Density:
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=_YEAR_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response
