"""The account of whoever is signed in: their name, language, time zone and theme."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dexxy.accounts.preferences import user_update, zone_guess
from dexxy.accounts.reader import ChoiceError, languages, zones_by_region
from dexxy.accounts.selectors import UnauthenticatedError, workspaces
from dexxy.web.pages import PageRequest, sign_in_first

_CHOICES = ("name", "language", "time_zone")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: PageRequest) -> HttpResponse:
    """Show what the viewer chose for themselves, and store what they choose."""
    if not request.user.is_authenticated:
        return sign_in_first(request)
    context: dict[str, Any] = {"given": request.user}
    status = 200
    if request.method == "POST":
        given: dict[str, Any] = {name: request.POST.get(name, "") for name in _CHOICES}
        try:
            user = user_update(viewer=request.user, **given)
            # The answer is in the language that was chosen just now.
            with translation.override(user.language or translation.get_language()):
                messages.success(request, _("Saved."))
            return redirect("account")
        except ChoiceError as error:
            context, status = {"given": given, "error": str(error)}, 422
    zone = request.POST.get("time_zone", request.user.time_zone)
    context |= {"zones": zones_by_region(zone), "languages": languages()}
    context["workspaces"] = workspaces(request.user)
    return render(request, "web/frame/preferences.html", context, status=status)


@never_cache
@require_POST
def zone(request: PageRequest) -> HttpResponse:
    """Take the time zone of the browser, which tells it once."""
    try:
        zone_guess(viewer=request.user, time_zone=request.POST.get("time_zone", ""))
    except UnauthenticatedError:
        return HttpResponse(status=401)
    return HttpResponse(status=204)
