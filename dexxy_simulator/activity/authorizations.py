"""Tokens that Apps get: for an installation, and for a user who authorised them."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta
from typing import Final

from dexxy_simulator.activity.base import activity
from dexxy_simulator.activity.installations import InstallationActivity
from dexxy_simulator.model import Actor, App, Installation
from dexxy_simulator.model.apps import Permissions
from dexxy_simulator.tokens import Grant, InstallationToken, UserToken

INSTALLATION_TOKEN_LIFE: Final = timedelta(hours=1)
# https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens
USER_TOKEN_LIFE: Final = timedelta(seconds=28_800)
REFRESH_TOKEN_LIFE: Final = timedelta(seconds=15_811_200)
CODE_LIFE: Final = timedelta(minutes=10)
MANIFEST_CODE_LIFE: Final = timedelta(hours=1)


class AuthorizationActivity(InstallationActivity):
    """Making, refreshing and revoking of the tokens of Apps."""

    @activity
    def mint(
        self,
        installation: Installation,
        permissions: Permissions | None = None,
        repository_ids: frozenset[int] | None = None,
        *,
        stateless: bool | None = None,
    ) -> InstallationToken:
        """Make a token for an installation, narrowed to permissions and repositories if given."""
        if stateless is None:
            stateless = self.dialect.stateless_tokens
        token = InstallationToken(
            value=_stateless(installation.app) if stateless else f"ghs_{secrets.token_hex(18)}",
            owner=installation.app.bot,
            installation=installation,
            permissions=dict(installation.permissions if permissions is None else permissions),
            is_narrowed=permissions is not None,
            repository_ids=repository_ids,
            created_at=self.now(),
            expires_at=self.now() + INSTALLATION_TOKEN_LIFE,
        )
        self.tokens[token.value] = token
        return token

    @activity
    def grant(
        self,
        app: App,
        user: Actor,
        redirect_uri: str | None = None,
        challenge: str | None = None,
    ) -> str:
        """Authorise an App as a user; return the code that the App exchanges."""
        self.authorized.add((app.database_id, user.database_id))
        code = secrets.token_hex(10)
        self.grants[code] = Grant(app, user, redirect_uri, challenge, self.now() + CODE_LIFE)
        return code

    @activity
    def redeem(self, code: str, app: App) -> Grant | None:
        """Use up a code; returns what it stood for, unless it is of another App or too old."""
        found = self.grants.pop(code, None)
        return found if found and found.app is app and found.expires_at > self.now() else None

    @activity
    def user_token(self, app: App, user: Actor) -> UserToken:
        """Make a token by which an App acts for a user, and one to refresh it."""
        token = UserToken(
            value=f"ghu_{secrets.token_hex(18)}",
            owner=user,
            app=app,
            created_at=self.now(),
            expires_at=self.now() + USER_TOKEN_LIFE,
            refresh_token=f"ghr_{secrets.token_hex(38)}",
            refresh_expires_at=self.now() + REFRESH_TOKEN_LIFE,
        )
        self.tokens[token.value] = token
        return token

    @activity
    def refresh(self, app: App, refresh_token: str) -> UserToken | None:
        """Exchange a refresh token: both old tokens stop working at once."""
        for key, token in self.tokens.items():
            if not isinstance(token, UserToken) or token.app is not app:
                continue
            if token.refresh_token == refresh_token and token.refresh_expires_at > self.now():
                del self.tokens[key]
                return self.user_token(app, token.owner)
        return None

    @activity
    def revoke_authorization(self, app: App, user: Actor) -> None:
        """Revoke a user's authorisation of an App, and with it all its tokens for them."""
        self.authorized.discard((app.database_id, user.database_id))
        self.happened("revoked", app, user)
        self.revoke_tokens(
            key
            for key, token in self.tokens.items()
            if isinstance(token, UserToken) and token.app is app and token.owner is user
        )

    @activity
    def manifest_code(self, app: App) -> str:
        """Make the code by which somebody who registered an App gets its secrets, once."""
        code = secrets.token_hex(20)
        self.manifest_codes[code] = app, self.now() + MANIFEST_CODE_LIFE
        return code

    @activity
    def convert(self, code: str) -> App | None:
        """Use up the code of a registration; returns the App unless the hour is over."""
        app, expires_at = self.manifest_codes.pop(code, (None, self.now()))
        return app if expires_at > self.now() else None


def answers(challenge: str, verifier: str) -> bool:
    """Tell whether a verifier answers a challenge: https://www.rfc-editor.org/rfc/rfc7636"""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge


def _stateless(app: App) -> str:
    """Make a token in the format of 2026: about 520 characters, with dots and underscores."""
    parts = (secrets.token_urlsafe(size) for size in (15, 105, 256))
    return f"ghs_{app.database_id}_{'.'.join(parts)}"
