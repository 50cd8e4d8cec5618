"""What is stored becomes what the platform shows; who wins when two say different things."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dexxy.common.sql import gathering
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import Identity, IdentityKind, Member
from dexxy.messages.ingest.archiving import GoneThread, threads_archive
from dexxy.messages.ingest.authors import authors_apply
from dexxy.messages.ingest.hints import SourceHint, hints_apply
from dexxy.messages.ingest.message_rows import messages_apply
from dexxy.messages.ingest.records import (
    UNSET,
    Hint,
    MessageRecord,
    Scope,
    Snapshot,
    SourceKey,
    ThreadRecord,
)
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.ingest.snapshots import snapshots_apply
from dexxy.messages.ingest.stored_threads import StoredThread, stored_thread, threads_lock
from dexxy.messages.models import (
    ArchivedReason,
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.sources.models import Source

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALICE = IdentityRecord("1", IdentityKind.USER, "alice", "Alice")
BOB = IdentityRecord("2", IdentityKind.USER, "bob", "Bob")
HELPER = IdentityRecord("3", IdentityKind.BOT, "helper[bot]")
COMMENTS = Scope(frozenset({MessageKind.COMMENT}))
THREAD = ThreadRecord(
    kind=ThreadKind.ISSUE,
    number=7,
    node_id="I_7",
    title="It breaks",
    state=ThreadState.OPEN,
    url="https://github.com/o/r/issues/7",
    author=ALICE,
    opened_at=START,
    version_at=START,
)


def comment(number: int, author: IdentityRecord | None = BOB, body: str = "Hm.") -> MessageRecord:
    at = START + number * MINUTE
    return MessageRecord(
        MessageKind.COMMENT, str(number), author, occurred_at=at, version_at=at, body=body
    )


def shown(*messages: MessageRecord, thread: ThreadRecord = THREAD) -> Snapshot:
    opened = MessageRecord(
        MessageKind.OPENED,
        str(thread.number),
        thread.author,
        occurred_at=thread.opened_at,
        version_at=thread.version_at,
        body="Always.",
    )
    return Snapshot(thread, (opened, *messages), (COMMENTS,))


@pytest.fixture
def source_key(source: Source) -> SourceKey:
    return SourceKey(source.workspace_id, source.pk, source.server)


def apply(
    source_key: SourceKey, *snapshots: Snapshot, at: datetime | None = None
) -> list[StoredThread]:
    return snapshots_apply(source_key, snapshots, asked_at=at or timezone.now())


def comments() -> list[tuple[str, str, str]]:
    """Return id, body and why it is archived of each stored comment."""
    rows = Message.objects.filter(kind="comment").order_by("external_id")
    return [(m.external_id, m.body, m.archived_reason) for m in rows]


def test_a_snapshot_is_stored_whole(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1), comment(2, author=None)))

    thread = Thread.objects.get()
    assert (thread.number, thread.title, thread.state) == (7, "It breaks", "open")
    assert thread.author == Identity.objects.get(username="alice")
    assert thread.message_count == 3
    assert (thread.first_activity_at, thread.last_activity_at) == (START, START + 2 * MINUTE)
    assert [(m.kind, m.author and m.author.username) for m in thread.messages.order_by("id")] == [
        ("comment", "bob"),
        ("comment", None),
        ("opened", "alice"),
    ]


CLOSED = replace(comment(1), kind=MessageKind.CLOSED)
MERGED = replace(comment(2), kind=MessageKind.MERGED)
FIXED = replace(
    comment(2), kind=MessageKind.CLOSED, details={"subject": {"type": "commit", "oid": "c0ffee"}}
)
SPAM = replace(comment(1), details={"minimized": "SPAM"})
OUTDATED = replace(comment(2), details={"minimized": "OUTDATED"})
WRAPPER = replace(comment(1), kind=MessageKind.REVIEW, in_feed=False)
TOMBSTONE = replace(comment(1), is_deleted=True)


@pytest.mark.parametrize(
    ("messages", "count", "answered_after"),
    [
        ((), 1, None),
        ((comment(1, author=ALICE), comment(2, author=HELPER), comment(3, author=None)), 4, None),
        ((comment(5), comment(2, author=ALICE), comment(3), comment(1, author=HELPER)), 5, 3),
        ((CLOSED,), 2, None),
        ((CLOSED, comment(4)), 3, 4),
        ((WRAPPER, comment(2)), 2, 2),
        ((TOMBSTONE,), 1, None),
        ((comment(-3), comment(-1)), 3, -3),
        ((MERGED, comment(4)), 3, 2),
        ((replace(MERGED, author=ALICE),), 2, None),
        ((SPAM, OUTDATED), 3, 2),
        ((FIXED, comment(4)), 3, 2),
        ((replace(FIXED, author=ALICE),), 2, None),
    ],
)
@pytest.mark.parametrize("is_ghost", [False, True])
def test_a_new_thread_knows_of_its_messages_what_settling_it_would_find(
    source_key: SourceKey,
    messages: tuple[MessageRecord, ...],
    count: int,
    answered_after: int | None,
    is_ghost: bool,
) -> None:
    author = None if is_ghost else ALICE
    (stored,) = apply(source_key, shown(*messages, thread=replace(THREAD, author=author)))
    new = Thread.objects.values().get()

    threads_settle([stored.id])

    assert Thread.objects.values().get() == new
    assert new["message_count"] == count
    assert new["first_activity_at"] == START + min(0, answered_after or 0) * MINUTE
    if not is_ghost:
        answered_at = answered_after and START + answered_after * MINUTE
        assert new["first_response_at"] == answered_at


def reply(number: int, to: str) -> MessageRecord:
    answer = comment(number)
    return replace(answer, kind=MessageKind.REPLY, details={"in_reply_to": to})


def test_what_hangs_on_something_that_a_whole_list_does_not_hold_is_archived(
    source_key: SourceKey,
) -> None:
    talk = replace(THREAD, kind=ThreadKind.DISCUSSION)
    (thread,) = apply(source_key, shown(comment(1), thread=talk))
    late = [(thread, reply(2, to="1")), (thread, reply(3, to="of which only this reply tells"))]
    messages_apply(source_key, late, authors_apply(source_key, [BOB], asked_at=timezone.now()))

    apply(source_key, shown(comment(1), thread=talk))

    replies = Message.objects.filter(kind="reply").order_by("external_id")
    assert [(m.external_id, m.archived_reason) for m in replies] == [("2", ""), ("3", "missing")]


def test_the_same_snapshot_again_writes_nothing(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1)))
    before = list(Message.objects.order_by("pk").values()), Thread.objects.values().get()

    apply(source_key, shown(comment(1)))

    assert (list(Message.objects.order_by("pk").values()), Thread.objects.values().get()) == before


def test_what_a_whole_list_no_longer_holds_is_archived_and_comes_back_with_it(
    source_key: SourceKey,
) -> None:
    apply(source_key, shown(comment(1), comment(2)))

    apply(source_key, shown(comment(2)))
    assert comments() == [("1", "Hm.", "missing"), ("2", "Hm.", "")]
    assert Thread.objects.get().message_count == 2

    apply(source_key, shown(comment(1), comment(2)))
    assert comments() == [("1", "Hm.", ""), ("2", "Hm.", "")]


def test_a_list_that_was_not_read_to_its_end_archives_nothing(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1), comment(2)))

    apply(source_key, replace(shown(comment(2)), complete=()))

    assert comments() == [("1", "Hm.", ""), ("2", "Hm.", "")]


def test_other_kinds_and_other_threads_are_not_touched_by_a_list_s_end(
    source_key: SourceKey,
) -> None:
    other = replace(THREAD, number=8, node_id="I_8")
    apply(source_key, shown(comment(1)), shown(comment(2), thread=other))

    apply(source_key, shown())

    assert comments() == [("1", "Hm.", "missing"), ("2", "Hm.", "")]
    assert Message.objects.filter(kind="opened", is_archived=False).count() == 2


def test_a_snapshot_is_the_truth_whatever_its_versions_say(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1, body="Newer, so it says."), thread=_version(9)))

    apply(source_key, shown(comment(1, body="True."), thread=replace(_version(1), title="True")))

    assert comments() == [("1", "True.", "")]
    assert Thread.objects.get().title == "True"


def _version(minutes: int) -> ThreadRecord:
    return replace(THREAD, version_at=START + minutes * MINUTE)


def test_a_snapshot_asked_for_right_after_a_webhook_obeys_the_versions(
    source_key: SourceKey,
) -> None:
    apply(source_key, shown(comment(1), comment(2), thread=_version(9)))
    now = timezone.now()
    Thread.objects.update(hinted_at=now, refetch_at=now + MINUTE)

    stale = replace(comment(1, body="Stale."), version_at=START)
    apply(source_key, shown(stale, thread=replace(_version(1), title="Stale")))

    assert comments() == [("1", "Hm.", ""), ("2", "Hm.", "")]
    thread = Thread.objects.get()
    assert (thread.title, thread.refetch_at) == ("It breaks", now + MINUTE)


def test_on_a_tie_of_versions_the_snapshot_wins(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1)))
    Thread.objects.update(hinted_at=timezone.now())

    apply(source_key, shown(comment(1, body="Of the same second."), thread=_version(0)))

    assert comments() == [("1", "Of the same second.", "")]


def test_a_snapshot_asked_for_right_after_a_webhook_revives_nothing(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1)))
    Message.objects.filter(kind="comment").update(is_archived=True, archived_reason="deleted")
    Thread.objects.update(hinted_at=timezone.now(), is_archived=True, archived_reason="deleted")

    apply(source_key, shown(comment(1, body="Not deleted yet here.")))

    assert [reason for _, _, reason in comments()] == ["deleted"]
    assert Thread.objects.get().archived_reason == "deleted"


def test_once_the_webhook_has_settled_the_snapshot_is_the_truth_and_the_mark_goes(
    source_key: SourceKey,
) -> None:
    apply(source_key, shown(comment(1), comment(2)))
    asked_at = timezone.now()
    Thread.objects.update(hinted_at=asked_at - MINUTE, refetch_at=asked_at)

    apply(source_key, shown(comment(2)), at=asked_at)

    assert comments() == [("1", "Hm.", "missing"), ("2", "Hm.", "")]
    assert Thread.objects.get().refetch_at is None


def test_a_mark_that_is_younger_than_the_request_stays(source_key: SourceKey) -> None:
    asked_at = timezone.now()
    apply(source_key, shown(comment(1)))
    Thread.objects.update(refetch_at=asked_at + MINUTE / 60)

    apply(source_key, shown(comment(1)), at=asked_at)

    assert Thread.objects.get().refetch_at == asked_at + MINUTE / 60


def test_a_webhook_that_came_while_the_snapshot_was_under_way_is_still_due(
    source_key: SourceKey,
) -> None:
    asked_at = timezone.now()
    apply(source_key, shown(comment(1)))
    came_at = timezone.now()
    Thread.objects.update(hinted_at=came_at, refetch_at=came_at)

    apply(source_key, shown(comment(1)), at=asked_at)

    assert Thread.objects.get().refetch_at == came_at


@pytest.mark.parametrize(
    ("hinted", "marked", "archived", "due"),
    [
        (None, -1, True, None),
        (None, 1, True, 1),
        (-60, 0, True, None),
        (-59, 0, False, 1),
        (1, 1, False, 61),
    ],
)
def test_a_thread_that_is_gone_is_archived_unless_a_webhook_may_know_better(
    source_key: SourceKey, hinted: int | None, marked: int, archived: bool, due: int | None
) -> None:
    def at(seconds: int | None) -> datetime | None:
        return None if seconds is None else asked_at + timedelta(seconds=seconds)

    asked_at = timezone.now()
    [stored] = apply(source_key, shown(comment(1)))
    Thread.objects.update(hinted_at=at(hinted), refetch_at=at(marked))
    thread = stored_thread(threads_lock([stored.id])[stored.id], asked_at=asked_at)

    threads_archive([GoneThread(thread, ArchivedReason.MISSING)], asked_at=asked_at)

    row = Thread.objects.get()
    assert (row.is_archived, row.refetch_at) == (archived, at(due))
    assert Message.objects.filter(is_archived=True).count() == (2 if archived else 0)


def test_no_version_lies_in_the_future(source_key: SourceKey) -> None:
    ahead = timezone.now() + timedelta(days=1)

    apply(source_key, shown(thread=replace(THREAD, version_at=ahead)))

    assert Thread.objects.get().version_at < ahead
    assert Message.objects.get().version_at < ahead


def test_a_new_person_becomes_a_member_of_their_own(source_key: SourceKey) -> None:
    apply(source_key, shown(comment(1), comment(2, author=HELPER)))

    assert list(Member.objects.order_by("display_name").values_list("display_name", "is_bot")) == [
        ("Alice", False),
        ("Bob", False),
        ("helper[bot]", True),
    ]
    for identity in Identity.objects.all():
        assert identity.member_id == identity.home_member_id


def test_a_new_name_reaches_identity_and_member_but_not_one_set_by_hand(
    source_key: SourceKey,
) -> None:
    apply(source_key, shown(comment(1)))
    Member.objects.filter(display_name="Alice").update(display_name="Alice from support")

    renamed = replace(THREAD, author=replace(ALICE, name="Alicia", username="alicia"))
    apply(source_key, shown(comment(1, author=replace(BOB, name="Bobby")), thread=renamed))

    assert set(Identity.objects.values_list("username", "name")) == {
        ("alicia", "Alicia"),
        ("bob", "Bobby"),
    }
    names = set(Member.objects.values_list("display_name", flat=True))
    assert names == {"Alice from support", "Bobby"}


def test_an_older_answer_does_not_bring_an_old_name_back(source_key: SourceKey) -> None:
    now = timezone.now()
    apply(source_key, shown(comment(1, author=replace(BOB, name="Bobby"))), at=now)

    apply(source_key, shown(comment(1)), at=now - MINUTE)

    assert Identity.objects.get(username="bob").name == "Bobby"


def test_a_whole_page_takes_a_constant_number_of_messages(source_key: SourceKey) -> None:
    def messages(first: int, threads: int) -> int:
        numbers = range(first, first + threads)
        page = [shown(comment(n), thread=replace(THREAD, number=n)) for n in numbers]
        with CaptureQueriesContext(connection) as queries, gathering():
            apply(source_key, *page)
        return len(queries)

    apply(source_key, shown(comment(1)))

    assert messages(100, threads=1) == messages(200, threads=60) == 4
    assert messages(100, threads=1) == messages(200, threads=60) == 6


def test_an_answer_points_to_what_it_answers_in_a_new_thread_and_in_a_known_one(
    source_key: SourceKey,
) -> None:
    answers = [replace(comment(n), details={"in_reply_to": str(n - 1)}) for n in (2, 3)]

    apply(source_key, shown(comment(1), answers[0]))
    assert _parents() == {"2": "1"}

    apply(source_key, shown(comment(1), *answers))
    assert _parents() == {"2": "1", "3": "2"}


def test_an_answer_points_to_nothing_once_the_platform_says_so_or_what_it_answers_is_gone(
    source_key: SourceKey,
) -> None:
    talk = replace(THREAD, kind=ThreadKind.DISCUSSION)
    answer = replace(comment(4), details={"in_reply_to": "3"})
    apply(source_key, shown(comment(1), reply(2, to="1"), comment(3), answer, thread=talk))
    assert _parents() == {"2": "1", "4": "3"}
    tombstone = replace(comment(1), body="", is_deleted=True)
    after = shown(tombstone, reply(2, to="1"), replace(answer, details={}), thread=talk)

    apply(source_key, after)

    assert _parents() == {}
    later = list(_shown_rows())
    Message.objects.all().delete()
    Thread.objects.all().delete()
    apply(source_key, after)
    assert list(_shown_rows()) == later


def _shown_rows() -> Iterator[tuple[Any, ...]]:
    live = Message.objects.filter(is_archived=False).order_by("kind", "external_id")
    yield from live.values_list("kind", "external_id", "body", "details", "parent__external_id")


def _parents() -> dict[str, str]:
    answers = Message.objects.filter(parent__isnull=False)
    return dict(answers.values_list("external_id", "parent__external_id"))


def test_text_in_every_script_is_stored_as_it_is(source_key: SourceKey) -> None:
    body = "héllo 你好 🐜 \\N {curly} %s 'quoted' \"double\" \t tab"

    apply(
        source_key, shown(comment(1, body=body), thread=replace(THREAD, labels=('a"b', "c,d", "ü")))
    )

    assert comments() == [("1", body, "")]
    assert Thread.objects.get().labels == ['a"b', "c,d", "ü"]


def test_a_hint_changes_the_details_that_it_carries_and_takes_away_what_is_not_there(
    source_key: SourceKey,
) -> None:
    jo = {"id": "5", "login": "jo"}
    details = {"association": "member", "lock_reason": "spam", "sub_issues": {"total": 2}}
    known = replace(THREAD, milestone="1.0", is_locked=True, assignees=(jo,), details=details)
    known = replace(known, issue_type="Bug")
    apply(source_key, shown(thread=known))
    told = replace(
        THREAD,
        category=UNSET,
        milestone=UNSET,
        issue_type=UNSET,
        head_oid="6dcb09b5",
        is_locked=False,
        assignees=(),
        details={"lock_reason": None, "reactions": {"+1": 1}, "sub_issues": {"total": 3}},
    )

    hints_apply([SourceHint(source_key, Hint(told, ()))], received_at=timezone.now())

    thread = Thread.objects.get()
    assert thread.issue_type == "Bug"
    assert (thread.milestone, thread.head_oid, thread.is_locked) == ("1.0", "6dcb09b5", False)
    assert thread.assignees == []
    assert thread.details == {
        "association": "member",
        "reactions": {"+1": 1},
        "sub_issues": {"total": 3},
    }


def test_two_hints_about_a_thread_in_one_batch_add_their_details_up(source_key: SourceKey) -> None:
    first = replace(THREAD, details={"association": "member", "lock_reason": "spam"})
    second = replace(THREAD, details={"lock_reason": None}, version_at=START + MINUTE)
    hints = [SourceHint(source_key, Hint(thread, ())) for thread in (first, second)]

    hints_apply(hints, received_at=timezone.now())

    assert Thread.objects.get().details == {"association": "member"}
