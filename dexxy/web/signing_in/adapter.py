"""What allauth asks us about accounts elsewhere: who may sign in with one, and why nobody else."""

from typing import TYPE_CHECKING, Any

import structlog
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError, ProviderException
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import resolve
from django.urls.exceptions import Resolver404
from django.utils.translation import gettext as _

from dexxy.accounts.outside_accounts import (
    OutsideAccountError,
    OutsidePerson,
    outside_person_sign_in,
)
from dexxy.integrations.services.github.connecting.organization_rules import (
    Proven,
    memberships_prove,
)
from dexxy.web.signing_in.ways import apps_of_ways

# Only who signs in elsewhere loads what asks there: it is 5 MB.
if TYPE_CHECKING:
    from requests import Session

log = structlog.get_logger()


class ExplainedError(ProviderException):  # type: ignore[misc]
    """A sign-in failed; the message is a sentence for whoever signs in."""


class OutsideAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Knows the providers of the settings, and lets nobody in but by `outside_person_sign_in`."""

    def list_apps(
        self, request: HttpRequest | None, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        found = apps_of_ways()
        if provider:
            found = [one for one in found if provider in (one.provider, one.provider_id)]
        return [one for one in found if not client_id or one.client_id == client_id]

    def get_requests_session(self) -> "Session":
        from dexxy.web.signing_in.asking import guarded_session

        return guarded_session()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: Any) -> Any:
        sociallogin.user.name = str(data.get("name") or data.get("username") or "")
        return sociallogin.user

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let allauth sign in whom the account belongs to here, or say why nobody."""
        account, addresses = sociallogin.account, sociallogin.email_addresses
        in_organizations = _in_organizations(account)
        person = OutsidePerson(
            provider=account.provider,
            uid=account.uid,
            provider_name=sociallogin.provider.app.name,
            name="" if sociallogin.is_existing else sociallogin.user.name,
            # Whatever is not plainly true is not proven.
            proven=[one.email for one in addresses if one.verified is True],
            organization_rules=in_organizations.rules,
            unanswered=in_organizations.unanswered,
        )
        secret = _invitation_of(sociallogin.state.get("next") or "")
        try:
            known = outside_person_sign_in(person, secret=secret)
        except OutsideAccountError as error:
            raise ImmediateHttpResponse(refused(request, str(error), status=403)) from error
        if not sociallogin.is_existing:
            sociallogin.lookup()
        if known.lost_password:
            notice = _(
                "You sign in by {place} from now on. The password that the account had works no "
                "more, and it is signed out everywhere else. You can set a new one."
            )
            messages.info(request, notice.format(place=person.provider_name))
        if known.is_new:
            # The invitation that they came from is spent by that.
            sociallogin.state.pop("next", None)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Say it in a sentence; what a provider answered is for the log."""
        if error == AuthError.CANCELLED:
            notice = _("You did not go on at {place}, so nobody is signed in.")
        elif isinstance(exception, ExplainedError):
            notice = str(exception).replace("{", "{{").replace("}", "}}")
        elif exception is None:
            notice = _(
                "The sign-in by {place} was not finished here: it took longer than ten minutes, "
                "or began in another browser. Begin once more."
            )
        else:
            notice = _(
                "{place} did not confirm the sign-in. Begin once more; if it stays so, ask "
                "whoever runs this Dexxy: the log has the reason."
            )
        log.warning("sign-in by a provider failed", provider=provider.sub_id, error=str(exception))
        raise ImmediateHttpResponse(
            refused(request, notice.format(place=provider.app.name), status=403)
        )


def refused(request: HttpRequest, notice: str, *, status: int) -> HttpResponse:
    """Show why nobody is signed in."""
    return render(request, "web/sign_in_failed.html", {"error": notice}, status=status)


def _in_organizations(account: SocialAccount) -> Proven:
    """Ask GitHub by which rules about organizations somebody comes in, if they sign in by it."""
    if account.provider != "github":
        return Proven()
    server, _sign, number = account.uid.rpartition(":")
    return memberships_prove(
        server=server,
        github_id=int(number),
        login=str(account.extra_data.get("login") or ""),
        uid=account.uid,
    )


def _invitation_of(address: str) -> str:
    """Return the secret of the invitation whose page ADDRESS is, or ''."""
    path = address.removeprefix((settings.FORCE_SCRIPT_NAME or "").rstrip("/"))
    try:
        found = resolve(path.partition("?")[0])
    except Resolver404:
        return ""
    return str(found.kwargs["secret"]) if found.url_name == "invitation" else ""
