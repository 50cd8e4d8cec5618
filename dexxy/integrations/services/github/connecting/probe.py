"""Measure on the real GitHub what no document says: page sizes, time-outs, refusals, permissions.

What is measured holds nothing private, so that it can be attached to a report: no token, no text
that anybody wrote, no account; and the repository's name only where everybody can see it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dexxy import __version__
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.fragments import RATE_LIMIT
from dexxy.integrations.services.github.api.queries import (
    THREAD_TYPES,
    list_document,
    people_document,
)
from dexxy.integrations.services.github.api.server import GitHubServer, default_server
from dexxy.integrations.services.github.connecting.asking import (
    ANSWERED,
    Asker,
    PointsSpentError,
    Reply,
)
from dexxy.integrations.services.github.connecting.by_token import (
    checked_name,
    checked_token,
    repository_described,
)
from dexxy.messages.models import ThreadKind

# How many threads are asked for, one size after the other, until one is too many.
LADDER = (10, 25, 50, 100)
# The newest first: these are what people talk about, so the heaviest.
_ORDER = {"field": "UPDATED_AT", "direction": "DESC"}
_KINDS_OF_TOKENS = {
    "ghp_": "classic",
    "github_pat_": "fine-grained",
    "gho_": "OAuth",
    "ghu_": "user of an App",
    "ghs_": "installation of an App",
}
# By what a person calls them: fields that not every token, server or repository shows.
_FIELDS = {
    "stars and forks": "stargazerCount forkCount",
    "releases": "releases(first: 1) { nodes { isDraft } }",
    "authors of commits": (
        "pullRequests(states: MERGED, first: 1) {"
        " nodes { commits(first: 1) { nodes { commit { authors(first: 1) {"
        " nodes { email } } } } } } }"
    ),
}
_LISTS_BY_REST = ("issues", "pulls", "issues/comments", "pulls/comments", "releases")


@dataclass(frozen=True, slots=True)
class PageTried:
    """One page of a list, as Dexxy asks for it.

    Args:
        list: issues, pull_requests or discussions.
        asked: how many threads it could have had.
        came: how many it had; None where no list came.
        outcome: `answered`, `nothing` where the list is null, or the code of an error.
        cost: points that GitHub says it costs.
        taken: points that it took from the hour, a time-out's penalty included.
    """

    list: str
    asked: int
    came: int | None
    outcome: str
    seconds: float
    bytes: int | None
    cost: int | None
    taken: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of the repository, and whether its list is shown.

    Args:
        is_on: as GitHub says; None where it does not.
        shows: the outcome of asking for its list.
    """

    name: str
    is_on: bool | None
    shows: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A field or a list that may be refused.

    Args:
        is_given: None where there was nothing to try it with.
        accepts: the permissions that GitHub names for it.
    """

    name: str
    is_given: bool | None
    outcome: str
    status: int | None = None
    accepts: str = ""
    said: str = ""


@dataclass
class Probe:
    """All that was measured.

    Args:
        repository: its name, or '' where not everybody can see it.
        scopes: of a classic token; None where GitHub names none.
        limits: counter -> limit, used and remaining before the first question.
        stopped: why not everything was asked, or ''.
    """

    taken_at: str
    repository: str
    is_public: bool
    server: str
    server_version: str
    token: str
    scopes: list[str] | None
    limits: dict[str, dict[str, int]]
    dexxy: str = __version__
    format: int = 1
    features: list[Feature] = field(default_factory=list)
    pages: list[PageTried] = field(default_factory=list)
    fields: list[Shown] = field(default_factory=list)
    rest: list[Shown] = field(default_factory=list)
    points: int = 0
    stopped: str = ""


def repository_probe(
    *,
    full_name: str,
    token: str,
    server: GitHubServer | None = None,
    on_question: Callable[[str], None] = lambda what: None,
) -> Probe:
    """Measure how a server shows a repository to a token. It stores nothing.

    Args:
        full_name: OWNER/REPO, or its address.
        server: the GitHub to ask; the one of the environment if not given.
        on_question: called before each question with what is asked for.

    Raises:
        InvalidRepositoryNameError, InvalidTokenError: it cannot be one.
        RepositoryUnknownError: the repository does not exist for this token.
        GitHubError: GitHub could not be asked.
    """
    server = server or default_server()
    full_name, token = checked_name(full_name, server), checked_token(token)
    asker = Asker(server, token)
    with asker.client:
        on_question("the repository")
        found = repository_described(asker.client, full_name)
        probe = _begun(asker, server, token, found)
        if not probe.is_public:
            asker.hide(*{full_name, found["full_name"]}, *found["full_name"].split("/"))
        try:
            for what in _Questions(asker, probe, found["full_name"]).asked():
                on_question(what)
        except (PointsSpentError, errors.RateLimitedError) as error:
            probe.stopped = str(error)
        probe.points = asker.spent
    return probe


def _begun(asker: Asker, server: GitHubServer, token: str, found: dict[str, Any]) -> Probe:
    headers = asker.witness.headers
    # On a server of its own, what is public there is not public everywhere.
    is_public = (
        server.name == "github"
        and found.get("private") is False
        and found.get("visibility", "public") == "public"
    )
    kinds = (kind for prefix, kind in _KINDS_OF_TOKENS.items() if token.startswith(prefix))
    scopes = headers.get("x-oauth-scopes")
    return Probe(
        taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
        repository=found["full_name"] if is_public else "",
        is_public=is_public,
        server="github.com" if server.name == "github" else "another server",
        server_version=headers.get("x-github-enterprise-version", "")[:30],
        token=next(kinds, "unknown"),
        scopes=None if scopes is None else sorted(filter(None, scopes.replace(" ", "").split(","))),
        limits={name: dict(limit) for name, limit in asker.limits().items()},
    )


class _Questions:
    """The questions of a probe, and what became of them.

    Args:
        probe: what was measured is added to it.
    """

    def __init__(self, asker: Asker, probe: Probe, full_name: str) -> None:
        self._asker, self._probe, self._full_name = asker, probe, full_name
        owner, name = full_name.split("/")
        self._name = {"owner": owner, "name": name}
        self._person = ""

    def asked(self) -> Iterator[str]:
        """Ask all questions; yields what is asked for before each."""
        for kind in ThreadKind:
            yield from self._list(kind)
        yield "an e-mail address"
        self._probe.fields.append(self._email())
        for name, fields in _FIELDS.items():
            yield name
            self._probe.fields.append(self._field(name, fields))
        for path in _LISTS_BY_REST:
            yield f"{path} by the REST API"
            reply = self._asker.get(f"repos/{self._full_name}/{path}?per_page=1")
            self._probe.rest.append(_shown(path, reply))

    def _list(self, kind: ThreadKind) -> Iterator[str]:
        """Climb the ladder of page sizes, until one is refused or the list has no more."""
        for size in LADDER:
            yield f"{size} {kind.replace('_', ' ')}s"
            reply = self._asker.query(
                list_document(kind),
                self._name | {"first": size, "after": None, "order": _ORDER},
                may_lack=["repository.list"],
            )
            shown = _repository_in(reply)
            listed = shown.get("list") or {}
            nodes = listed.get("nodes")
            self._person = self._person or _person_in(nodes or [])
            outcome = _outcome(reply, is_null=nodes is None)
            if size == LADDER[0]:
                is_on = shown.get(THREAD_TYPES[kind].enabled_field)
                self._probe.features.append(Feature(f"{kind}s", is_on, outcome))
            came = None if nodes is None else len(nodes)
            self._probe.pages.append(_page(kind, size, came, outcome, reply))
            if not (listed.get("pageInfo") or {}).get("hasNextPage"):
                return

    def _email(self) -> Shown:
        if not self._person:
            return Shown("e-mail addresses", None, "nobody to ask for")
        self._asker.hide(self._person)
        document = people_document(with_email=True)
        reply = self._asker.query(document, {"ids": [self._person]}, may_lack=["nodes.*"])
        return _shown("e-mail addresses", reply)

    def _field(self, name: str, fields: str) -> Shown:
        document = (
            "query Field($owner: String!, $name: String!) {"
            f" {RATE_LIMIT} repository(owner: $owner, name: $name) {{ {fields} }} }}"
        )
        root = fields.split("(")[0].split()[0]
        path = f"repository.{root}"
        reply = self._asker.query(document, self._name, may_lack=[path])
        return _shown(name, reply)


def _page(kind: ThreadKind, size: int, came: int | None, outcome: str, reply: Reply) -> PageTried:
    return PageTried(
        list=f"{kind}s",
        asked=size,
        came=came,
        outcome=outcome,
        seconds=round(reply.seconds, 3),
        bytes=reply.size,
        cost=reply.cost,
        taken=reply.taken,
        said=reply.said,
    )


def _outcome(reply: Reply, *, is_null: bool) -> str:
    if reply.outcome == ANSWERED and reply.refused:
        return errors.AccessDeniedError.code
    return "nothing" if reply.outcome == ANSWERED and is_null else reply.outcome


def _shown(name: str, reply: Reply) -> Shown:
    outcome = _outcome(reply, is_null=False)
    return Shown(name, outcome == ANSWERED, outcome, reply.status, reply.accepts, reply.said)


def _repository_in(reply: Reply) -> dict[str, Any]:
    shown = reply.data.get("repository") if isinstance(reply.data, dict) else None
    return shown if isinstance(shown, dict) else {}


def _person_in(nodes: list[Any]) -> str:
    """Return the node id of somebody who wrote one of NODES, or ''."""
    authors = (node.get("author") for node in nodes if isinstance(node, dict))
    people = (one for one in authors if isinstance(one, dict) and one.get("__typename") == "User")
    return next((str(one["id"]) for one in people if one.get("id")), "")
