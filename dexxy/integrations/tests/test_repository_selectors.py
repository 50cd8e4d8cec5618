from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.integrations.models import RunState, StreamName, SyncProblem, SyncRun, SyncStream
from dexxy.integrations.progress import Progress, progress_of
from dexxy.integrations.receipts import receipt_of
from dexxy.integrations.selectors import (
    PROBLEMS_SHOWN,
    repository_overviews,
)
from dexxy.integrations.services.github.reading.pace import Pace
from dexxy.sources.models import Source
from tests.factories import START, make_repository, make_run, make_source, make_stream


def stream(read: int, expected: int | None, *, is_done: bool = False) -> SyncStream:
    return SyncStream(name=StreamName.ISSUES, read=read, expected=expected, is_done=is_done)


def running(*steps: tuple[float, int]) -> SyncRun:
    """Make a run that has read so: seconds and threads of each request."""
    pace = Pace()
    for seconds, threads in steps:
        pace.add(seconds=seconds, threads=threads)
    return SyncRun(state=RunState.RUNNING, started_at=START, pace=pace.stored())


@pytest.mark.parametrize(
    ("streams", "progress"),
    [
        ([], Progress(0, None, None)),
        ([stream(0, None)], Progress(0, None, None)),
        ([stream(30, 100), stream(0, None)], Progress(30, None, None)),
        ([stream(0, 0)], Progress(0, 0, 0)),
        ([stream(30, 100), stream(10, 100)], Progress(40, 200, 20)),
        ([stream(100, 100, is_done=True), stream(0, 100)], Progress(100, 200, 50)),
        # More came while it read, and some that were counted are gone.
        ([stream(120, 100), stream(1, 2)], Progress(121, 122, 99)),
        ([stream(90, 100, is_done=True)], Progress(90, 90, 100)),
    ],
)
def test_progress_is_what_was_read_of_what_is_expected(
    streams: list[SyncStream], progress: Progress
) -> None:
    assert progress_of(streams) == progress


def seconds_left(run: SyncRun | None, people: int = 0) -> int | None:
    left = progress_of([stream(100, 400)], run, people).remaining
    return None if left is None else round(left.total_seconds())


def test_the_rest_takes_as_long_as_the_pace_of_the_run_says() -> None:
    assert seconds_left(running(*[(2, 10)] * 20)) == 60


def test_a_pace_that_changed_counts_more_than_the_one_of_long_ago() -> None:
    assert seconds_left(running(*[(20, 10)] * 20, *[(2, 10)] * 200)) == 60


def test_people_take_a_request_for_each_fifty_at_first_and_more_of_them_are_to_come() -> None:
    assert seconds_left(running(*[(2, 10)] * 20), people=100) == 60 + 8 * 2


def test_nobody_knows_how_long_a_run_takes_that_has_read_little_or_is_paused() -> None:
    paused = running(*[(2, 10)] * 20)
    paused.state = RunState.PAUSED

    assert seconds_left(running(*[(2, 10)] * 3)) is None
    assert seconds_left(running(*[(2, 0)] * 20)) is None
    assert seconds_left(paused) is None
    assert seconds_left(None) is None


def test_a_receipt_is_read_as_it_was_stored() -> None:
    later = START + timedelta(seconds=9)
    receipt = receipt_of(
        {
            "issue": {"here": 3, "github": 4, "taken_at": later.isoformat()},
            "pull_request": {"here": 2, "github": 2, "taken_at": START.isoformat()},
        }
    )

    assert receipt is not None
    assert receipt.taken_at == START
    assert [(line.kind, line.here, line.github, line.agrees) for line in receipt.lines] == [
        ("issue", 3, 4, False),
        ("pull_request", 2, 2, True),
    ]


def test_a_receipt_leaves_out_what_is_not_counted_yet_or_switched_off() -> None:
    counted = {"github": 4, "taken_at": START.isoformat()}

    assert receipt_of({}) is None
    assert receipt_of({"issue": counted}) is None
    assert receipt_of({"discussion": counted | {"here": 4, "is_enabled": False}}) is None


def test_an_overview_holds_the_newest_run_and_the_newest_receipt(
    alice: User, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    stored = {"issue": {"here": 3, "github": 3, "taken_at": START.isoformat()}}
    make_run(repository=repository, receipt=stored)
    unfinished = {"issue": {"github": 4, "taken_at": START.isoformat()}}
    newest = make_run(
        repository=repository,
        state=RunState.RUNNING,
        started_at=START + timedelta(hours=1),
        receipt=unfinished,
    )

    [overview] = repository_overviews(alice, workspace)

    assert overview.run == newest
    assert overview.receipt == receipt_of(stored)


def test_problems_are_counted_and_the_newest_few_are_named(
    alice: User, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    for number in range(PROBLEMS_SHOWN + 2):
        SyncProblem.objects.create(
            repository=repository, thread_kind="issue", number=number, error="too large"
        )

    [overview] = repository_overviews(alice, workspace)

    assert overview.problem_count == PROBLEMS_SHOWN + 2
    assert [problem.number for problem in overview.problems] == [6, 5, 4, 3, 2]


@pytest.mark.parametrize("size", [1, 10])
def test_overviews_cost_the_same_queries_however_many_there_are(
    alice: User,
    workspace: Workspace,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(size):
        repository = make_repository(
            source=make_source(workspace=workspace, name=f"owner/{number}")
        )
        make_stream(repository=repository, name=StreamName.DISCUSSIONS)
        make_stream(repository=repository, name=StreamName.ISSUES)
        make_run(repository=repository)

    with django_assert_num_queries(5):
        overviews = repository_overviews(alice, workspace)

    assert [one.repository.full_name for one in overviews] == sorted(
        f"owner/{number}" for number in range(size)
    )
    assert [one.name for one, _ in overviews[0].streams] == ["issues", "discussions"]


def test_an_outsider_sees_no_repositories(charlie: User, workspace: Workspace) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        repository_overviews(charlie, workspace)


def test_repositories_are_listed_although_their_token_cannot_be_decrypted(
    alice: User, workspace: Workspace, source: Source
) -> None:
    make_repository(source=source)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'other key'")

    [overview] = repository_overviews(alice, workspace)

    assert overview.repository.installation.account_login == "owner"
