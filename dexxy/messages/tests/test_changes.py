"""The log of changes: what is noted, what followers get of it, and when they start anew."""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.messages.changes.followers import follow, followers_behind
from dexxy.messages.changes.positions import Position, horizon
from dexxy.messages.changes.pruning import changes_prune
from dexxy.messages.changes.reading import Reading, changes_read
from dexxy.messages.erasure import bodies_erase
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.following import StartAfreshError, feed_changes
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.archiving import GoneThread, threads_archive
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.stored_threads import stored_thread, threads_lock
from dexxy.messages.models import (
    ArchivedReason,
    Change,
    Epoch,
    Follower,
    Message,
    Thread,
    ThreadKind,
)
from dexxy.messages.selectors import feed_page
from dexxy.messages.tests.test_ingest import THREAD, apply, comment, reply, shown
from dexxy.sources.models import Source
from tests.factories import changes_settle, make_message, make_source, make_thread, make_workspace
from tests.other_writer import other_writer

Noted = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def source_key(source: Source) -> SourceKey:
    return SourceKey(source.workspace_id, source.pk, source.server)


@pytest.fixture
def noted(source_key: SourceKey) -> Noted:
    """Return what was noted since it was last asked: kind, and whose thread or message."""

    def read() -> list[tuple[str, str]]:
        found = []
        for change in Change.objects.order_by("pk"):
            message = Message.objects.filter(pk=change.message_id or 0).first()
            found.append((change.kind, str(message.external_id) if message else "thread"))
        Change.objects.all().delete()
        return found

    return read


def test_a_first_sync_notes_one_change_a_thread(source_key: SourceKey, noted: Noted) -> None:
    apply(source_key, shown(comment(1), comment(2)))

    assert noted() == [("written", "thread")]


def test_what_comes_again_as_it_was_is_no_change(source_key: SourceKey, noted: Noted) -> None:
    apply(source_key, shown(comment(1)))
    noted()

    apply(source_key, shown(comment(1)))
    apply(source_key, shown(replace(comment(1), version_at=comment(9).version_at)))

    assert noted() == []


def test_each_message_that_is_written_edited_or_removed_is_noted(
    source_key: SourceKey, noted: Noted
) -> None:
    apply(source_key, shown(comment(1), comment(2)))
    noted()

    apply(source_key, shown(replace(comment(1), body="edited"), comment(3)))

    assert sorted(noted()) == [("edited", "1"), ("removed", "2"), ("written", "3")]


def test_an_answer_to_what_is_gone_is_edited_and_a_new_one_is_written_alone(
    source_key: SourceKey, noted: Noted
) -> None:
    talk = replace(THREAD, kind=ThreadKind.DISCUSSION)
    apply(source_key, shown(comment(1), thread=talk))
    noted()

    apply(source_key, shown(comment(1), reply(2, to="1"), thread=talk))
    assert noted() == [("written", "2")]

    gone = replace(comment(1), is_deleted=True)
    apply(source_key, shown(gone, reply(2, to="1"), thread=talk))
    assert sorted(noted()) == [("edited", "2"), ("removed", "1")]


def test_what_comes_into_a_thread_at_once_is_one_change(
    workspace: Workspace, source_key: SourceKey, noted: Noted
) -> None:
    apply(source_key, shown(comment(1)))
    apply(source_key, shown(comment(1), thread=replace(THREAD, number=8)))
    noted()
    more = [comment(number) for number in range(2, 6)]

    apply(source_key, shown(comment(1), *more), shown(comment(1), thread=replace(THREAD, number=8)))

    [change] = Change.objects.all()
    changes_settle()
    assert read_all(workspace, Position(), 2) == [
        pk
        for pk, key in Message.objects.order_by("pk").values_list("pk", "external_id")
        if key in {record.external_id for record in more}
    ]
    assert (change.kind, change.thread_id) == ("written", Thread.objects.get(number=7).pk)


def test_a_new_title_is_a_change_of_the_thread(source_key: SourceKey, noted: Noted) -> None:
    apply(source_key, shown(comment(1)))
    noted()

    apply(source_key, shown(comment(1), thread=replace(THREAD, title="It works")))

    assert noted() == [("edited", "thread")]


def test_a_thread_that_goes_is_one_change(source_key: SourceKey, noted: Noted) -> None:
    [stored] = apply(source_key, shown(comment(1), comment(2)))
    noted()

    asked_at = datetime.now(UTC)
    thread = stored_thread(threads_lock([stored.id])[stored.id], asked_at=asked_at)
    threads_archive([GoneThread(thread, ArchivedReason.MISSING)], asked_at=asked_at)

    assert noted() == [("removed", "thread")]


def test_words_that_are_taken_away_are_an_edit(source_key: SourceKey, noted: Noted) -> None:
    apply(source_key, shown(comment(1), comment(2)))
    noted()
    author = Message.objects.get(external_id="1").author_id

    assert author is not None
    assert bodies_erase(source_key.workspace_id, [author]) == 2
    assert noted() == [("edited", "1"), ("edited", "2")]


def read_all(workspace: Workspace, after: Position, limit: int) -> list[int]:
    """Read the log to its end, LIMIT at a time."""
    found: list[int] = []
    now = horizon()
    while True:
        reading = changes_read(workspace.pk, after, limit=limit, horizon=now)
        assert len(reading.happenings) <= limit
        found += reading.messages
        if not reading.has_more:
            return found
        assert reading.end > after
        after = reading.end


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_a_change_that_stands_for_many_messages_is_read_in_pages(
    workspace: Workspace, source_key: SourceKey, limit: int
) -> None:
    apply(source_key, shown(*(comment(number) for number in range(4))))
    apply(source_key, shown(comment(9), thread=replace(THREAD, number=8)))
    empty = make_thread(source=Source.objects.get(pk=source_key.source_id), number=1000)
    Change.objects.create(
        workspace=workspace,
        epoch=horizon().epoch,
        transaction_id=1,
        kind="written",
        thread_id=empty.pk,
    )
    changes_settle()

    found = read_all(workspace, Position(), limit)

    assert sorted(found) == sorted(Message.objects.values_list("pk", flat=True))
    assert len(found) == 7


def running_in(database: str) -> Any:
    """Return a transaction that has a number and goes on, in a database of our cluster."""
    other = psycopg.connect(**{**connection.get_connection_params(), "dbname": database})
    other.execute("SELECT pg_current_xact_id()")
    return other


@pytest.mark.django_db(transaction=True)
def test_a_transaction_in_another_database_holds_nobody_up(source_key: SourceKey) -> None:
    with closing(running_in("postgres")), closing(running_in("postgres")):
        apply(source_key, shown(comment(1)))
        now, newest = horizon(), Change.objects.latest("transaction_id").transaction_id

    assert newest < now.oldest_running == now.next_unused


@pytest.mark.django_db(transaction=True)
def test_nobody_reads_beyond_a_transaction_of_our_own(source_key: SourceKey) -> None:
    ours = connection.settings_dict["NAME"]
    with closing(running_in("postgres")), closing(running_in(ours)):
        apply(source_key, shown(comment(1)))
        first = Change.objects.earliest("transaction_id").transaction_id
        assert horizon().oldest_running < first

    with closing(running_in("postgres")), transaction.atomic():
        apply(source_key, shown(comment(2)))
        own = Change.objects.latest("transaction_id").transaction_id
        # What this transaction still does is not settled either.
        assert first < horizon().oldest_running <= own


def test_a_new_title_lets_the_opening_be_found_by_it(
    alice: User, workspace: Workspace, source_key: SourceKey
) -> None:
    apply(source_key, shown(comment(1)))
    search_catch_up(seconds=10)
    apply(source_key, shown(comment(1), thread=replace(THREAD, title="Xylophone")))
    changes_settle()
    search_catch_up(seconds=10)

    [found] = feed_page(alice, workspace, FeedFilters(search="xylophone")).items
    assert found.kind == "opened"


def test_followers_of_one_name_work_in_each_workspace_that_waits(
    workspace: Workspace, source: Source
) -> None:
    other = make_workspace()
    message = make_message(thread=make_thread(source=source))
    make_message(thread=make_thread(source=make_source(workspace=other)))
    worked: list[Reading] = []

    assert followers_behind("made up") == [workspace.pk, other.pk]
    while workspace.pk in followers_behind("made up"):
        assert follow(workspace.pk, "made up", worked.append, limit=10)

    assert [reading.messages for reading in worked] == [[message.pk], []]
    assert followers_behind("made up") == [other.pk]
    assert followers_behind("another") == [workspace.pk, other.pk]


def test_a_follower_whose_work_fails_stays_where_it_was(
    workspace: Workspace, source: Source
) -> None:
    make_message(thread=make_thread(source=source))

    def fail(reading: Reading) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        follow(workspace.pk, "made up", fail, limit=10)
    assert followers_behind("made up") == [workspace.pk]


def test_old_changes_are_deleted_and_young_ones_kept(
    workspace: Workspace, source: Source, settings: LazySettings
) -> None:
    settings.DEXXY_KEEP_CHANGES = 3
    thread = make_thread(source=source)
    for _ in range(3):
        make_message(thread=thread)
    changes_settle()
    age(Change.objects.order_by("pk")[:2], days=4)

    assert changes_prune() == 2
    assert Change.objects.count() == 1
    assert changes_prune() == 0


def age(changes: Any, *, days: int) -> None:
    keys = [change.pk for change in changes]
    then = datetime.now(UTC) - timedelta(days=days)
    Change.objects.filter(pk__in=keys).update(noted_at=then)


def test_search_starts_again_where_changes_were_deleted_before_it_read_them(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread, body="before")
    search_catch_up(seconds=10)
    late = make_message(thread=thread, body="late")
    changes_settle()
    age([Change.objects.get(message_id=late.pk)], days=4000)
    age(Change.objects.all(), days=4000)
    assert changes_prune() == 2
    make_message(thread=thread, body="after")
    Change.objects.update(transaction_id=2)

    search_catch_up(seconds=10)

    for word in ("before", "late", "after"):
        assert len(feed_page(alice, workspace, FeedFilters(search=word)).items) == 1, word


def test_a_client_hears_in_the_api_that_it_has_to_start_afresh_and_where(
    ask: Ask, alice: User, workspace: Workspace, source: Source
) -> None:
    document = """query ($workspace: ID!, $after: String) {
        activityChanges(workspaceId: $workspace, after: $after) { endCursor } }"""
    now = horizon()
    of_before = str(Position(now.epoch - 1, now.oldest_running - 1, 1, 1))

    answer = ask(document, alice, workspace=str(workspace.pk), after=of_before)

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "START_AFRESH"
    assert "read activityFeed anew" in error["message"]
    start = error["extensions"]["startCursor"]
    again = ask(document, alice, workspace=str(workspace.pk), after=start)
    assert again["data"]["activityChanges"]["endCursor"] == start


def test_a_cursor_of_deleted_changes_is_told_to_start_afresh(
    alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread)
    before = str(Position(horizon().epoch))
    changes_settle()
    assert len(feed_changes(alice, workspace, after=before).items) == 1
    behind = str(Position(horizon().epoch, 1, Change.objects.get().pk, 2**63 - 1))
    age(Change.objects.all(), days=4000)
    changes_prune()

    with pytest.raises(StartAfreshError):
        feed_changes(alice, workspace, after=before)
    assert feed_changes(alice, workspace, after=behind).items == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "begins"),
    [
        ("cluster = 'another/1'", True),  # a physical copy, or one that was promoted
        ("cluster = ''", False),  # the server did not tell its name
        ("written_by = written_by + 1", True),  # a restored row
    ],
)
def test_an_epoch_begins_where_its_row_is_not_of_this_cluster(change: str, begins: bool) -> None:
    before = horizon().epoch
    with connection.cursor() as cursor:
        cursor.execute("UPDATE messages_epoch SET written_by = xmin::text::bigint")
        cursor.execute(f"UPDATE messages_epoch SET {change}")  # noqa: S608

    assert (horizon().epoch > before) is begins
    assert horizon() == horizon()


def test_a_workspace_that_is_deleted_takes_its_log_and_followers_with_it(
    workspace: Workspace, source: Source
) -> None:
    make_message(thread=make_thread(source=source))
    search_catch_up(seconds=10)

    Thread.objects.all().delete()
    source.delete()
    workspace.delete()

    assert not Change.objects.exists()
    assert not Follower.objects.exists()
    assert Epoch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_writer_who_waits_for_another_notes_what_it_changes_back(source: Source) -> None:
    key = SourceKey(source.workspace_id, source.pk, source.server)
    horizon()  # else both would begin the epoch
    before = shown(comment(1))
    after = shown(replace(comment(1), body="edited"), thread=replace(THREAD, title="Of the other"))
    with transaction.atomic():
        apply(key, before)
    Change.objects.all().delete()

    with other_writer(lambda: apply(key, after)), transaction.atomic():
        apply(key, before)

    assert Thread.objects.get().title == THREAD.title
    assert Counter(Change.objects.values_list("kind", "message_id")) == {
        ("edited", None): 2,
        ("edited", Message.objects.get(external_id="1").pk): 2,
    }
