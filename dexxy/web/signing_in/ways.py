"""Where people can sign in beside here: GitHub, by the App, and a provider of OpenID Connect.

The password, links by mail and passkeys are ways of our own: `templates/account/login.html`.
"""

from dataclasses import dataclass

from allauth.socialaccount.models import SocialApp
from django.conf import settings

from dexxy.common.crypto import UndecryptableSecretError
from dexxy.integrations.services.github.access.app import NoAppError, app_current


@dataclass(frozen=True)
class Way:
    """Another place to sign in: what its button says, and the name of its address."""

    name: str
    url_name: str


def ways() -> list[Way]:
    """Return where people can sign in beside here."""
    names = {"github": "github_login", "openid_connect": "oidc_login"}
    return [Way(app.name, names[app.provider]) for app in apps_of_ways()]


def apps_of_ways() -> list[SocialApp]:
    """Return them as allauth knows them, with their secrets."""
    return [*_github(), *_oidc()]


def _github() -> list[SocialApp]:
    if not settings.DEXXY_SIGN_IN_GITHUB:
        return []
    try:
        app = app_current()
    except (NoAppError, UndecryptableSecretError):
        return []  # The doctor says so.
    return [
        SocialApp(
            provider="github",
            provider_id="github",
            name="GitHub",
            client_id=app.client_id,
            secret=app.client_secret.read(),
        )
    ]


def _oidc() -> list[SocialApp]:
    given = settings.DEXXY_OIDC
    if given is None:
        return []
    return [
        SocialApp(
            provider="openid_connect",
            provider_id="oidc",
            name=given.name,
            client_id=given.client_id,
            secret=given.client_secret,
            settings={"server_url": given.issuer},
        )
    ]
