"""What every step of a sync stands on: who reads what, on whose account, and how it is counted."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import sleep
from typing import Any

import structlog
from django.db import DataError, transaction
from django.utils.translation import gettext_noop
from psycopg.types.json import Jsonb

from dexxy.common.errors import DexxyError
from dexxy.common.sql import Statement, execute_later, gathering, run_together
from dexxy.integrations.models import GitHubRepository, SyncRun
from dexxy.integrations.services.github.access.lease import Lease
from dexxy.integrations.services.github.access.readable import StillReadable
from dexxy.integrations.services.github.access.token_ends import token_end_note, token_scopes_note
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.optional_fields import (
    taking_along,
    without_fields,
)
from dexxy.integrations.services.github.api.queries import lightest_document
from dexxy.integrations.services.github.api.values import time
from dexxy.integrations.services.github.reading.budgets import (
    Limit,
    leave_to_person,
    limit_of,
    limits_read,
    limits_stored,
)
from dexxy.integrations.services.github.reading.refused_fields import RefusedFields
from dexxy.integrations.services.github.reading.request_sizes import RequestSizes
from dexxy.integrations.services.github_client import Answer, GitHubClient
from dexxy.messages.ingest.records import SourceKey

log = structlog.get_logger()

# Seconds before each new try of a request that got no answer.
RETRY_AFTER = (0.5, 1.0, 2.0)
# Bytes of an answer that a smaller query can be asked for instead. In memory a page takes six times
# that, with its rows on their way to the database.
LARGEST_ANSWER = 12_000_000
# How often lists may have to be read from their beginning in one run.
RESTARTS_AT_MOST = 3
# What was answered without a word of GitHub's: it, and what stands between, cut off so what takes
# too long. Once that is bad luck, twice it is size.
_MAY_BE_SIZE = (errors.AnswerBrokenOffError, errors.GatewayError)

_HAS_PROBLEMS = """
EXISTS (SELECT FROM integrations_syncproblem WHERE repository_id = %(repository)s)
"""
_NOTE_SPENT = """
WITH run AS (
    UPDATE integrations_syncrun
    SET requests = %(requests)s, points = %(points)s, counts = %(counts)s, receipt = %(receipt)s,
        pace = %(pace)s, updated_at = now()
    WHERE id = %(run)s
)
UPDATE integrations_credential
SET secondary_limits = 0,
    points_remaining = coalesce(%(points_remaining)s, points_remaining),
    points_reset_at = coalesce(%(points_reset_at)s, points_reset_at),
    requests_remaining = coalesce(%(requests_remaining)s, requests_remaining),
    limits = limits || %(limits)s,
    sweep_points = %(sweep_points)s
                   + CASE WHEN sweep_hour_ends_at > now() THEN sweep_points ELSE 0 END,
    sweep_hour_ends_at = CASE WHEN sweep_hour_ends_at > now() OR %(sweep_points)s = 0
                         THEN sweep_hour_ends_at ELSE now() + interval '1 hour' END
WHERE id = %(credential)s
"""


class RepositoryReplacedError(DexxyError):
    """Another repository has the name now; nothing of it is stored."""

    code = "repository_replaced"


@dataclass
class Reading:
    """One repository being read by the process that holds the lease of its credential.

    Args:
        purpose: what the requests are counted as: `requests`, `people_requests` or
            `sweep_requests`.
        waited: seconds between two tries of a request.
        points_remaining, requests_remaining: what is left of each limit, as GitHub told last.
        points_reset_at: when there are all points again.
        limits: the same with all that belongs to it, by GitHub's names; None until it is needed.
        sweep_points: what sweeps have cost since that was last written down.
        has_problems: whether there were any when the transaction that stores a page began.
    """

    client: GitHubClient
    repository: GitHubRepository
    run: SyncRun
    lease: Lease
    purpose: str = "requests"
    waited: float = 0
    points_remaining: int | None = None
    points_reset_at: datetime | None = None
    requests_remaining: int | None = None
    limits: dict[str, Limit] | None = field(default=None, repr=False)
    sweep_points: int = 0
    source: SourceKey = field(init=False)
    sizes: RequestSizes = field(init=False)
    _refused: RefusedFields = field(init=False, repr=False)
    still_readable: StillReadable = field(init=False, repr=False)
    has_problems: bool = field(default=True, init=False)
    _is_readable: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        source = self.repository.source
        self.source = SourceKey(source.workspace_id, source.pk, source.server)
        self.sizes = RequestSizes(self.repository)
        self._refused = RefusedFields(self.repository)
        self.still_readable = StillReadable(self.repository)

    @property
    def name(self) -> dict[str, str]:
        """The variables that name the repository in a query."""
        owner, name = self.repository.full_name.split("/")
        return {"owner": owner, "name": name}

    def query(
        self,
        document: str,
        variables: dict[str, Any],
        *,
        may_lack: Collection[str] = (),
        is_smallest: bool = False,
    ) -> Answer:
        """Run a GraphQL query for this repository.

        Args:
            may_lack: as for `GitHubClient.query`.
            is_smallest: no smaller query can be asked, so one that was too heavy is tried again.

        Raises:
            QueryTooHeavyError: among others: this one cannot be answered, and others can.
            GitHubError: one of its kinds.
            SyncNotPossibleError: a person paused or disconnected the repository meanwhile.
        """

        def request() -> Answer:
            at_most = None if is_smallest else LARGEST_ANSWER
            text = without_fields(document, self._refused.names)
            return self.client.query(text, variables, may_lack=may_lack, at_most=at_most)

        while True:
            try:
                answer = self._ask(request, "graphql", is_smallest=is_smallest)
            except errors.FIELDS_REFUSED as error:
                if not self._refused.note(error.fields):
                    raise
                continue
            except errors.AnswerBrokenOffError as error:
                self._require_answers()
                raise errors.QueryTooHeavyError(str(error)) from error
            self._count_points(answer)
            if not self._refused.leave_out(taking_along(answer.data, answer.gaps)):
                return answer

    def _count_points(self, answer: Answer) -> None:
        with errors.answer_shape("limits"):
            limit = answer.data.get("rateLimit")
            if limit:
                cost = int(limit["cost"])
                self.run.points += cost
                self.sweep_points += cost if self.purpose == "sweep_requests" else 0
                self.points_remaining = int(limit["remaining"])
                self.points_reset_at = time(limit["resetAt"])

    def _require_answers(self) -> None:
        """Look whether GitHub answers the lightest of queries.

        Raises:
            GitHubError: it does not: so it was not the other query that broke its answer off.
        """
        self._ask(lambda: self.client.query(lightest_document(), {}), "graphql", is_smallest=True)

    def get(self, path: str, params: dict[str, str | int] | None = None) -> Answer:
        """Read a path of the REST API for this repository.

        Raises:
            GitHubError: one of its kinds.
            SyncNotPossibleError: a person paused or disconnected the repository meanwhile.
        """
        answer = self._ask(lambda: self.client.get(path, params), "core", is_smallest=True)
        # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        remaining = answer.headers.get("x-ratelimit-remaining", "")
        if answer.headers.get("x-ratelimit-resource") == "core" and remaining.isdecimal():
            self.requests_remaining = int(remaining)
        return answer

    def _ask(self, request: Callable[[], Answer], resource: str, *, is_smallest: bool) -> Answer:
        installation = self.repository.installation
        if self.limits is None:
            # Who asks once would never see how much of a person's limit is left.
            self.limits = {} if installation.is_by_app else limits_read(installation.credential_id)
        if not installation.is_by_app:
            leave_to_person(self.limits, resource)
        answer = self._tried(request, is_smallest=is_smallest)
        token_end_note(installation, answer.headers)
        token_scopes_note(installation, answer.headers)
        if limit := limit_of(answer.headers):
            self.limits |= [limit]
        return answer

    def _tried(self, request: Callable[[], Answer], *, is_smallest: bool) -> Answer:
        for tried, wait in enumerate((*RETRY_AFTER, None)):
            self.lease.keep()
            self._require_readable()
            if self.purpose == "requests":
                self.run.requests += 1
            else:
                self.count(**{self.purpose: 1})
            try:
                return request()
            except (errors.GitHubUnreachableError, errors.GitHubServerError) as error:
                if wait is None or (
                    isinstance(error, errors.QueryTooHeavyError) and not is_smallest
                ):
                    raise
                if isinstance(error, _MAY_BE_SIZE) and tried and not is_smallest:
                    raise errors.QueryTooHeavyError(str(error)) from error
                log.info("asking GitHub again", error=str(error), seconds=wait)
                sleep(wait)
                self.waited += wait
        raise AssertionError("the last try returns or raises")

    def looked(self, *, is_readable: bool) -> None:
        """Take from whoever asked more at once whether the next request may be sent."""
        self._is_readable = is_readable

    def _require_readable(self) -> None:
        if not self._is_readable:
            self.still_readable.require()
        self._is_readable = False

    def repository_of(self, answer: Answer) -> dict[str, Any]:
        """Return the repository of an answer, once it is sure that it is the one we mean.

        Raises:
            GitHubServerError: GitHub shows none; where there is none, it says NOT_FOUND.
            RepositoryReplacedError: another one has its name now.
        """
        found = answer.data.get("repository")
        if not isinstance(found, dict):
            raise errors.GitHubServerError(
                gettext_noop(
                    "GitHub's answer lacks {repository}, and does not say why. Try again later."
                ).format(repository=self.repository.full_name)
            )
        if found.get("databaseId") != self.repository.github_id:
            raise RepositoryReplacedError(
                gettext_noop(
                    "{repository} is another repository now. Connect it again under its new name."
                ).format(repository=self.repository.full_name)
            )
        return found

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Open the transaction that stores a page: it holds the lease, and keeps the counts.

        Raises:
            LeaseLostError: another process has taken over; nothing is stored.
            SyncNotPossibleError: a person paused or disconnected the repository meanwhile;
                nothing is stored.
            QueryTooHeavyError: something in the page is too long or too large for its column; a
                smaller page tells what.
        """
        try:
            with transaction.atomic(), gathering():
                self._hold()
                yield
                self._note_spent()
        except DataError as error:
            raise errors.QueryTooHeavyError(
                gettext_noop(
                    "GitHub's answer holds what cannot be stored ({why})."
                    " Update Dexxy, or report it."
                ).format(why=errors.quoted(error))
            ) from error

    def _hold(self) -> None:
        """Begin a transaction: nobody may take the lease, and the repository may be read on."""
        question = self.still_readable.question
        looked = Statement(
            f"{question.sql}, {_HAS_PROBLEMS}",
            {**question.params, "repository": self.repository.pk},
        )
        # Rows and cursor are lost together or not at all, so a crash of the server costs a page
        # that is read again, and no commit has to wait for the disk.
        execute_later("SET LOCAL synchronous_commit TO off", {})
        renewed, found = run_together([self.lease.renewal, looked])
        self.lease.require_renewed(renewed)
        [(is_readable, self.has_problems)] = found.rows
        self.still_readable.require_found(found=is_readable)

    def _note_spent(self) -> None:
        """Write down what the run has counted so far, and what GitHub has left for us."""
        run = self.run
        params = {
            "run": run.pk,
            "requests": run.requests,
            "points": run.points,
            "counts": Jsonb(run.counts),
            "receipt": Jsonb(run.receipt),
            "pace": Jsonb(run.pace),
            "credential": self.repository.installation.credential_id,
            "points_remaining": self.points_remaining,
            "points_reset_at": self.points_reset_at,
            "requests_remaining": self.requests_remaining,
            "limits": Jsonb(limits_stored(self.limits or {})),
            "sweep_points": self.sweep_points,
        }
        execute_later(_NOTE_SPENT, params)
        self.sweep_points = 0

    def restarting(self, error: errors.CursorRefusedError) -> None:
        """Count that a list has to be read from its beginning, because of ERROR.

        Raises:
            UnexpectedAnswerError: that was so several times in this run, and will be for ever.
        """
        self.count(restarts=1)
        if self.run.counts["restarts"] > RESTARTS_AT_MOST:
            raise errors.UnexpectedAnswerError(
                gettext_noop(
                    "GitHub does not let Dexxy read a list to its end ({why})"
                    " It was begun again {times} times. Dexxy will try again later."
                ).format(why=error, times=RESTARTS_AT_MOST)
            ) from error

    def count(self, **counts: int) -> None:
        """Add to the run's counts."""
        for name, count in counts.items():
            self.run.counts[name] = self.run.counts.get(name, 0) + count
