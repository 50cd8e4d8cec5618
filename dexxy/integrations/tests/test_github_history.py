"""Of runs that have ended, enough is kept to see what went wrong, and no more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.integrations.models import GitHubRepository, RunState, SyncRun
from dexxy.integrations.services.github.scheduling.run_history import RUNS_KEPT, runs_prune
from dexxy.sources.models import Source
from tests.factories import make_repository, make_run


@pytest.fixture
def repository(source: Source) -> GitHubRepository:
    return make_repository(source=source)


def run(repository: GitHubRepository, days_ago: int, state: RunState = RunState.DONE) -> SyncRun:
    at = timezone.now() - timedelta(days=days_ago)
    return make_run(repository=repository, state=state, started_at=at, finished_at=at)


def test_the_newest_runs_and_the_failed_ones_of_a_month_are_kept(
    repository: GitHubRepository,
) -> None:
    old_failure = run(repository, days_ago=31, state=RunState.FAILED)
    failure = run(repository, days_ago=29, state=RunState.FAILED)
    old = run(repository, days_ago=28)
    newest = [run(repository, days_ago=1) for _ in range(RUNS_KEPT)]

    runs_prune(repository.pk)

    assert set(SyncRun.objects.all()) == {failure, *newest}
    assert old_failure not in newest
    assert old not in newest


def test_the_newest_receipt_and_a_run_that_has_not_ended_are_kept(
    repository: GitHubRepository,
) -> None:
    at = timezone.now() - timedelta(days=90)
    receipt = make_run(
        repository=repository, started_at=at, finished_at=at, receipt={"issue": {"here": 1}}
    )
    unfinished = make_run(repository=repository, started_at=at, state=RunState.PAUSED)
    for _ in range(RUNS_KEPT):
        run(repository, days_ago=1, state=RunState.FAILED)

    runs_prune(repository.pk)

    assert SyncRun.objects.filter(pk__in=[receipt.pk, unfinished.pk]).count() == 2
