"""Registering GitHub Apps, installing them on accounts, and what becomes of that."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from dexxy.simulator.activity.base import Activity, activity
from dexxy.simulator.ids import node_id
from dexxy.simulator.model import (
    Actor,
    App,
    Hook,
    Installation,
    InstallationRequest,
    Repository,
)
from dexxy.simulator.model.apps import Permissions

MANIFEST_FIELDS: Final = ("description", "setup_url", "setup_on_update", "request_oauth_on_install")


class AppActivity(Activity):
    """What people do with GitHub Apps."""

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
    def install(
        self,
        app: App,
        account: Actor,
        repositories: Iterable[Repository] | None = None,
        actor: Actor | None = None,
    ) -> Installation:
        """Install an App on an account: on all of its repositories, or only on these.

        https://docs.github.com/apps/using-github-apps/installing-a-github-app-from-a-third-party
        """
        assert app.on(account) is None, f"{app.slug} is installed on {account.login}"
        installation = Installation(
            database_id=self.ids.next("Installation"),
            app=app,
            account=account,
            permissions=dict(app.permissions),
            events=list(app.events),
            created_at=self.now(),
            updated_at=self.now(),
            repository_ids=None if repositories is None else _ids(repositories),
        )
        app.installations[installation.database_id] = installation
        requester = None
        for key, asked in list(self.installation_requests.items()):
            if asked.app is app and asked.account is account:
                requester = self.installation_requests.pop(key).requester
        covered = self.covered(installation)
        self.happened("created", installation, actor, repositories=covered, requester=requester)
        return installation

    @activity
    def request_installation(
        self, app: App, account: Actor, requester: Actor
    ) -> InstallationRequest:
        """Ask the owners of an organisation to install an App."""
        number = self.ids.next("InstallationRequest")
        request = self.installation_requests[number] = InstallationRequest(
            database_id=number,
            app=app,
            account=account,
            requester=requester,
            created_at=self.now(),
        )
        return request

    @activity
    def select_repositories(
        self,
        installation: Installation,
        repositories: Iterable[Repository] | None,
        actor: Actor | None = None,
    ) -> None:
        """Let an installation cover all repositories of its account, or exactly these."""
        former = self.covered(installation)
        installation.repository_ids = None if repositories is None else _ids(repositories)
        installation.updated_at = self.now()
        covered = self.covered(installation)
        added = [one for one in covered if one not in former]
        removed = [one for one in former if one not in covered]
        self._tell_of_repositories(installation, actor, added=added, removed=removed)

    @activity
    def suspend(
        self, installation: Installation, actor: Actor | None = None, *, by_app: bool = False
    ) -> None:
        """Suspend an installation: neither API nor webhooks until that is undone.

        https://docs.github.com/apps/maintaining-github-apps/suspending-a-github-app-installation
        """
        installation.is_suspended_by_app = by_app
        installation.suspended_at = installation.updated_at = self.now()
        installation.suspended_by = actor or installation.account
        self.happened("suspend", installation, actor)

    @activity
    def unsuspend(self, installation: Installation, actor: Actor | None = None) -> None:
        """Let a suspended installation work again."""
        installation.suspended_at = installation.suspended_by = None
        installation.updated_at = self.now()
        self.happened("unsuspend", installation, actor)

    @activity
    def uninstall(self, installation: Installation, actor: Actor | None = None) -> None:
        """Remove an App from an account: its tokens stop working."""
        del installation.app.installations[installation.database_id]
        self.revoke_tokens(
            key
            for key, token in self.tokens.items()
            if getattr(token, "installation", None) is installation
        )
        covered = self.covered(installation)
        self.happened("deleted", installation, actor, repositories=covered)

    @activity
    def change_app(
        self, app: App, *, permissions: Permissions | None = None, events: Collection[str] = ()
    ) -> None:
        """Ask for other permissions or events; each account has to accept new permissions."""
        app.permissions = {"metadata": "read", **(permissions or app.permissions)}
        app.events = sorted(events or app.events)
        app.updated_at = self.now()

    @activity
    def accept_permissions(self, installation: Installation, actor: Actor | None = None) -> None:
        """Let an account accept what the App asks for now."""
        installation.permissions = dict(installation.app.permissions)
        installation.events = list(installation.app.events)
        installation.updated_at = self.now()
        self.happened("new_permissions_accepted", installation, actor)

    def add_repository(self, owner: Actor, name: str, **fields: Any) -> Repository:
        """Add a repository, which installations on all of its owner's repositories cover."""
        with self.lock:
            repository = super().add_repository(owner, name, **fields)
            self.join(repository)
            return repository

    def covered(self, installation: Installation) -> list[Repository]:
        """Return the repositories that an installation covers."""
        return [one for one in self.repositories.values() if installation.covers(one)]

    def covering(self, repository: Repository) -> list[Installation]:
        """Return the installations that cover a repository."""
        found = (app.on(repository.owner) for app in self.apps.values())
        return [one for one in found if one is not None and one.covers(repository)]

    def join(self, repository: Repository) -> None:
        """Tell the installations on all repositories of an owner that one has come."""
        if self.dialect.new_repositories_are_announced:
            for installation in self.covering(repository):
                if installation.repository_ids is None:
                    self._tell_of_repositories(installation, None, added=[repository])

    def lose(self, installation: Installation, repository: Repository) -> None:
        """Tell an installation that a repository is gone, which was among its own."""
        if installation.repository_ids is not None:
            installation.repository_ids.discard(repository.database_id)
        self._tell_of_repositories(installation, None, removed=[repository])

    def _tell_of_repositories(
        self,
        installation: Installation,
        actor: Actor | None,
        *,
        added: Collection[Repository] = (),
        removed: Collection[Repository] = (),
    ) -> None:
        for action, changed in (("added", added), ("removed", removed)):
            if changed:
                event, details = "installation_repositories", {action: list(changed)}
                self.happened(action, installation, actor, event=event, **details)

    def revoke_tokens(self, values: Iterable[str]) -> None:
        """Let tokens stop working."""
        for value in list(values):
            self.tokens.pop(value, None)

    def installation(self, number: int) -> Installation | None:
        """Find an installation of any App."""
        found = (app.installations.get(number) for app in self.apps.values())
        return next((one for one in found if one is not None), None)

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


def _ids(repositories: Iterable[Repository]) -> set[int]:
    return {one.database_id for one in repositories}
