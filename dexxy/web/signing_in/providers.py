"""The providers that people sign in with. Importing this lets allauth know them.

Each adds to allauth's own what Dexxy asks for: addresses of the settings, no more kept than the
number of the account, and every token of a sign-in checked or ended.
"""

from hashlib import sha256
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from dexxy.integrations.services.github.access.app import app_current
from dexxy.integrations.services.github.api.errors import (
    AccessDeniedError,
    GitHubError,
    NotFoundError,
    answer_shape,
)
from dexxy.integrations.services.github.api.server import default_server
from dexxy.integrations.services.github.connecting.ownership import user_token_revoke
from dexxy.integrations.services.github_client import GitHubClient
from dexxy.web.signing_in.adapter import ExplainedError

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_LONGEST = 254


class _GitHubFlow(GitHubOAuth2Adapter):  # type: ignore[misc]
    """The web flow of the GitHub App."""

    headers = {"Accept": "application/json"}

    @property
    def access_token_url(self) -> str:
        return f"{default_server().web_url}/login/oauth/access_token"

    @property
    def authorize_url(self) -> str:
        return f"{default_server().web_url}/login/oauth/authorize"

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return f"{settings.DEXXY_BASE_URL}{_path('github_callback')}"

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **more: Any
    ) -> SocialLogin:
        """Ask who it is and which addresses are verified; then the token has served its purpose."""
        server = default_server()
        try:
            with GitHubClient(
                api_url=server.api_url, graphql_url=server.graphql_url, token=token.token
            ) as client:
                # https://docs.github.com/en/rest/users/emails
                person = dict(client.get("user").data)
                person["emails"] = _emails(client)
        except GitHubError as error:
            raise ExplainedError(str(error)) from error
        finally:
            user_token_revoke(app_current(), token.token)
        with answer_shape("account"):
            return self.get_provider().sociallogin_from_response(request, person)


def _emails(client: GitHubClient) -> Any:
    try:
        return client.get("user/emails", {"per_page": 100}).data
    except (AccessDeniedError, NotFoundError) as error:
        raise ExplainedError(
            _(
                "GitHub does not tell Dexxy which addresses are yours: its App needs the account "
                "permission “Email addresses: read”. Ask whoever runs this Dexxy."
            )
        ) from error


class _AsWritten:
    """Leaves addresses as the provider writes them: allauth folds them, and one becomes another."""

    def cleanup_email_addresses(
        self, email: str | None, addresses: list[EmailAddress], email_verified: bool = False
    ) -> None:
        """Keep what is an address, the most important one first."""
        kept = [one for one in addresses if isinstance(one.email, str) and _is_address(one.email)]
        kept.sort(key=lambda one: (one.primary, one.verified is True, one.email), reverse=True)
        addresses[:] = kept


def _is_address(email: str) -> bool:
    try:
        validate_email(email)
    except ValidationError:
        return False
    return len(email) <= _LONGEST


class GitHubAccounts(_AsWritten, GitHubProvider):  # type: ignore[misc]
    """Signing in by GitHub, or by a server of one's own."""

    oauth2_adapter_class = _GitHubFlow
    pkce_enabled_default = True

    def get_default_scope(self) -> list[str]:
        return []  # Apps have permissions instead.

    def extract_uid(self, data: dict[str, Any]) -> str:
        # The numbers of one server are other people's on the next.
        return f"{default_server().name}:{int(data['id'])}"

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"login": data.get("login")}


class _OidcFlow(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """The code flow of OpenID Connect; the ID token is checked whatever it came by."""

    @property
    def openid_config(self) -> dict[str, Any]:
        found = super().openid_config
        if not isinstance(found, dict) or not all(
            isinstance(found.get(name), str) for name in _ENDPOINTS
        ):
            raise OAuth2Error("The discovery document lacks an address.")
        # https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
        if str(found.get("issuer", "")).rstrip("/") != self.get_provider().issuer:
            raise OAuth2Error("The discovery document is of another issuer.")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return f"{settings.DEXXY_BASE_URL}{_path('oidc_callback')}"

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **more: Any
    ) -> SocialLogin:
        """Take what the ID token says, and what the provider tells about the same person."""
        id_token = more["response"].get("id_token")
        if not isinstance(id_token, str):
            raise OAuth2Error("There is no ID token.")
        claims = self._decode_id_token(app, id_token)
        told = self._fetch_user_info(token.token)
        # https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
        if not isinstance(told, dict) or not claims.get("sub") or told.get("sub") != claims["sub"]:
            raise OAuth2Error("The ID token is of somebody else.")
        if "\0" in claims["sub"]:
            raise OAuth2Error("The ID token names nobody that could be stored.")
        # https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("The ID token is for another client.")
        person = {**claims, **told}
        if not isinstance(person.get("email") or "", str):
            raise OAuth2Error("The address is no text.")
        if "email_verified" not in person and _is_of_domain_owner(claims, person):
            person["email_verified"] = True
        return self.get_provider().sociallogin_from_response(request, {"userinfo": person})

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        self.did_fetch_access_token = False  # which would let the signature be
        return dict(super()._decode_id_token(app, id_token))


def _is_of_domain_owner(claims: dict[str, Any], person: dict[str, Any]) -> bool:
    """Say whether a signed ID token proves the address of PERSON in the way of Entra ID.

    It sends no `email_verified`, but `xms_edov` where that is asked for: whoever owns the domain
    of the address has proven that to Microsoft, and has the person in their directory. It is
    written as `true` or as text.
    https://learn.microsoft.com/en-us/entra/identity-platform/optional-claims-reference
    """
    is_owner = claims.get("xms_edov") in (True, "1", "true")
    return is_owner and bool(claims.get("email")) and claims["email"] == person.get("email")


class OidcAccounts(_AsWritten, OpenIDConnectProvider):  # type: ignore[misc]
    """Signing in by the OpenID Connect provider of the settings."""

    oauth2_adapter_class = _OidcFlow
    pkce_enabled_default = True

    @property
    def issuer(self) -> str:
        """Its address, without a slash at the end."""
        return str(self.app.settings["server_url"])

    def extract_uid(self, data: dict[str, Any]) -> str:
        # The same name at another issuer is somebody else.
        issuer = sha256(self.issuer.encode()).hexdigest()[:16]
        uid = str(super().extract_uid(data))
        return f"{issuer}:{uid if len(uid) <= 150 else sha256(uid.encode()).hexdigest()}"

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        return {}


def _path(name: str) -> str:
    # DEXXY_BASE_URL has the path below which everything is.
    return reverse(name).removeprefix((settings.FORCE_SCRIPT_NAME or "").rstrip("/"))


for provider in (GitHubAccounts, OidcAccounts):
    registry.register(provider)
