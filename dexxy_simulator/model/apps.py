"""GitHub Apps and their installations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from dexxy_simulator.model.actors import Actor
from dexxy_simulator.model.base import Node
from dexxy_simulator.model.repositories import Repository

Permissions = Mapping[str, str]
LEVELS: Final = ("read", "write", "admin")
# https://docs.github.com/webhooks/webhook-events-and-payloads: what an event needs at least.
EVENT_PERMISSIONS: Final = {
    "discussion": "discussions",
    "discussion_comment": "discussions",
    "fork": "contents",
    "issue_comment": "issues",
    "issues": "issues",
    "label": "metadata",
    "member": "members",
    "membership": "members",
    "milestone": "issues",
    "organization": "members",
    "public": "metadata",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
    "release": "contents",
    "repository": "metadata",
    "star": "metadata",
    "sub_issues": "issues",
    "watch": "metadata",
}
# Every App gets these and cannot unsubscribe.
DEFAULT_EVENTS: Final = frozenset(
    {
        "github_app_authorization",
        "installation",
        "installation_repositories",
        "installation_target",
        "ping",
    }
)


def grants(permissions: Permissions, name: str, level: str = "read") -> bool:
    """Tell whether permissions include one, at this level or a higher one."""
    held = permissions.get(name)
    return held is not None and LEVELS.index(held) >= LEVELS.index(level)


@dataclass(eq=False, kw_only=True)
class Hook:
    """Where an App's webhooks go; `secret` signs them."""

    database_id: int
    url: str = ""
    is_active: bool = False
    secret: str | None = None
    content_type: str = "json"
    insecure_ssl: str = "0"


@dataclass(eq=False, kw_only=True)
class App(Node):
    """A registered GitHub App. `bot` is the account that acts for its installations."""

    typename: ClassVar[str] = "App"
    slug: str
    name: str
    owner: Actor
    bot: Actor
    client_id: str
    client_secret: str
    private_key: RSAPrivateKey
    hook: Hook
    external_url: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    callback_urls: list[str] = field(default_factory=list)
    setup_url: str = ""
    setup_on_update: bool = False
    request_oauth_on_install: bool = False
    is_public: bool = False
    permissions: Permissions = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    installations: dict[int, Installation] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"/apps/{self.slug}"

    def on(self, account: Actor) -> Installation | None:
        """Return its installation on an account, if there is one."""
        found = (one for one in self.installations.values() if one.account is account)
        return next(found, None)


@dataclass(eq=False, kw_only=True)
class Installation:
    """An App on an account. `repository_ids` of None means all of the account's repositories.

    `permissions` and `events` are those that the account has accepted. A suspension ends by the
    side that began it, its account's or the App's.
    """

    database_id: int
    app: App
    account: Actor
    permissions: Permissions
    events: list[str]
    created_at: datetime
    updated_at: datetime
    repository_ids: set[int] | None = None
    suspended_at: datetime | None = None
    suspended_by: Actor | None = None
    is_suspended_by_app: bool = False

    @property
    def repository_selection(self) -> str:
        """Whether it covers all repositories or selected ones."""
        return "all" if self.repository_ids is None else "selected"

    @property
    def path(self) -> str:
        """Its page of settings, below the server's root."""
        if self.account.kind == "Organization":
            return f"/organizations/{self.account.login}/settings/installations/{self.database_id}"
        return f"/settings/installations/{self.database_id}"

    def covers(self, repository: Repository) -> bool:
        """Tell whether a repository is among those that it was installed on."""
        if repository.owner is not self.account:
            return False
        return self.repository_ids is None or repository.database_id in self.repository_ids


@dataclass(eq=False, kw_only=True)
class InstallationRequest:
    """A member's request that an organisation's owner install an App."""

    database_id: int
    app: App
    account: Actor
    requester: Actor
    created_at: datetime
