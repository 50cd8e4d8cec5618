"""How somebody is sent to a provider to sign in, and comes back."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import consume
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from requests import RequestException

from dexxy.integrations.services.github.api.errors import GitHubError
from dexxy.web.signing_in import providers  # noqa: F401 - allauth knows them by that
from dexxy.web.signing_in.adapter import ExplainedError, OutsideAccountAdapter, refused


def sent_to(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead a browser to a provider.

    Args:
        provider_id: github, or oidc.

    Raises:
        Http404: nobody can sign in by it here.
    """
    adapter, provider = _provider(request, provider_id)
    if not consume(request, action="sign_in_elsewhere"):
        many = _("You tried many times. Wait ten minutes, then try again.")
        return refused(request, many, status=429)
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


def come_from(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Sign in whom a provider sends back, or say why nobody is.

    Raises:
        Http404: nobody can sign in by it here.
    """
    adapter, provider = _provider(request, provider_id)
    flow = provider.get_oauth2_adapter(request)
    view = OAuth2CallbackView.adapter_view(flow)
    try:
        answer: HttpResponse = view(request)
        return answer
    except GitHubError as error:
        return _failed(adapter, request, provider, ExplainedError(str(error)))
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
    except ImmediateHttpResponse as refusal:
        answer: HttpResponse = refusal.response
        return answer
    raise error
