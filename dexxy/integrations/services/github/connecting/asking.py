"""Ask one question of a probe: what came, how long it took, and what it cost.

A refusal is an answer here, and not an error: it is what a probe is for.
"""

import re
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import httpx

from dexxy.common.errors import DexxyError
from dexxy.common.redaction import redacted
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.optional_fields import without_fields
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github_client import Answer, GitHubClient

ANSWERED = "answered"
# Points after which nothing more is asked. All questions together cost less than half of it where
# nothing goes wrong; what GitHub takes for a time-out counts, too.
MOST_POINTS = 200
_ADDRESS = re.compile(r"https?://\S+")


class PointsSpentError(DexxyError):
    """The probe has spent what it may."""

    code = "points_spent"


class Witness(httpx.Auth):
    """Signs requests with a token, and keeps the head of the last answer, also of a refusal."""

    def __init__(self, token: str) -> None:
        self._token = token
        self.status: int | None = None
        self.headers = httpx.Headers()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        self.status, self.headers = None, httpx.Headers()
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        self.status, self.headers = response.status_code, response.headers


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a question.

    Args:
        outcome: ANSWERED, or the code of the error that it means to Dexxy.
        error_text: the sentence of that error, without anything private.
        status: of the HTTP answer; None where there was none.
        seconds: until the end of the answer.
        size: of an answer in bytes.
        cost: points that GitHub says the query costs.
        taken: points that were taken for it, as its counter shows; None where nobody can tell.
        refused: the paths of what the answer lacks because the token may not read it.
        accepts: the permissions that GitHub names for the question.
        data: of an answer.
    """

    outcome: str
    seconds: float
    error_text: str = ""
    status: int | None = None
    size: int | None = None
    cost: int | None = None
    taken: int | None = None
    refused: frozenset[str] = frozenset()
    accepts: str = ""
    data: Any = field(default=None, repr=False)


class Asker:
    """Asks one server with one token, and counts what that costs.

    Args:
        token: of any kind.
    """

    def __init__(self, server: GitHubServer, token: str) -> None:
        self.witness = Witness(token)
        self.client = GitHubClient(
            api_url=server.api_url, graphql_url=server.graphql_url, token=self.witness
        )
        self.spent = 0
        self._private_words: list[str] = []
        self._used: int | None = None
        self._refused: frozenset[str] = frozenset()

    def hide(self, *words: str) -> None:
        """Let no sentence of a reply hold WORDS from now on."""
        self._private_words += [word for word in words if word]

    def limits(self) -> Mapping[str, Mapping[str, int]]:
        """Return what GitHub counts of this token: limit, used and remaining of each counter.

        It costs no points. https://docs.github.com/en/rest/rate-limit/rate-limit
        A server that counts nothing has no such page: it returns an empty mapping.
        """
        try:
            shown = self.client.get("rate_limit").data["resources"]
            names = ("limit", "used", "remaining")
            found = {
                key: {name: int(shown[key][name]) for name in names} for key in ("core", "graphql")
            }
        except (errors.GitHubError, *errors.UNKNOWN_SHAPE):
            return {}
        self._used = found["graphql"]["used"]
        return found

    def get(self, path: str) -> Reply:
        """Ask for a path of the REST API."""
        return self._ask(lambda: self.client.get(path))

    def query(
        self, document: str, variables: Mapping[str, Any], *, may_lack: Collection[str] = ()
    ) -> Reply:
        """Ask a GraphQL query; where single fields are refused, without them.

        Raises:
            PointsSpentError: too many points are gone already; it was not asked.
            RateLimitedError: GitHub wants no more requests of this token.
        """
        if self.spent >= MOST_POINTS:
            raise PointsSpentError(f"It stopped after {self.spent} points.")
        before = self._used

        def question() -> Answer:
            text = without_fields(document, self._refused)
            return self.client.query(text, variables, may_lack=may_lack)

        reply = self._ask(lambda: self._without_refused(question))
        self._note_used()
        taken = _difference(before, self._used)
        self.spent += (reply.cost or 0) if taken is None else taken
        return replace(reply, taken=taken)

    def _without_refused(self, question: Callable[[], Answer]) -> Answer:
        """Ask again without the fields that are refused, as the reader does."""
        while True:
            try:
                return question()
            except errors.FIELDS_REFUSED as error:
                if error.fields <= self._refused:
                    raise
                self._refused |= error.fields

    def _note_used(self) -> None:
        """Read how many points are used now: off the answer, or where it does not tell, off a page.

        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        """
        headers = self.witness.headers
        used = headers.get("x-ratelimit-used", "")
        if headers.get("x-ratelimit-resource") == "graphql" and used.isdecimal():
            self._used = int(used)
        elif not self.limits():
            self._used = None

    def _ask(self, question: Callable[[], Answer]) -> Reply:
        begun = monotonic()
        try:
            answer = question()
        except errors.RateLimitedError:
            raise
        except errors.GitHubError as error:
            return self._refusal(error, monotonic() - begun)
        return Reply(
            ANSWERED,
            answer.seconds,
            status=self.witness.status,
            size=answer.size,
            cost=_cost(answer.data),
            refused=answer.gaps.refused,
            accepts=self._accepts,
            data=answer.data,
        )

    def _refusal(self, error: errors.GitHubError, seconds: float) -> Reply:
        error_text = self._error_text(error)
        status, accepts = self.witness.status, self._accepts
        return Reply(error.code, seconds, error_text=error_text, status=status, accepts=accepts)

    @property
    def _accepts(self) -> str:
        return str(self.witness.headers.get("x-accepted-github-permissions", ""))[:200]

    def _error_text(self, error: errors.GitHubError) -> str:
        text = _ADDRESS.sub("[address]", redacted(str(error)))
        for word in sorted(self._private_words, key=len, reverse=True):
            text = text.replace(word, "[name]")
        return text


def _cost(data: Any) -> int | None:
    limit = data.get("rateLimit") if isinstance(data, dict) else None
    cost = limit.get("cost") if isinstance(limit, dict) else None
    return cost if isinstance(cost, int) else None


def _difference(before: int | None, after: int | None) -> int | None:
    """Return how many points were taken; None where nobody counts, or the hour began anew."""
    if before is None or after is None or after < before:
        return None
    return after - before
