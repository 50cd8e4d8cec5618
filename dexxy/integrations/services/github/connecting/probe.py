"""Measure on the real GitHub what no document says: page sizes, time-outs, refusals, permissions.

What is measured holds nothing private, so that it can be attached to a report: no token, no text
that anybody wrote, no account; and the repository's name only where everybody can see it.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.queries import (
    THREAD_TYPES,
    field_document,
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
    repository_described,
)
from dexxy.integrations.services.github.connecting.probe_batches import Batches
from dexxy.integrations.services.github.connecting.probed import (
    Feature,
    Probe,
    Shown,
    outcome_of,
    page_tried,
)
from dexxy.integrations.services.github.connecting.token_facts import checked_token
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
FIELDS = {
    "stars and forks": "stargazerCount forkCount",
    "releases": "releases(first: 1) { nodes { isDraft } }",
    "authors of commits": (
        "pullRequests(states: MERGED, first: 1) {"
        " nodes { commits(first: 1) { nodes { commit { authors(first: 1) {"
        " nodes { email } } } } } } }"
    ),
}
_LISTS_BY_REST = ("issues", "pulls", "issues/comments", "pulls/comments", "releases")


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
        self._batches = Batches(asker, self._name)

    def asked(self) -> Iterator[str]:
        """Ask all questions; yields what is asked for before each."""
        for kind in ThreadKind:
            yield from self._list(kind)
        for what, ask in self._batches.questions():
            yield what
            self._probe.pages.append(ask())
        yield "an e-mail address"
        self._probe.fields.append(self._email())
        for name, fields in FIELDS.items():
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
            self._batches.note(kind, nodes or [])
            outcome = outcome_of(reply, is_null=nodes is None)
            if size == LADDER[0]:
                is_on = shown.get(THREAD_TYPES[kind].enabled_field)
                self._probe.features.append(Feature(f"{kind}s", is_on, outcome))
            came = None if nodes is None else len(nodes)
            self._probe.pages.append(page_tried(f"{kind}s", size, came, outcome, reply))
            if not (listed.get("pageInfo") or {}).get("hasNextPage"):
                return

    def _email(self) -> Shown:
        person = next(iter(self._batches.people), "")
        if not person:
            return Shown("e-mail addresses", None, "nobody to ask for")
        self._asker.hide(person)
        document = people_document(with_email=True)
        reply = self._asker.query(document, {"ids": [person]}, may_lack=["nodes.*"])
        return _shown("e-mail addresses", reply)

    def _field(self, name: str, fields: str) -> Shown:
        root = fields.split("(")[0].split()[0]
        path = f"repository.{root}"
        reply = self._asker.query(field_document(fields), self._name, may_lack=[path])
        return _shown(name, reply)


def _shown(name: str, reply: Reply) -> Shown:
    outcome = outcome_of(reply, is_null=False)
    return Shown(name, outcome == ANSWERED, outcome, reply.status, reply.accepts, reply.error_text)


def _repository_in(reply: Reply) -> dict[str, Any]:
    shown = reply.data.get("repository") if isinstance(reply.data, dict) else None
    return shown if isinstance(shown, dict) else {}
