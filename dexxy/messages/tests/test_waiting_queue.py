"""The queue, its order and its lists, and what people decide about the threads in it."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.common.pages import InvalidCursorError, encoded
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.models import Recount, Standing, Thread, ThreadKind, Triage
from dexxy.messages.selectors import ThreadNotFoundError
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.waiting.lists import QueueFilters, Tab
from dexxy.messages.waiting.meanwhile import DecidedMeanwhileError
from dexxy.messages.waiting.pace import queue_pace
from dexxy.messages.waiting.position import queue_position
from dexxy.messages.waiting.queue import queue_page
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.messages.waiting.summary import MOST_LABELS, list_counts, queue_labels, queue_summary
from dexxy.messages.waiting.triage import (
    ColleagueGoneError,
    TriageError,
    thread_note,
    threads_assign,
    threads_set_aside,
    threads_snooze,
)
from dexxy.sources.models import Source
from tests.factories import make_source, make_thread, make_user, make_workspace
from tests.other_writer import other_writer

pytestmark = pytest.mark.django_db

Ask = Callable[..., dict[str, Any]]
NOW = timezone.now()


def ago(days: float) -> str:
    """Return when something was, in the words of a story."""
    return f"{(NOW - timedelta(days=days) - BEGIN) / timedelta(hours=1):.4f}"


@pytest.fixture
def teller(source: Source) -> Teller:
    return Teller(source, team={"T": None})


@pytest.fixture
def queue(teller: Teller, workspace: Workspace) -> list[Thread]:
    """Threads in the order in which they should be answered."""
    threads = teller.tell(
        f"I A opens {ago(50)} | I B opens {ago(40)} | I C opens {ago(60)}, D says {ago(59)}"
        f"| P A opens {ago(20)} | I B opens {ago(3)} | I C opens {ago(5)}, D says {ago(4)}"
        f"| D A opens {ago(0.1)}"
        f"| I A opens {ago(9)}, T says {ago(8)}"
    )
    recount(workspace)
    return threads[:-1]


def recount(workspace: Workspace) -> None:
    threads = list(Thread.objects.filter(workspace=workspace).values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))


def shown(alice: User, workspace: Workspace, tab: Tab = Tab.ALL, **threads: object) -> list[int]:
    kept = ThreadFilters(**threads)  # type: ignore[arg-type]
    page = queue_page(alice, workspace, QueueFilters(tab=tab, threads=kept))
    return [item.thread.pk for item in page.items]


def test_who_waits_longest_comes_first_in_bands_and_whom_nobody_answered_first_in_each(
    alice: User, workspace: Workspace, queue: list[Thread]
) -> None:
    page = queue_page(alice, workspace)

    assert [item.thread for item in page.items] == queue
    assert [item.band for item in page.items] == [0, 0, 0, 1, 2, 2, 3]
    assert [item.message and item.message.body for item in page.items] == ["opens"] * 7
    summary = queue_summary(alice, workspace)
    assert (list(summary.bands), summary.total) == ([3, 1, 2, 1], 7)
    # Others have replied there, so it is not the first row.
    assert (summary.longest, summary.longest_thread_id) == (queue[2].opened_at, queue[2].pk)


def test_the_api_counts_who_waits_and_names_the_thread_of_who_waits_longest(
    ask: Ask, alice: User, workspace: Workspace, queue: list[Thread]
) -> None:
    document = """query ($workspace: ID!, $filters: WaitingFilterInput) {
      waitingSummary(workspaceId: $workspace, filters: $filters) {
        total over30Days days8To30 days2To7 newer longestSince longestThreadId } }"""

    whole = ask(document, alice, workspace=workspace.pk)["data"]["waitingSummary"]
    none = ask(document, workspace=workspace.pk, filters={"labels": ["nobody's"]})

    assert whole == {
        "total": 7,
        "over30Days": 3,
        "days8To30": 1,
        "days2To7": 2,
        "newer": 1,
        "longestSince": queue[2].opened_at.isoformat(),
        "longestThreadId": str(queue[2].pk),
    }
    assert none["data"]["waitingSummary"]["total"] == 0
    assert none["data"]["waitingSummary"]["longestThreadId"] is None


def test_a_row_says_how_many_others_have_written_since_the_wait_began(
    ask: Ask, alice: User, workspace: Workspace, teller: Teller
) -> None:
    [thread] = teller.tell(
        f"I A opens {ago(9)}, C says {ago(8)}, T says {ago(7)}, A says {ago(6)}, D says {ago(5)}"
        f", E says {ago(4)}, D says {ago(3)}, A says {ago(2)}"
    )
    recount(workspace)
    document = (
        "query ($workspace: ID!) { waiting(workspaceId: $workspace) { edges { node { others } } } }"
    )

    [row] = queue_page(alice, workspace).items
    asked = ask(document, alice, workspace=workspace.pk)

    assert (row.pk, row.others) == (thread.pk, 2)
    assert asked["data"]["waiting"]["edges"] == [{"node": {"others": 2}}]


def test_pages_follow_each_other_without_a_gap(
    alice: User, workspace: Workspace, queue: list[Thread]
) -> None:
    found: list[Thread] = []
    after, has_more = None, True
    while has_more:
        page = queue_page(alice, workspace, first=2, after=after)
        found += [item.thread for item in page.items]
        after, has_more = page.end, page.has_more

    assert found == queue


@pytest.mark.parametrize(
    "cursor", ["", "x", "MQ", "MS45OS4xLjE", encoded(f"{-62135596800 * 10**6}.0.0.0")]
)
def test_a_cursor_that_is_not_ours_is_refused(
    alice: User, workspace: Workspace, cursor: str
) -> None:
    with pytest.raises(InvalidCursorError):
        queue_page(alice, workspace, after=cursor)


def test_the_queue_is_filtered_by_repository_kind_and_label(
    alice: User, workspace: Workspace, teller: Teller, queue: list[Thread]
) -> None:
    other = Teller(make_source(workspace=workspace), people=teller.people)
    [elsewhere] = other.tell(f"I A opens {ago(1)}")
    Thread.objects.filter(pk=queue[0].pk).update(labels=["bug"])
    recount(workspace)

    assert shown(alice, workspace, source_ids=[other.source.pk]) == [elsewhere.pk]
    assert shown(alice, workspace, kinds=["pull_request"]) == [queue[3].pk]
    assert shown(alice, workspace, labels=["bug", "other"]) == [queue[0].pk]
    other.source.is_archived = True
    other.source.save()
    assert elsewhere.pk not in shown(alice, workspace)


@pytest.mark.parametrize("are_noted", [True, False])
def test_labels_are_told_by_the_rows_of_the_queue_or_by_threads_where_no_row_says_them(
    alice: User, workspace: Workspace, queue: list[Thread], are_noted: bool
) -> None:
    first, second, *others = (thread.pk for thread in queue)
    Thread.objects.filter(pk__in=[first, second]).update(labels=["bug", "docs"])
    recount(workspace)
    if not are_noted:  # as a process of the release before writes them
        Standing.objects.update(labels=None)
    bugs = QueueFilters(threads=ThreadFilters(labels=["bug", "other"]))
    no_bugs = QueueFilters(threads=ThreadFilters(without=ThreadFilters(labels=["bug"])))

    assert [item.pk for item in queue_page(alice, workspace, bugs).items] == [first, second]
    assert [item.pk for item in queue_page(alice, workspace, no_bugs).items] == others
    assert queue_summary(alice, workspace, bugs).total == 2
    assert list_counts(alice, workspace, bugs)[Tab.ALL] == 2


@pytest.mark.parametrize("are_noted", [True, False])
def test_labels_of_a_list_are_those_of_all_its_rows_the_most_used_first(
    alice: User, workspace: Workspace, queue: list[Thread], are_noted: bool
) -> None:
    first, second, third, *_ = (thread.pk for thread in queue)
    Thread.objects.filter(pk__in=[first, second]).update(labels=["docs", "bug"])
    Thread.objects.filter(pk=third).update(labels=["docs"])
    recount(workspace)
    threads_set_aside(actor=alice, workspace=workspace, thread_ids=[second], is_aside=True)
    make_thread(source=queue[0].source, labels=["elsewhere"])
    if not are_noted:  # as a process of the release before writes them
        Standing.objects.update(labels=None)

    assert queue_labels(alice, workspace) == ["docs", "bug"]
    assert queue_labels(alice, workspace, Tab.ASIDE) == ["bug", "docs"]
    assert queue_labels(alice, workspace, Tab.LATE) == []
    Thread.objects.filter(pk=first).update(labels=[f"l{n:02}" for n in range(MOST_LABELS + 5)])
    recount(workspace)
    assert len(queue_labels(alice, workspace)) == MOST_LABELS


def test_the_pace_of_the_queue_is_its_median_and_what_came_and_went_in_a_week(
    alice: User, workspace: Workspace, teller: Teller, queue: list[Thread]
) -> None:
    aside, *_ = teller.tell(
        f"I A opens {ago(10)}, T says {ago(9)}, A says {ago(6)}"
        f" | I A opens {ago(8)}, T says {ago(6)} | I B opens {ago(2)}, B closes {ago(1)}"
    )
    recount(workspace)

    # Of the queue three came in that week; of its eight four wait for less than six days.
    found = queue_pace(alice, workspace)
    assert (found.arrived, found.answered) == (3 + 2, 2)
    assert found.median == Standing.objects.get(thread=aside).since
    pulls = QueueFilters(threads=ThreadFilters(kinds=[ThreadKind.PULL_REQUEST]))
    assert queue_pace(alice, workspace, pulls).median == Standing.objects.get(thread=queue[3]).since

    threads_set_aside(actor=alice, workspace=workspace, thread_ids=[aside.pk], is_aside=True)
    later = queue_pace(alice, workspace)
    assert (later.arrived, later.answered) == (4, 2)
    Source.objects.update(is_archived=True)
    gone = queue_pace(alice, workspace)
    assert (gone.median, gone.arrived, gone.answered) == (None, 0, 0)


def test_no_thread_is_looked_up_to_filter_the_queue_by_repository_and_kind(
    alice: User, workspace: Workspace, teller: Teller, queue: list[Thread]
) -> None:
    make_source(workspace=workspace, is_archived=True)
    kept = QueueFilters(
        threads=ThreadFilters(source_ids=[teller.source.pk], kinds=[ThreadKind.ISSUE])
    )

    with CaptureQueriesContext(connection) as asked:
        assert list_counts(alice, workspace, kept)[Tab.ALL] == 5
        assert queue_summary(alice, workspace, kept).total == 5
        assert queue_position(alice, workspace, queue[1].pk, kept).number == 2
    assert not [one for one in asked if "messages_thread" in one["sql"]]


def test_each_list_has_its_threads(alice: User, workspace: Workspace, teller: Teller) -> None:
    Source.objects.update(created_at=NOW - timedelta(days=100))
    old, late, ours, second, first = teller.tell(
        f"I A opens {ago(300)} | I B opens {ago(9)}, T closes {ago(8)}, B says {ago(7)}"
        f"| I T opens {ago(6)}, A says {ago(5)} | I A opens {ago(4)} | I C opens {ago(3)}"
    )
    recount(workspace)

    lists = {tab: shown(alice, workspace, tab=tab) for tab in Tab}
    assert lists == {
        Tab.ALL: [second.pk, first.pk],
        Tab.MINE: [],
        Tab.UNASSIGNED: [second.pk, first.pk],
        Tab.FIRST: [first.pk],
        Tab.OURS: [ours.pk],
        Tab.LATE: [late.pk],
        Tab.OLD: [old.pk],
        Tab.SNOOZED: [],
        Tab.ASIDE: [],
    }


def test_an_older_thread_that_comes_or_goes_decides_which_is_the_first(
    alice: User, workspace: Workspace, teller: Teller
) -> None:
    [waits] = teller.tell(f"I A opens {ago(4)}")
    recount(workspace)
    assert shown(alice, workspace, tab=Tab.FIRST) == [waits.pk]

    [older] = teller.tell(f"I A' opens {ago(5)}, T closes {ago(4.5)}")
    standings_recompute(workspace.pk, [older.pk], team_of(workspace.pk))
    assert shown(alice, workspace, tab=Tab.FIRST) == []
    Thread.objects.filter(pk=older.pk).update(is_archived=True, archived_reason="deleted")
    standings_recompute(workspace.pk, [older.pk], team_of(workspace.pk))
    assert list_counts(alice, workspace)[Tab.FIRST] == 1


def test_a_snooze_hides_a_thread_until_its_opener_says_more(
    alice: User, workspace: Workspace, teller: Teller
) -> None:
    [thread, other] = teller.tell(f"I A opens {ago(1.5)} | I B opens {ago(1)}")
    recount(workspace)
    until = NOW + timedelta(days=1)

    threads_snooze(actor=alice, workspace=workspace, thread_ids=[thread.pk], until=until)
    assert shown(alice, workspace) == [other.pk]
    assert shown(alice, workspace, tab=Tab.SNOOZED) == [thread.pk]
    assert queue_summary(alice, workspace).total == 1

    teller.act(thread, "C", "says", ago(0.5))
    recount(workspace)
    assert shown(alice, workspace) == [other.pk]
    teller.act(thread, "A", "says", ago(0.4))
    recount(workspace)
    assert shown(alice, workspace) == [other.pk, thread.pk]
    assert shown(alice, workspace, tab=Tab.SNOOZED) == []


# The lists of which each thread is in one; the others are parts of the first.
APART = (Tab.ALL, Tab.OURS, Tab.LATE, Tab.OLD, Tab.SNOOZED, Tab.ASIDE)
STORIES = {
    Tab.ALL: f"I A opens {ago(4)}",
    Tab.MINE: f"I A opens {ago(4)}",
    Tab.UNASSIGNED: f"I A opens {ago(4)}",
    Tab.FIRST: f"I A opens {ago(4)}",
    Tab.OURS: f"I T opens {ago(6)}, A says {ago(5)}",
    Tab.LATE: f"I B opens {ago(9)}, T closes {ago(8)}, B says {ago(7)}",
    Tab.OLD: f"I A opens {ago(300)}",
}


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("tab", STORIES)
def test_what_is_put_off_is_in_one_list_alone_and_can_be_brought_back_to_its_own(
    ask: Ask, client: Client, alice: User, workspace: Workspace, teller: Teller, tab: Tab
) -> None:
    Source.objects.update(created_at=NOW - timedelta(days=100))
    [thread] = teller.tell(STORIES[tab])
    recount(workspace)
    if tab is Tab.MINE:
        threads_assign(actor=alice, workspace=workspace, thread_ids=[thread.pk], user_id=alice.pk)
    client.force_login(alice)
    root = f"/w/{workspace.slug}/"

    def by_page(action: str, **sent: str) -> None:
        client.post(f"{root}waiting/{action}/", {"thread": thread.pk, **sent})

    def by_api(field: str, arguments: str) -> None:
        document = f"""mutation ($workspace: ID!, $threads: [ID!]!) {{
          {field}(workspaceId: $workspace, threadIds: $threads, {arguments}) {{ threadIds }} }}"""
        answer = ask(document, alice, workspace=workspace.pk, threads=[thread.pk])
        assert "errors" not in answer

    def lists() -> list[Tab]:
        counts = list_counts(alice, workspace)
        found = [one for one in Tab if counts[one]]
        assert sum(counts[one] for one in APART) == 1
        assert shown(alice, workspace, tab=found[0]) == [thread.pk]
        return found

    own = lists()
    assert tab in own
    until = (NOW + timedelta(days=7)).isoformat()
    acts: list[tuple[Tab, str, Callable[[], None], Callable[[], None]]] = [
        (
            Tab.SNOOZED,
            "Wake",
            lambda: by_page("snooze", until="week"),
            lambda: by_api("threadSnooze", "until: null"),
        ),
        (
            Tab.ASIDE,
            "Needs an answer",
            lambda: by_page("aside"),
            lambda: by_api("threadSetAside", "isAside: false"),
        ),
        (
            Tab.SNOOZED,
            "Wake",
            lambda: by_api("threadSnooze", f'until: "{until}"'),
            lambda: by_page("wake"),
        ),
        (
            Tab.ASIDE,
            "Needs an answer",
            lambda: by_api("threadSetAside", "isAside: true"),
            lambda: by_page("back"),
        ),
    ]
    for number, (held, words, put_off, bring_back) in enumerate(acts):
        put_off()
        assert lists() == [held]
        page = f"threads/{thread.pk}/" if number < len(acts) / 2 else f"?tab={held.value}"
        assert re.search(rf"[ >]{words}</button>", client.get(root + page).content.decode())
        bring_back()
        assert lists() == own


def test_a_snooze_ends_in_time_and_can_be_taken_back(
    alice: User, workspace: Workspace, teller: Teller
) -> None:
    threads = teller.tell(f"I A opens {ago(2)} | I B opens {ago(1)}")
    recount(workspace)
    ids = [thread.pk for thread in threads]
    threads_snooze(actor=alice, workspace=workspace, thread_ids=ids, until=NOW + timedelta(days=1))
    assert shown(alice, workspace) == []

    threads[0].refresh_from_db()
    type(threads[0].triage).objects.filter(thread=ids[0]).update(snoozed_until=NOW)
    threads_snooze(actor=alice, workspace=workspace, thread_ids=[ids[1]], until=None)

    assert shown(alice, workspace) == ids


def test_what_is_set_aside_comes_back_with_what_its_author_had_not_seen(
    alice: User, workspace: Workspace, teller: Teller
) -> None:
    [thread] = teller.tell(f"I A opens {ago(2)}")
    recount(workspace)
    seen = NOW - timedelta(days=1)
    teller.act(thread, "A", "says", ago(0.5))
    thread.save()

    threads_set_aside(
        actor=alice, workspace=workspace, thread_ids=[thread.pk], is_aside=True, seen_at=seen
    )
    assert shown(alice, workspace) == [thread.pk]

    threads_set_aside(actor=alice, workspace=workspace, thread_ids=[thread.pk], is_aside=True)
    assert shown(alice, workspace) == []
    assert shown(alice, workspace, tab=Tab.ASIDE) == [thread.pk]
    threads_set_aside(actor=alice, workspace=workspace, thread_ids=[thread.pk], is_aside=False)
    assert shown(alice, workspace) == [thread.pk]
    actions = AuditEntry.objects.filter(workspace=workspace).order_by("pk")
    assert [entry.action for entry in actions] == [
        "thread.set_aside",
        "thread.set_aside",
        "thread.taken_back",
    ]


def test_threads_are_given_to_colleagues_of_the_workspace_alone(
    alice: User, workspace: Workspace, teller: Teller
) -> None:
    threads = teller.tell(f"I A opens {ago(2)} | I B opens {ago(1)}")
    recount(workspace)
    first = threads[0].pk

    threads_assign(actor=alice, workspace=workspace, thread_ids=[first], user_id=alice.pk)

    assert shown(alice, workspace, tab=Tab.MINE) == [first]
    assert shown(alice, workspace, tab=Tab.UNASSIGNED) == [threads[1].pk]
    stranger = make_user()
    with pytest.raises(ColleagueGoneError, match="in this workspace"):
        threads_assign(actor=alice, workspace=workspace, thread_ids=[first], user_id=stranger.pk)
    threads_assign(actor=alice, workspace=workspace, thread_ids=[first], user_id=None)
    assert shown(alice, workspace, tab=Tab.MINE) == []


def test_nobody_decides_about_threads_that_the_workspace_does_not_show(
    alice: User, workspace: Workspace, source: Source
) -> None:
    elsewhere = make_thread(source=make_source(workspace=make_workspace()))
    gone = make_thread(source=source, archived_reason="missing")

    for thread in (elsewhere, gone):
        with pytest.raises(ThreadNotFoundError):
            threads_set_aside(
                actor=alice, workspace=workspace, thread_ids=[thread.pk], is_aside=True
            )
    with pytest.raises(TriageError, match="future"):
        threads_snooze(actor=alice, workspace=workspace, thread_ids=[gone.pk], until=NOW)
    with pytest.raises(TriageError, match="500"):
        threads_set_aside(actor=alice, workspace=workspace, thread_ids=[], is_aside=True)


def test_a_note_is_kept_as_it_was_written(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)

    def note(text: str) -> str:
        return thread_note(actor=alice, workspace=workspace, thread_id=thread.pk, note=text).note

    assert note(" Ask Jo. ") == "Ask Jo."
    assert note("") == ""
    for text in ("x" * 2001, "a\0b"):
        with pytest.raises(TriageError):
            note(text)


Decide = Callable[[User, datetime | None], object]
UNTIL = NOW + timedelta(days=1)


@pytest.fixture
def acts(alice: User, workspace: Workspace, teller: Teller) -> dict[str, Decide]:
    """What can be decided about one thread, each by whoever saw it at some time."""
    [thread] = teller.tell(f"I A opens {ago(2)}")
    Thread.objects.filter(pk=thread.pk).update(title="Leak")
    recount(workspace)
    one: dict[str, Any] = {"workspace": workspace, "thread_ids": [thread.pk]}

    def act(service: Callable[..., object], **decided: object) -> Decide:
        return lambda actor, seen: service(actor=actor, seen_at=seen, **decided)

    return {
        "snooze": act(threads_snooze, until=UNTIL, **one),
        "wake": act(threads_snooze, until=None, **one),
        "aside": act(threads_set_aside, is_aside=True, **one),
        "back": act(threads_set_aside, is_aside=False, **one),
        "to alice": act(threads_assign, user_id=alice.pk, **one),
        "to nobody": act(threads_assign, user_id=None, **one),
        "note": act(thread_note, workspace=workspace, thread_id=thread.pk, note="Ask Jo."),
        "no note": act(thread_note, workspace=workspace, thread_id=thread.pk, note=""),
    }


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("aside", "snooze", "Bob has set it aside meanwhile."),
        ("snooze", "aside", "Bob has snoozed it until"),
        ("snooze", "wake", "Bob has snoozed it until"),
        ("back", "aside", "Bob has put it back into its list meanwhile."),
        ("to alice", "to nobody", "Bob has assigned Alice meanwhile."),
        ("to nobody", "to alice", "Bob has taken it from whoever was assigned meanwhile."),
        ("note", "no note", "Bob has changed the note meanwhile."),
    ],
)
def test_what_a_colleague_has_decided_since_is_said_and_not_overwritten(
    acts: dict[str, Decide], alice: User, bob: User, first: str, second: str, words: str
) -> None:
    seen = timezone.now()
    acts[first](bob, seen)
    kept = Triage.objects.values().get()

    with pytest.raises(DecidedMeanwhileError, match=f"“Leak”: {words}.*Nothing was changed"):
        acts[second](alice, seen)

    assert Triage.objects.values().get() == kept
    # Who has seen it, who decides the same, and who did it may go on.
    acts[first](alice, seen)
    acts[second](alice, seen)
    acts[first](bob, timezone.now())
    acts[second](alice, None)


def test_of_many_threads_none_is_changed_where_a_colleague_has_decided_about_some(
    alice: User, bob: User, workspace: Workspace, queue: list[Thread]
) -> None:
    ids, seen = [thread.pk for thread in queue], timezone.now()
    threads_assign(actor=bob, workspace=workspace, thread_ids=ids[:3], user_id=bob.pk)

    with pytest.raises(DecidedMeanwhileError, match="So it is with 2 more"):
        threads_assign(
            actor=alice, workspace=workspace, thread_ids=ids, user_id=alice.pk, seen_at=seen
        )

    assert Triage.objects.filter(assignee=alice).count() == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_the_second_is_told_what_the_first_did(
    acts: dict[str, Decide], alice: User, bob: User
) -> None:
    seen = timezone.now()

    with (
        other_writer(lambda: acts["aside"](bob, seen)),
        pytest.raises(DecidedMeanwhileError, match="Bob has set it aside meanwhile"),
    ):
        acts["snooze"](alice, seen)

    assert Triage.objects.get().held_by == bob


def test_the_api_refuses_to_overwrite_what_its_caller_has_not_seen(
    ask: Ask, alice: User, bob: User, workspace: Workspace, acts: dict[str, Decide]
) -> None:
    seen = timezone.now()
    for first in ("aside", "to alice", "note"):
        acts[first](bob, None)
    row = Triage.objects.get()
    workspace_and_seen = f'workspaceId: "{workspace.pk}", seenAt: "{seen.isoformat()}"'
    for field in (
        f'threadSnooze(threadIds: ["{row.pk}"], until: null, {workspace_and_seen})',
        f'threadSetAside(threadIds: ["{row.pk}"], isAside: false, {workspace_and_seen})',
        f'threadAssign(threadIds: ["{row.pk}"], {workspace_and_seen})',
        f'threadNote(threadId: "{row.pk}", note: "", {workspace_and_seen})',
    ):
        [error] = ask(f"mutation {{ {field} {{ threadIds }} }}", alice)["errors"]
        assert error["extensions"]["code"] == "DECIDED_MEANWHILE", field

    document = """query ($workspace: ID!) { waiting(workspaceId: $workspace,
      filters: {tab: ASIDE}) { edges { node {
        heldBy { email } assignedBy { email } note notedBy { email } } } } }"""
    [edge] = ask(document, alice, workspace=workspace.pk)["data"]["waiting"]["edges"]
    by_bob = {"email": bob.email}
    assert edge["node"] == {
        "heldBy": by_bob,
        "assignedBy": by_bob,
        "note": "Ask Jo.",
        "notedBy": by_bob,
    }


def test_threads_say_since_when_somebody_waits_and_members_whether_they_are_of_the_team(
    ask: Ask, alice: User, workspace: Workspace, teller: Teller
) -> None:
    Source.objects.update(created_at=NOW - timedelta(days=100))
    waits, answered, snoozed, old = teller.tell(
        f"I A opens {ago(4)} | I T opens {ago(4)}, B says {ago(3)} | I C opens {ago(5)}"
        f"| I D opens {ago(300)}"
    )
    recount(workspace)
    threads_snooze(actor=alice, workspace=workspace, thread_ids=[snoozed.pk], until=UNTIL)
    document = """query ($workspace: ID!) { threads(workspaceId: $workspace) { edges { node {
      id waitingSince author { username member { isTeam } } } } } }"""

    with CaptureQueriesContext(connection) as asked:
        edges = ask(document, alice, workspace=workspace.pk)["data"]["threads"]["edges"]

    nodes = {int(edge["node"]["id"]): edge["node"] for edge in edges}
    assert {pk: node["waitingSince"] for pk, node in nodes.items()} == {
        waits.pk: waits.opened_at.isoformat(),
        **dict.fromkeys((answered.pk, snoozed.pk, old.pk)),
    }
    on_team = {
        node["author"]["username"]: node["author"]["member"]["isTeam"] for node in nodes.values()
    }
    assert on_team == {"A": False, "T": True, "C": False, "D": False}
    # All of them at once.
    assert sum("messages_teamstint" in one["sql"] for one in asked) == 1


def test_a_recount_under_way_is_said(alice: User, workspace: Workspace) -> None:
    assert not queue_summary(alice, workspace).is_recounting
    Recount.objects.create(workspace=workspace)
    assert queue_summary(alice, workspace).is_recounting
