"""Registering GitHub Apps."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from dexxy_simulator.activity.base import Activity, activity
from dexxy_simulator.ids import node_id
from dexxy_simulator.model import Actor, App, Hook
from dexxy_simulator.model.apps import Permissions

MANIFEST_FIELDS: Final = ("description", "setup_url", "setup_on_update", "request_oauth_on_install")


class AppActivity(Activity):
    """What owners of GitHub Apps do."""

    @activity
    def register_app(
        self, owner: Actor, manifest: Mapping[str, Any], key: RSAPrivateKey | None = None
    ) -> App:
        """Register an App as its manifest says; its secrets are new, and its key unless given.

        https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
        """
        number, slug = self.ids.next("App"), slug_of(manifest["name"])
        permissions = {"metadata": "read", **manifest.get("default_permissions", {})}
        app = App(
            database_id=number,
            node_id=node_id("App", number),
            slug=slug,
            name=manifest["name"],
            owner=owner,
            bot=self.add_actor(slug, "Bot"),
            client_id=f"Iv23li{secrets.token_hex(7)}",
            client_secret=secrets.token_hex(20),
            private_key=key or generate_private_key(public_exponent=65537, key_size=2048),
            hook=self._hook(manifest.get("hook_attributes")),
            external_url=manifest["url"],
            created_at=self.now(),
            updated_at=self.now(),
            callback_urls=list(manifest.get("callback_urls", ())),
            is_public=bool(manifest.get("public", False)),
            permissions=permissions,
            events=sorted(manifest.get("default_events", ())),
            **{name: manifest[name] for name in MANIFEST_FIELDS if name in manifest},
        )
        self.apps[number] = self.register(app)
        self.happened(None, app, owner, event="ping")
        return app

    @activity
    def change_app(
        self, app: App, *, permissions: Permissions | None = None, events: Collection[str] = ()
    ) -> None:
        """Ask for other permissions or events; each account has to accept new permissions."""
        app.permissions = {"metadata": "read", **(permissions or app.permissions)}
        app.events = sorted(events or app.events)
        app.updated_at = self.now()

    def revoke_tokens(self, values: Iterable[str]) -> None:
        """Revoke tokens."""
        for value in list(values):
            self.tokens.pop(value, None)

    def _hook(self, attributes: Mapping[str, Any] | None) -> Hook:
        number = self.ids.next("Hook")
        if not attributes:
            return Hook(database_id=number)
        return Hook(
            database_id=number,
            url=attributes["url"],
            is_active=bool(attributes.get("active", True)),
            secret=secrets.token_hex(20),
        )


def slug_of(name: str) -> str:
    """Write an App's name as addresses do."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
