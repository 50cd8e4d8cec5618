"""Light or dark: as the reader's system has it, unless the reader chose."""

from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dexxy.web.pages import back

COOKIE = "dexxy_theme"
_YEAR_SECONDS = 365 * 24 * 3600


class Theme(TextChoices):
    """What can be chosen."""

    SYSTEM = "system", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


def theme_of(request: HttpRequest) -> Theme:
    """Return what the reader chose, for the browser that they chose it in."""
    chosen = request.COOKIES.get(COOKIE, "")
    return Theme(chosen) if chosen in Theme else Theme.SYSTEM


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep a choice, and go on where the reader was."""
    response = back(request, "home")
    chosen = request.POST.get("theme", "")
    if chosen in Theme:
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=_YEAR_SECONDS,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return response
