"""The list of threads: its tabs, its orders, and what a row says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.common.pages import InvalidCursorError
from dexxy.messages import thread_table
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import MessageKind, Thread, ThreadKind, ThreadState
from dexxy.messages.selectors import thread_counts, thread_list, thread_total
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.thread_table import ThreadSort, ThreadTab, people_in, waits_since
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.messages.waiting.summary import queue_summary
from dexxy.messages.waiting.triage import threads_snooze
from dexxy.sources.models import Source
from tests.factories import make_message, make_source, make_thread

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def ago(days: float) -> str:
    """Return when something was, in the words of a story."""
    return f"{(NOW - timedelta(days=days) - BEGIN) / timedelta(hours=1):.4f}"


@pytest.fixture
def threads(workspace: Workspace, source: Source) -> list[Thread]:
    """Two that wait, one answered, one closed, one merged, and one that nobody but a bot has."""
    told = Teller(source, team={"T": None}).tell(
        f"I A opens {ago(50)}, B says {ago(1)}"
        f"| I B opens {ago(60)}, T says {ago(59)}, B says {ago(2)}"
        f"| I C opens {ago(40)}, T says {ago(3)}"
        f"| I A opens {ago(30)}, T says {ago(29)}, T closes {ago(4)}"
        f"| P B opens {ago(20)}, T merges {ago(5)}"
        f"| I T opens {ago(10)}"
    )
    ids = [thread.pk for thread in told]
    threads_settle(ids)
    standings_recompute(workspace.pk, ids, team_of(workspace.pk))
    return told


def listed(viewer: User, workspace: Workspace, **asked: object) -> list[int]:
    """Read the list to its end, two threads a page."""
    found, after = [], None
    while True:
        page = thread_list(viewer, workspace, first=2, after=after, **asked)  # type: ignore[arg-type]
        found += [one.pk for one in page.items]
        after = page.end
        if not page.has_more:
            return found


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (ThreadSort.ACTIVITY, [0, 1, 2, 3, 4, 5]),
        (ThreadSort.OPENED, [5, 4, 3, 2, 0, 1]),
        (ThreadSort.WAITING, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_each_order_is_read_page_by_page_without_a_gap_or_a_repetition(
    bob: User, workspace: Workspace, threads: list[Thread], sort: ThreadSort, order: list[int]
) -> None:
    assert listed(bob, workspace, sort=sort) == [threads[number].pk for number in order]


def test_the_longest_thread_comes_first_and_of_equals_the_newest_row(
    bob: User, workspace: Workspace, threads: list[Thread]
) -> None:
    for thread, number in zip(threads, (3, 7, 3, 9, 0, 3), strict=True):
        Thread.objects.filter(pk=thread.pk).update(message_count=number)

    found = listed(bob, workspace, sort=ThreadSort.MESSAGES)

    assert found == [threads[number].pk for number in (3, 1, 5, 2, 0, 4)]


def test_who_waits_longest_comes_first_even_where_others_are_more_active(
    bob: User, workspace: Workspace, threads: list[Thread]
) -> None:
    Thread.objects.filter(pk=threads[1].pk).update(last_activity_at=NOW)

    found = listed(bob, workspace, sort=ThreadSort.WAITING)

    assert found[:2] == [threads[0].pk, threads[1].pk]


@pytest.mark.parametrize(
    ("tab", "kept"),
    [
        (ThreadTab.ALL, {0, 1, 2, 3, 4, 5}),
        (ThreadTab.OPEN, {0, 1, 2, 5}),
        (ThreadTab.WAITING, {0, 1}),
        (ThreadTab.ANSWERED, {2}),
        (ThreadTab.CLOSED, {3, 4}),
    ],
)
def test_a_tab_has_what_its_name_says_in_every_order(
    bob: User, workspace: Workspace, threads: list[Thread], tab: ThreadTab, kept: set[int]
) -> None:
    for sort in ThreadSort:
        found = listed(bob, workspace, tab=tab, sort=sort)
        assert sorted(found) == sorted(threads[number].pk for number in kept)
    assert thread_total(bob, workspace, ThreadFilters(), tab) == len(kept)
    assert thread_counts(bob, workspace)[tab] == len(kept)


def test_what_waits_is_what_the_queue_counts(
    alice: User, workspace: Workspace, threads: list[Thread]
) -> None:
    threads_snooze(
        actor=alice,
        workspace=workspace,
        thread_ids=[threads[0].pk],
        until=NOW + timedelta(days=1),
    )

    [row] = thread_list(alice, workspace, tab=ThreadTab.WAITING).items
    assert row.pk == threads[1].pk
    assert queue_summary(alice, workspace).total == 1
    rows = {one.pk: waits_since(one) for one in thread_list(alice, workspace).items}
    assert [pk for pk, since in rows.items() if since] == [threads[1].pk]


def test_filters_and_tabs_hold_together(
    bob: User, workspace: Workspace, threads: list[Thread]
) -> None:
    elsewhere = make_source(workspace=workspace)
    filters = ThreadFilters(source_ids=[elsewhere.pk])

    assert listed(bob, workspace, filters=filters, sort=ThreadSort.OPENED) == []
    assert thread_counts(bob, workspace, filters)[ThreadTab.ALL] == 0


def test_the_people_of_a_thread_are_counted_once_each(
    bob: User, workspace: Workspace, threads: list[Thread]
) -> None:
    rows = thread_list(bob, workspace).items

    assert [people_in(rows)[thread.pk] for thread in threads] == [2, 2, 2, 2, 2, 1]


def test_a_cursor_that_is_not_ours_is_refused(bob: User, workspace: Workspace) -> None:
    for text in ("x", "Mi4xLjE", "MS45OTk5OTk5OTk5OTk5OTk5OTk5OS4x"):
        with pytest.raises(InvalidCursorError):
            thread_list(bob, workspace, after=text)


@pytest.mark.parametrize("depth", [1, 1000])
def test_what_few_threads_have_is_found_behind_many_without_it(
    bob: User, workspace: Workspace, source: Source, depth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread_table, "_DEPTH", depth)
    monkeypatch.setattr(thread_table, "_DEPTH_OF_WORDS", depth)
    rare = {"title": "A leak", "labels": ["bug"], "kind": ThreadKind.DISCUSSION}
    leaks = []
    for number in range(9):
        thread = make_thread(source=source, **({} if number % 3 else rare))  # type: ignore[arg-type]
        make_message(thread=thread, kind=MessageKind.OPENED)
        leaks += [] if number % 3 else [thread.pk]
    Thread.objects.filter(pk__in=leaks).update(assignees=[{"id": "1", "login": "Octo"}])
    search_catch_up(seconds=10)

    for filters in (
        ThreadFilters(title="leaks"),
        ThreadFilters(search="leak"),
        ThreadFilters(search='"a leak"', states=[ThreadState.OPEN]),
        ThreadFilters(labels=["bug"]),
        ThreadFilters(kinds=[ThreadKind.DISCUSSION]),
        ThreadFilters(assignees=["octo"]),
        ThreadFilters(without=ThreadFilters(kinds=[ThreadKind.ISSUE])),
    ):
        for sort in ThreadSort:
            assert listed(bob, workspace, filters=filters, sort=sort) == leaks[::-1]
