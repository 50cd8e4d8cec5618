"""Installing GitHub Apps on accounts, and what becomes of that."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from dexxy_simulator.activity.apps import AppActivity
from dexxy_simulator.activity.base import activity
from dexxy_simulator.model import Actor, App, Installation, InstallationRequest, Repository


class InstallationActivity(AppActivity):
    """What owners of accounts do with GitHub Apps."""

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
        """Set which repositories an installation covers: all of its account, or exactly these."""
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
        """Unsuspend an installation."""
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
    def accept_permissions(self, installation: Installation, actor: Actor | None = None) -> None:
        """Accept, as the account, the permissions that the App asks for now."""
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

    def installation(self, number: int) -> Installation | None:
        """Find an installation of any App."""
        found = (app.installations.get(number) for app in self.apps.values())
        return next((one for one in found if one is not None), None)

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


def _ids(repositories: Iterable[Repository]) -> set[int]:
    return {one.database_id for one in repositories}
