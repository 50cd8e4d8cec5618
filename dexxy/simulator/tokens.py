"""Tokens and what GitHub counts their requests against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from dexxy.simulator.model import Actor, Repository

# Shaped like a classic personal access token, and no secret: the simulator's demo gives it away.
DEMO_TOKEN: Final = "ghp_SimulatorDemoTokenNotASecret00000000"  # noqa: S105
Resource = Literal["core", "graphql"]
# https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
LIMITS: Final[dict[Resource, int]] = {"core": 5000, "graphql": 5000}
UNAUTHENTICATED_LIMIT: Final = 60
WINDOW: Final = timedelta(hours=1)


@dataclass(eq=False, kw_only=True)
class Token:
    """A token: who owns it, until when, and which repositories it reads.

    `repository_ids` of None means whatever its owner reads. All tokens of one user share that
    user's `budget`.
    """

    value: str
    owner: Actor
    expires_at: datetime | None = None
    repository_ids: frozenset[int] | None = None

    @property
    def budget(self) -> str:
        """The key of what its requests are counted against."""
        return f"user/{self.owner.database_id}"

    def reads(self, repository: Repository) -> bool:
        """Tell whether it may read a repository; a public one anybody may."""
        if not repository.is_private:
            return True
        if self.repository_ids is not None and repository.database_id not in self.repository_ids:
            return False
        return self.owner is repository.owner or self.owner in repository.collaborators


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
