"""The state of the simulated GitHub: accounts, repositories, tokens, one clock and one lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, TypeVar

from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.happening import EVENTS, Happening
from dexxy_simulator.ids import IdSequence, legacy_node_id, node_id
from dexxy_simulator.model import (
    Actor,
    ActorKind,
    App,
    InstallationRequest,
    IssueType,
    Node,
    Post,
    Repository,
)
from dexxy_simulator.tokens import (
    LIMITS,
    UNAUTHENTICATED_LIMIT,
    WINDOW,
    Bucket,
    ComputeBudget,
    Grant,
    InstallationToken,
    Resource,
    Token,
    raised,
)

NodeT = TypeVar("NodeT", bound=Node)


def system_clock() -> datetime:
    """Tell the real time."""
    return datetime.now(UTC)


class WorldState:
    """What exists, and how to find it. Whoever reads or changes it holds `lock`.

    `clock` is called for every time that is written down, and can be replaced. So can `dialect`,
    which decides wherever nobody knows how GitHub behaves.
    """

    def __init__(
        self, clock: Callable[[], datetime] = system_clock, dialect: Dialect = USUAL
    ) -> None:
        self.clock = clock
        self.dialect = dialect
        self.lock = RLock()
        self.ids = IdSequence()
        self.nodes: dict[str, Node] = {}
        # What vanished with its author and may return: the posts of each, and all nodes in them.
        self.hidden: dict[int, list[Post]] = {}
        self.out_of_sight: dict[str, Node] = {}
        self._legacy_ids: dict[str, str] = {}
        self.actors: dict[int, Actor] = {}
        self.repositories: dict[int, Repository] = {}
        # The types of issues of each organization, by their names.
        self.issue_types: dict[int, dict[str, IssueType]] = {}
        self.former_names: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.apps: dict[int, App] = {}
        self.installation_requests: dict[int, InstallationRequest] = {}
        # Codes that are not used yet, and who has authorised which App.
        self.manifest_codes: dict[str, tuple[App, datetime]] = {}
        self.grants: dict[str, Grant] = {}
        self.authorized: set[tuple[int, int]] = set()
        # How long some servers do not know a new installation token yet.
        self.token_lag = timedelta(0)
        # Listeners that are called for everything that happens, while it happens.
        self.listeners: list[Callable[[Happening], None]] = []
        self.limits = dict(LIMITS)
        self.unauthenticated_limit = UNAUTHENTICATED_LIMIT
        # What a query may cost besides its points; None is no limit.
        self.compute_budget: ComputeBudget | None = None
        self._buckets: dict[tuple[str, Resource], Bucket] = {}

    def happened(
        self,
        action: str | None,
        subject: Any,
        sender: Actor | None,
        event: str | None = None,
        **details: Any,
    ) -> None:
        """Tell the listeners of something, which GitHub names by what it happened to.

        Args:
            sender: who did it; without one, its author or the owner.
            event: the name of the event, where the kind of the subject does not tell it.
        """
        if not self.listeners:
            return
        author: Actor | None = sender or getattr(subject, "author", None)
        if author is None:
            place = getattr(subject, "repository", None)
            author = place.owner if isinstance(place, Repository) else subject.account
        told = Happening(event or EVENTS[type(subject)], action, subject, author, details)
        for listener in self.listeners:
            listener(told)

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Keep silent about everything that happens inside: no listener is called."""
        with self.lock:
            listeners, self.listeners = self.listeners, []
            try:
                yield
            finally:
                self.listeners = listeners

    def now(self) -> datetime:
        """Tell the world's time; GitHub's has whole seconds."""
        return self.clock().astimezone(UTC).replace(microsecond=0)

    def register(self, node: NodeT) -> NodeT:
        """Make an object findable by its node id."""
        self.nodes[node.node_id] = node
        if isinstance(node, Actor):
            self.actors[node.database_id] = node
        elif isinstance(node, Repository):
            self.repositories[node.database_id] = node
        return node

    def app(self, name: str) -> App | None:
        """Find an App by its client id, its id or its slug."""
        for app in self.apps.values():
            if name in (app.client_id, str(app.database_id), app.slug):
                return app
        return None

    def find(self, any_id: str) -> Node | None:
        """Find what exists by its node id, in whichever format it was shown."""
        return self.nodes.get(self._legacy_ids.get(any_id, any_id))

    def legacy_id(self, node: Node) -> str:
        """Write a node id in the old format, and know it from then on."""
        legacy = legacy_node_id(node.typename, node.database_id)
        self._legacy_ids[legacy] = node.node_id
        return legacy

    def actor(self, login: str) -> Actor | None:
        """Find an account by its login, as GraphQL or as REST writes it, in any case."""
        wanted = login.lower()
        for actor in self.actors.values():
            if wanted in (actor.login.lower(), actor.rest_login.lower()):
                return actor
        return None

    def repository(self, full_name: str, *, follow_renames: bool = True) -> Repository | None:
        """Find a repository by its present name or, unless told not to, by a former one."""
        wanted = full_name.lower()
        for repository in self.repositories.values():
            if repository.name_with_owner.lower() == wanted:
                return repository
        return self.former_names.get(wanted) if follow_renames else None

    def token(self, value: str) -> Token | None:
        """Find a token that exists and has not expired."""
        token = self.tokens.get(value)
        if token is None or (token.expires_at is not None and token.expires_at <= self.now()):
            return None
        return token

    def scopes_of(self, token: Token | None) -> frozenset[str] | None:
        """Return the scopes of a token; None where it has none by its kind, or nothing is told."""
        if token is None or not token.is_classic:
            return None
        return self.dialect.granted_scopes if token.scopes is None else token.scopes

    def bucket(self, token: Token | None, resource: Resource) -> Bucket:
        """Return the rate limit that applies now; without a token, that of strangers."""
        key = ("anonymous" if token is None else token.budget, resource)
        bucket = self._buckets.get(key)
        if bucket is None or bucket.reset_at <= self.now():
            bucket = self._buckets[key] = Bucket(self._limit(token, resource), self.now() + WINDOW)
        return bucket

    def _limit(self, token: Token | None, resource: Resource) -> int:
        if token is None:
            return self.unauthenticated_limit
        if not isinstance(token, InstallationToken):
            return self.limits[resource]
        covered = sum(map(token.installation.covers, self.repositories.values()))
        return raised(self.limits[resource], covered)

    def add_token(self, value: str, owner: Actor, **fields: Any) -> Token:
        """Add a token; `fields` are the other fields of `Token`."""
        with self.lock:
            token = self.tokens[value] = Token(value=value, owner=owner, **fields)
            return token

    def add_actor(self, login: str, kind: ActorKind = "User", **fields: Any) -> Actor:
        """Add an account; `fields` are the other fields of `Actor`."""
        with self.lock:
            number = fields.pop("database_id", None) or self.ids.next("Actor")
            fields.setdefault("avatar_url", f"https://avatars.githubusercontent.com/u/{number}?v=4")
            fields.setdefault("node_id", node_id(kind, number))
            times = {"created_at": self.now(), "updated_at": self.now()}
            return self.register(
                Actor(login=login, kind=kind, database_id=number, **{**times, **fields})
            )

    def add_repository(self, owner: Actor, name: str, **fields: Any) -> Repository:
        """Add a repository; `fields` are the other fields of `Repository`."""
        with self.lock:
            number = fields.pop("database_id", None) or self.ids.next("Repository")
            fields.setdefault("node_id", node_id("Repository", number))
            times = {"created_at": self.now(), "updated_at": self.now()}
            repository = self.register(
                Repository(owner=owner, name=name, database_id=number, **{**times, **fields})
            )
            self.happened("created", repository, owner)
            return repository
