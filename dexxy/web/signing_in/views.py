"""To another place to sign in, and back."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException

from dexxy.integrations.services.github.api.errors import GitHubError
from dexxy.web.provider import SaidError
from dexxy.web.signing_in.adapter import OutsideAccountAdapter


@never_cache
@require_POST
def to_github(request: HttpRequest) -> HttpResponse:
    """Send a browser to GitHub."""
    return _to(request, "github")


@never_cache
@require_GET
def from_github(request: HttpRequest) -> HttpResponse:
    """Sign in who comes back from GitHub."""
    return _from(request, "github")


@never_cache
@require_POST
def to_oidc(request: HttpRequest) -> HttpResponse:
    """Send a browser to the OpenID Connect provider."""
    return _to(request, "oidc")


@never_cache
@require_GET
def from_oidc(request: HttpRequest) -> HttpResponse:
    """Sign in who comes back from the OpenID Connect provider."""
    return _from(request, "oidc")


def _to(request: HttpRequest, provider_id: str) -> HttpResponse:
    adapter, provider = _provider(request, provider_id)
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    try:
        leads_to: HttpResponse = provider.redirect(
            request, AuthProcess.LOGIN, next_url=wanted if is_ours else None
        )
    except (RequestException, OAuth2Error) as error:
        return _failed(adapter, request, provider, error)
    # A page, and no redirect: browsers hold each address to which a form is led on against the
    # policy of its page (form-action), and where a provider leads on nobody here can know.
    context = {"address": leads_to["Location"], "place": provider.app.name}
    return render(request, "web/going_on.html", context)


def _from(request: HttpRequest, provider_id: str) -> HttpResponse:
    adapter, provider = _provider(request, provider_id)
    flow = provider.get_oauth2_adapter(request)
    view = OAuth2CallbackView.adapter_view(flow)
    try:
        answer: HttpResponse = view(request)
        return answer
    except GitHubError as error:
        return _failed(adapter, request, provider, SaidError(str(error)))
    except (RequestException, OAuth2Error) as error:
        return _failed(adapter, request, provider, error)


def _provider(request: HttpRequest, provider_id: str) -> tuple[OutsideAccountAdapter, Any]:
    adapter = OutsideAccountAdapter(request)
    try:
        return adapter, adapter.get_provider(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error


def _failed(
    adapter: OutsideAccountAdapter, request: HttpRequest, provider: Any, error: Exception
) -> HttpResponse:
    try:
        adapter.on_authentication_error(request, provider, exception=error)
    except ImmediateHttpResponse as said:
        answer: HttpResponse = said.response
        return answer
    raise error
