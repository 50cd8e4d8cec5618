"""Accounts: people, bots, organisations and the placeholders that imports leave behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from dexxy_simulator.model.base import Node

ActorKind = Literal["User", "Bot", "Mannequin", "Organization", "EnterpriseUserAccount"]
OrganizationRole = Literal["admin", "member"]


@dataclass(eq=False, kw_only=True)
class Actor(Node):
    """One account. A bot's `login` is that of its App, without the `[bot]` of the REST API.

    Webhooks, and REST's comments on diffs, call it by its `alias`, if it has one.

    `members` of an organisation have a role in it, and read its repositories; the world sees those
    of them alone who are `public_members`, too. Who is `invited` is none yet. It may want them to
    authorise their tokens by single sign-on, and have no address on its list of those allowed that
    the requests come from. `emails` says of each address of a user whether it is verified, the
    primary one first.
    """

    login: str
    created_at: datetime
    updated_at: datetime
    kind: ActorKind = "User"
    avatar_url: str = ""
    alias: str = ""
    name: str | None = None
    company: str | None = None
    blog: str = ""
    location: str | None = None
    public_email: str | None = None
    emails: dict[str, bool] = field(default_factory=dict)
    bio: str | None = None
    twitter_username: str | None = None
    hireable: bool | None = None
    site_admin: bool = False
    public_repos: int = 0
    public_gists: int = 0
    followers: int = 0
    following: int = 0
    members: dict[Actor, OrganizationRole] = field(default_factory=dict)
    public_members: set[Actor] = field(default_factory=set)
    invited: dict[Actor, OrganizationRole] = field(default_factory=dict)
    requires_sso: bool = False
    allows_address: bool = True

    def owns(self, account: Actor) -> bool:
        """Tell whether an account is this user, or an organisation that they administer."""
        return account is self or account.members.get(self) == "admin"

    @property
    def typename(self) -> str:  # type: ignore[override]
        """The GraphQL type, which for actors depends on the account."""
        return self.kind

    @property
    def is_numbered(self) -> bool:
        """Whether GraphQL shows its number: an enterprise's account has none there."""
        return self.kind != "EnterpriseUserAccount"

    @property
    def rest_login(self) -> str:
        """The login as the REST API writes it."""
        return f"{self.login}[bot]" if self.kind == "Bot" else self.login

    @property
    def path(self) -> str:
        """The account's page, below the server's root."""
        return f"/apps/{self.login}" if self.kind == "Bot" else f"/{self.login}"

    @property
    def email(self) -> str:
        """The public e-mail address; GraphQL shows an empty one where REST shows null."""
        return self.public_email or ""

    @property
    def website_url(self) -> str | None:
        """The profile's link; GraphQL shows null where REST shows an empty one."""
        return self.blog or None

    @property
    def description(self) -> str | None:
        """What an organisation calls its profile text."""
        return self.bio

    @property
    def is_site_admin(self) -> bool:
        """Whether the account belongs to GitHub's staff."""
        return self.site_admin

    @property
    def user(self) -> Actor | None:
        """The user behind an enterprise's account, which the simulator does not link."""
        return None


@dataclass(eq=False, kw_only=True)
class Team(Node):
    """A team of an organisation, which can be asked for a review as a person can."""

    typename: ClassVar[str] = "Team"
    organization: Actor
    name: str
    slug: str

    @property
    def combined_slug(self) -> str:
        """Its name beside that of its organisation."""
        return f"{self.organization.login}/{self.slug}"

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"/orgs/{self.organization.login}/teams/{self.slug}"
