"""Tokens and what GitHub counts their requests against."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal

from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.model.apps import Permissions, grants

# Shaped like a classic personal access token, and no secret: the simulator's demo gives it away.
DEMO_TOKEN: Final = "ghp_SimulatorDemoTokenNotASecret00000000"  # noqa: S105  # pragma: allowlist secret
Resource = Literal["core", "graphql"]
# https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
LIMITS: Final[dict[Resource, int]] = {"core": 5000, "graphql": 5000}
UNAUTHENTICATED_LIMIT: Final = 60
WINDOW: Final = timedelta(hours=1)
# The scopes of classic tokens that are in other ones.
# https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
IN_SCOPES: Final = {
    "repo": ("public_repo",),
    "user": ("read:user", "user:email"),
    "admin:org": ("write:org", "read:org"),
    "write:org": ("read:org",),
    "write:discussion": ("read:discussion",),
}
MANY_REPOSITORIES: Final = 20
HIGHEST_LIMIT: Final = 12_500


def covered(wanted: Collection[str], granted: Collection[str]) -> bool:
    """Tell whether one of the wanted scopes is granted, by itself or in another one."""
    return any(
        one in wanted or not set(IN_SCOPES.get(one, ())).isdisjoint(wanted) for one in granted
    )


def raised(limit: int, repositories: int) -> int:
    """Return an installation's hourly limit: 50 more for each repository beyond 20."""
    more = 50 * max(0, repositories - MANY_REPOSITORIES)
    return max(limit, min(limit + more, HIGHEST_LIMIT))


@dataclass(eq=False, kw_only=True)
class Token:
    """A personal access token: who owns it, until when, and which repositories it reads.

    `repository_ids` of None means whatever its owner reads. `sso_ids` are the organisations for
    which it is authorised by single sign-on. All tokens of one user share that user's `budget`.
    `scopes` are those of a classic one; None leaves them to the dialect. A fine-grained one has
    none, and may lack the permissions in `denied`.
    """

    value: str
    owner: Actor
    expires_at: datetime | None = None
    repository_ids: frozenset[int] | None = None
    created_at: datetime | None = None
    sso_ids: set[int] = field(default_factory=set)
    scopes: frozenset[str] | None = None
    denied: frozenset[str] = frozenset()
    is_user: ClassVar[bool] = True

    @property
    def budget(self) -> str:
        """The key of what its requests are counted against."""
        return f"user/{self.owner.database_id}"

    @property
    def is_classic(self) -> bool:
        """Whether it is a personal one that has scopes."""
        return type(self) is Token and self.value.startswith("ghp_")

    @property
    def budgeted(self) -> str:
        """Whose budget that is, as GitHub's refusals name it."""
        return self.budget.replace("/", " ID ")

    def reads(self, repository: Repository) -> bool:
        """Tell whether it may see a repository; a public one anybody may."""
        if not repository.is_private:
            return True
        if self.repository_ids is not None and repository.database_id not in self.repository_ids:
            return False
        if self.scopes is not None and "repo" not in self.scopes:
            return False
        return repository.is_worked_on_by(self.owner)

    def permits(self, permission: str, repository: Repository) -> bool:
        """Tell whether it has a permission to read something in a repository."""
        return permission not in self.denied


@dataclass(eq=False, kw_only=True)
class AppToken(Token):
    """The proof, a JWT, by which an App speaks for itself: it reads nothing but public data."""

    app: App
    is_user: ClassVar[bool] = False

    @property
    def budget(self) -> str:
        """The key of what its requests are counted against."""
        return f"app/{self.app.database_id}"

    def reads(self, repository: Repository) -> bool:
        """Tell whether it may see a repository."""
        return not repository.is_private

    def permits(self, permission: str, repository: Repository) -> bool:
        """Tell whether it has an App's permission to read something in a repository."""
        return False


@dataclass(eq=False, kw_only=True)
class InstallationToken(Token):
    """The token by which an App works on an account. Its owner is the App's bot.

    https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation

    Args:
        is_narrowed: it was made for a part of the permissions.
    """

    installation: Installation
    permissions: Permissions
    is_narrowed: bool = False
    is_user: ClassVar[bool] = False

    @property
    def budget(self) -> str:
        """The key of what its requests are counted against."""
        return f"installation/{self.installation.database_id}"

    def covers(self, repository: Repository) -> bool:
        """Tell whether a repository is among those that it was made for."""
        narrowed = self.repository_ids
        if narrowed is not None and repository.database_id not in narrowed:
            return False
        return self.installation.covers(repository)

    def reads(self, repository: Repository) -> bool:
        """Tell whether it may see a repository; a public one anybody may."""
        return not repository.is_private or self.covers(repository)

    def permits(self, permission: str, repository: Repository) -> bool:
        """Tell whether it has an App's permission to read something in a repository."""
        return self.covers(repository) and grants(self.permissions, permission)


@dataclass(eq=False, kw_only=True)
class UserToken(Token):
    """The token by which an App acts for a user: it can what both can.

    https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
    """

    app: App
    refresh_token: str
    refresh_expires_at: datetime

    def covering(self, repository: Repository) -> Installation | None:
        """Return the installation of its App that covers a repository."""
        installation = self.app.on(repository.owner)
        if installation is None or installation.suspended_at:
            return None
        return installation if installation.covers(repository) else None

    def reads(self, repository: Repository) -> bool:
        """Tell whether it may see a repository; a public one anybody may."""
        if not repository.is_private:
            return True
        return repository.is_worked_on_by(self.owner) and self.covering(repository) is not None

    def permits(self, permission: str, repository: Repository) -> bool:
        """Tell whether it has an App's permission to read something in a repository."""
        installation = self.covering(repository)
        return installation is not None and grants(installation.permissions, permission)


@dataclass(frozen=True)
class Grant:
    """What an authorization code stands for, until it is used; `challenge` is PKCE's."""

    app: App
    user: Actor
    redirect_uri: str | None
    challenge: str | None
    expires_at: datetime


@dataclass
class Bucket:
    """What is left of one hour's requests or points."""

    limit: int
    reset_at: datetime
    used: int = 0

    @property
    def remaining(self) -> int:
        """What is left until `reset_at`."""
        return max(0, self.limit - self.used)

    def spend(self, amount: int) -> None:
        """Count a request of this cost."""
        self.used = min(self.limit, self.used + amount)


@dataclass(frozen=True)
class ComputeBudget:
    """What one query may cost GitHub's servers.

    Args:
        weight: how many objects its answer may have.
        points: what one that is too heavy takes from the hour's points, besides its own.
        seconds: how long one that is too heavy takes; a lighter one takes its share of that.
    """

    weight: int
    points: int = 10
    seconds: float = 0.0
