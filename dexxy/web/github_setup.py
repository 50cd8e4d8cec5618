"""Register the GitHub App of this Dexxy: a page that sends a manifest, and where it comes back."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dexxy.accounts.selectors import AdminOnlyError, UnauthenticatedError
from dexxy.common.crypto import UndecryptableSecretError
from dexxy.common.errors import DexxyError
from dexxy.integrations.services.github.access.app import NoAppError, app_current, app_registered
from dexxy.integrations.services.github.connecting.app_registration import (
    AppOfEnvironmentError,
    is_public,
    registration_begin,
    registration_finish,
)
from dexxy.integrations.views import error_page, person_of
from dexxy.web.pages import PageRequest, sign_in_first

Page = Callable[[PageRequest], HttpResponse]
# Of the session: the App that was registered in it.
_REGISTERED = "github_app_registered"


def _for_operators(page: Page) -> Callable[..., HttpResponse]:
    @wraps(page)
    def view(request: PageRequest) -> HttpResponse:
        try:
            return page(request)
        except UnauthenticatedError:
            return sign_in_first(request)
        except AdminOnlyError:
            return render(request, "403.html", status=403)
        except DexxyError as error:
            return error_page(request, error, 400, _("The App is not registered"))

    return never_cache(require_safe(view))


@_for_operators
def setup_github(request: PageRequest) -> HttpResponse:
    """Show the form that registers an App, for the person's account or an organisation's."""
    organization = request.GET.get("organization", "").strip()
    context = {"organization": organization, "is_public": is_public()}
    context["base_url"] = settings.DEXXY_BASE_URL
    try:
        context["registration"] = registration_begin(person_of(request), organization=organization)
    except AppOfEnvironmentError as error:
        context["why_not"] = error
    try:
        context["app"] = app_current()
    except (NoAppError, UndecryptableSecretError):  # one that cannot be used is none
        context["app"] = None
    return render(request, "web/github/setup.html", context)


@_for_operators
def github_registered(request: PageRequest) -> HttpResponse:
    """Store the App that was just registered on GitHub, then show it to who registered it."""
    if request.GET:
        stored = registration_finish(
            person_of(request), state=request.GET.get("state", ""), code=request.GET.get("code", "")
        )
        request.session[_REGISTERED] = stored.pk
        # The state is used up: the page that follows can be reloaded, this address cannot.
        return redirect("github_registered")
    app = app_registered(request.session.get(_REGISTERED, 0))
    if app is None:
        return redirect("setup_github")
    context = {"app": app, "is_public": is_public()}
    return render(request, "web/github/registered.html", context)
