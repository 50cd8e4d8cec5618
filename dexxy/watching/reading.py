"""Facts about reading GitHub: repositories, runs, and what GitHub lets us spend."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min, Sum
from django.utils import timezone

from dexxy.common.sql import fetch_all
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunState,
    SyncProblem,
    SyncRun,
    SyncStatus,
)
from dexxy.watching.facts import Fact, Group, Measure

LATELY = timedelta(hours=1)
# Credentials that are told one by one: those that have least left, for they are what one looks at.
MOST_CREDENTIALS = 100
_ENDED = (RunState.DONE, RunState.FAILED, RunState.STOPPED)
_OPEN = (RunState.RUNNING, RunState.PAUSED)
# The newest run of each repository with a receipt, where a count differs from GitHub's.
_DIFFERING = """
SELECT count(*) FROM integrations_githubrepository g
CROSS JOIN LATERAL (
    SELECT receipt FROM integrations_syncrun r
    WHERE r.repository_id = g.id AND r.state = 'done' AND r.receipt <> '{}'
    ORDER BY r.started_at DESC LIMIT 1
) r
WHERE NOT g.is_archived AND EXISTS (
    SELECT FROM jsonb_each(r.receipt) line
    WHERE jsonb_typeof(line.value) = 'object' AND line.value ? 'here'
      AND coalesce(line.value ->> 'is_enabled', 'true') <> 'false'
      AND line.value -> 'here' <> line.value -> 'github'
)
"""

REPOSITORIES = Measure(
    "dexxy_repositories", "Repositories that workspaces follow, by their status.", ("status",)
)
DUE = Measure("dexxy_due_repositories", "Repositories that should be read now.")
DUE_SECONDS = Measure(
    "dexxy_due_oldest_seconds", "For how long the longest waiting repository should have been read."
)
RUNS_OPEN = Measure("dexxy_runs_open", "Runs that go on now, by their state.", ("state",))
RUNS_ENDED = Measure(
    "dexxy_runs_ended", "Runs that ended in the last hour, by their state.", ("state",)
)
RUN_ERRORS = Measure(
    "dexxy_runs_failed", "Runs that failed in the last hour, by the code of the error.", ("code",)
)
REQUESTS = Measure(
    "dexxy_run_requests", "Requests to GitHub that the runs made which ended in the last hour."
)
POINTS = Measure("dexxy_run_points", "GitHub's points that those runs spent.")
DIFFERING = Measure(
    "dexxy_receipts_differing",
    "Repositories of which the newest receipt counts something else than GitHub does.",
)
PROBLEMS = Measure(
    "dexxy_sync_problems", "Threads that cannot be read although their neighbours can."
)
CREDENTIALS = Measure(
    "dexxy_credentials",
    "Credentials that are in use: all, those that GitHub paused, and those with a lease now.",
    ("state",),
)
REQUESTS_LEFT = Measure(
    "dexxy_credential_requests_left",
    "Requests of REST that a credential has left this hour, as GitHub last said; of the hundred"
    " credentials that have fewest points left.",
    ("credential",),
)
POINTS_LEFT = Measure(
    "dexxy_credential_points_left",
    "Points of GraphQL that a credential has left this hour, as GitHub last said. Absent once the"
    " hour is over and nothing was asked since.",
    ("credential",),
)


def _repositories() -> Iterator[Fact]:
    followed = GitHubRepository.objects.followed()
    counts = followed.order_by().values_list("sync_status").annotate(count=Count("pk"))
    by_status = dict(counts)
    for status in SyncStatus.values:
        yield Fact(REPOSITORIES, by_status.get(status, 0), (status,))
    due = GitHubRepository.objects.due().order_by()
    found = due.aggregate(count=Count("pk"), oldest=Min("next_sync_at"))
    waited = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    yield Fact(DUE, found["count"])
    yield Fact(DUE_SECONDS, waited)
    yield Fact(PROBLEMS, SyncProblem.objects.count())
    [(differing,)] = fetch_all(_DIFFERING, {})
    yield Fact(DIFFERING, differing)


def _runs() -> Iterator[Fact]:
    states = SyncRun.objects.filter(state__in=_OPEN).order_by().values_list("state")
    is_open = dict(states.annotate(count=Count("pk")))
    for state in _OPEN:
        yield Fact(RUNS_OPEN, is_open.get(state, 0), (str(state),))
    ended = SyncRun.objects.filter(finished_at__gte=timezone.now() - LATELY).order_by()
    counts = dict(ended.values_list("state").annotate(count=Count("pk")))
    for state in _ENDED:
        yield Fact(RUNS_ENDED, counts.get(state, 0), (str(state),))
    failed = ended.filter(state=RunState.FAILED).values_list("error_code")
    for code, count in failed.annotate(count=Count("pk")):
        yield Fact(RUN_ERRORS, count, (code or "unknown",))
    spent = ended.aggregate(requests=Sum("requests"), points=Sum("points"))
    yield Fact(REQUESTS, spent["requests"] or 0)
    yield Fact(POINTS, spent["points"] or 0)


def _credentials() -> Iterator[Fact]:
    now = timezone.now()
    linked = Credential.objects.filter(installations__workspace__isnull=False).distinct()
    yield Fact(CREDENTIALS, linked.count(), ("all",))
    yield Fact(CREDENTIALS, linked.paused().count(), ("paused",))
    yield Fact(CREDENTIALS, linked.filter(lease_until__gt=now).count(), ("leased",))
    # What was left of an hour that is over says nothing.
    known = linked.filter(points_reset_at__gt=now).order_by("points_remaining", "pk")
    rows = known.values_list("pk", "points_remaining", "requests_remaining")
    for pk, points, requests in rows[:MOST_CREDENTIALS]:
        if points is not None:
            yield Fact(POINTS_LEFT, points, (str(pk),))
        if requests is not None:
            yield Fact(REQUESTS_LEFT, requests, (str(pk),))


GROUPS = (
    Group("repositories", (REPOSITORIES, DUE, DUE_SECONDS, PROBLEMS, DIFFERING), _repositories),
    Group("runs", (RUNS_OPEN, RUNS_ENDED, RUN_ERRORS, REQUESTS, POINTS), _runs),
    Group("credentials", (CREDENTIALS, POINTS_LEFT, REQUESTS_LEFT), _credentials),
)
