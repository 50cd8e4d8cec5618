"""What may be read from a streaming replica is, and nobody sees the difference who should not."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread as Running
from time import sleep

import dj_database_url
import pytest
from django.conf import settings as of_process
from django.db import connections
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings
from structlog.testing import capture_logs

from dexxy.accounts.models import Membership, User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.accounts.services import last_write_note
from dexxy.common.databases import replica
from dexxy.common.databases.replica_watch import Lag, ReplicaError, ReplicaWatch
from dexxy.doctor import platform
from dexxy.doctor.finding import State
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.embedded.tests.observing import wait_until
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters, ThreadFilters
from dexxy.messages.feed.following import feed_changes
from dexxy.messages.figures.activity import activity
from dexxy.messages.figures.scope import Window
from dexxy.messages.insights import insights
from dexxy.messages.models import Thread
from dexxy.messages.searching import Sought, first_threads, search
from dexxy.messages.selectors import (
    feed_newer,
    feed_page,
    feed_total,
    thread_counts,
    thread_list,
    thread_total,
)
from dexxy.people.export_selection import EVERYTHING as ALL_ROWS
from dexxy.people.export_selection import Asked
from dexxy.people.export_text import export_batch, export_total
from dexxy.people.models import Export, Format
from tests.factories import (
    START,
    make_message,
    make_source,
    make_thread,
    make_user,
    make_workspace,
)
from tests.streaming import Cluster, primary_and_replica

Read = Callable[[User, Workspace], object]
WINDOW = Window(since=START, until=START + timedelta(30), now=START + timedelta(30))
READS: dict[str, Read] = {
    "feed": feed_page,
    "newer in the feed": lambda viewer, workspace: feed_newer(viewer, workspace, EVERYTHING, None),
    "total of the feed": lambda viewer, workspace: feed_total(viewer, workspace, EVERYTHING),
    "threads": thread_list,
    "total of threads": lambda viewer, workspace: thread_total(viewer, workspace, ThreadFilters()),
    "counts of tabs": thread_counts,
    "search": lambda viewer, workspace: search(
        viewer, workspace, Sought(messages=FeedFilters(search="word"))
    ),
    "search of threads": lambda viewer, workspace: first_threads(
        viewer, workspace, ThreadFilters(search="word"), 5
    ),
    "figures": lambda viewer, workspace: activity(viewer, workspace, WINDOW),
    "insights": lambda viewer, workspace: insights(viewer, workspace, WINDOW),
    "rows of an export": lambda viewer, workspace: export_batch(
        Asked(workspace, viewer, ALL_ROWS), Export.MESSAGES, Format.JSON_LINES, ""
    ),
    "total of an export": lambda viewer, workspace: export_total(
        Asked(workspace, viewer, ALL_ROWS), Export.MESSAGES
    ),
}


class Pair:
    """A primary and a replica that this process works on, and a workspace in them."""

    def __init__(self, primary: Cluster, follower: Cluster) -> None:
        self.primary, self.replica = primary, follower
        self.watch = ReplicaWatch()

    def begin(self) -> None:
        """Make a workspace, and let the replica have it."""
        self.alice, self.bob = make_user(), make_user()
        self.workspace = make_workspace(admin=self.alice, member=self.bob)
        self.thread = make_thread(source=make_source(workspace=self.workspace))
        self.follow()

    def write(self) -> int:
        """Write a message as a sync does, and return its id."""
        return make_message(thread=self.thread, body="a word").pk

    def feed(self, viewer: User) -> list[int]:
        return [one.pk for one in feed_page(viewer, self.workspace).items]

    def hold(self) -> None:
        """Let the replica fall behind, which is still well."""
        self.follow()
        self.replica.ask("SELECT pg_wal_replay_pause()")
        state = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
        wait_until(lambda: self.replica.ask(state) == [(True,)], "replay is paused")
        wait_until(self._is_known, "the replica is known")

    def _is_known(self) -> bool:
        try:
            return self.watch.look() is not None
        except ReplicaError:
            return False

    def follow(self) -> None:
        """Let the replica have all that was written."""
        if self.replica.ask("SELECT pg_is_wal_replay_paused()") == [(True,)]:
            self.replica.ask("SELECT pg_wal_replay_resume()")
        [[written]] = self.primary.ask("SELECT pg_current_wal_flush_lsn()::text")
        has_it = f"SELECT pg_last_wal_replay_lsn() >= '{written}'"
        wait_until(lambda: self.replica.ask(has_it) == [(True,)], "the replica follows")
        wait_until(self._is_known, "the replica is known")


@pytest.fixture(scope="module")
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    place = make_place()
    try:
        with primary_and_replica(place) as both:
            yield both
    finally:
        remove_place(place)


@pytest.fixture
def pair(
    clusters: tuple[Cluster, Cluster],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Pair]:
    primary, follower = clusters
    monkeypatch.setitem(of_process.DATABASES, "replica", dict(connections.settings["default"]))
    settings.DATABASE_ROUTERS = ["dexxy.common.databases.replica.Router"]
    settings.DEXXY_REPLICA_LAG = 10
    of_tests, ours = connections["default"], Pair(primary, follower)
    monkeypatch.setattr(replica, "watch", lambda: ours.watch)
    for alias, cluster in (("default", primary), ("replica", follower)):
        connections[alias] = of_tests.copy(alias)
        connections[alias].settings_dict |= dj_database_url.parse(cluster.url())
    with django_db_blocker.unblock():
        try:
            ours.begin()
            yield ours
            ours.follow()
        finally:
            ours.watch.close()
            for alias in ("default", "replica"):
                connections[alias].close()
            connections["default"] = of_tests
            del connections["replica"]


@contextmanager
def asked_of_replica() -> Iterator[list[str]]:
    """Collect the statements that go to the replica."""
    asked: list[str] = []

    def note(execute: Callable[..., object], sql: str, *rest: object) -> object:
        asked.append(sql)
        return execute(sql, *rest)

    with connections["replica"].execute_wrapper(note):
        yield asked


@pytest.mark.parametrize("name", READS)
def test_what_may_be_behind_is_read_from_the_replica(pair: Pair, name: str) -> None:
    pair.write()
    pair.follow()
    with asked_of_replica() as asked:
        answer = READS[name](pair.alice, pair.workspace)

    assert asked
    with replica.writing():
        assert str(READS[name](pair.alice, pair.workspace)) == str(answer)


def test_others_see_what_was_written_when_the_replica_has_it(pair: Pair) -> None:
    pair.hold()
    written = pair.write()

    assert pair.feed(pair.alice) == []

    pair.follow()
    assert pair.feed(pair.alice) == [written]


def test_who_wrote_something_reads_it_and_all_before_it(pair: Pair) -> None:
    pair.hold()
    written = pair.write()
    last_write_note(pair.alice)

    pair.watch.look()
    assert pair.feed(User.objects.get(pk=pair.alice.pk)) == [written]
    assert pair.feed(pair.bob) == []

    pair.follow()
    with asked_of_replica() as asked:
        assert pair.feed(User.objects.get(pk=pair.alice.pk)) == [written]
    assert asked


def test_a_place_in_another_clusters_log_binds_nobody(pair: Pair) -> None:
    pair.alice.last_write = 2**60  # the database was restored since

    with asked_of_replica() as asked:
        pair.feed(pair.alice)

    assert asked


def test_a_replica_that_is_too_far_behind_is_not_read_until_it_follows(
    pair: Pair, settings: Settings
) -> None:
    settings.DEXXY_REPLICA_LAG = 1
    pair.hold()
    written = pair.write()
    pair.watch.look()
    sleep(1.1)
    pair.watch.look()

    assert pair.feed(pair.alice) == [written]

    pair.follow()
    with asked_of_replica() as asked:
        assert pair.feed(pair.alice) == [written]
    assert asked


def test_a_quiet_primary_leaves_no_replica_behind(pair: Pair) -> None:
    pair.follow()
    sleep(0.3)
    pair.watch.look()

    behind = pair.watch.look()

    assert behind is not None
    assert behind < 0.3


def test_nobody_reads_what_was_not_looked_at_lately(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair.watch.lag, "seen_at", pair.watch.lag.seen_at - 10)

    with asked_of_replica() as asked:
        pair.feed(pair.alice)

    assert asked == []


def test_whose_access_is_taken_away_is_refused_at_once(pair: Pair) -> None:
    pair.hold()
    Membership.objects.filter(user=pair.bob).delete()

    with pytest.raises(WorkspaceNotFoundError):
        pair.feed(pair.bob)


def test_who_begins_to_follow_reads_the_feed_up_to_there(pair: Pair) -> None:
    pair.hold()
    written = pair.write()

    feed_changes(pair.alice, pair.workspace)

    assert pair.feed(User.objects.get(pk=pair.alice.pk)) == [written]


def test_nothing_is_read_there_inside_a_transaction(pair: Pair) -> None:
    from django.db import transaction

    with transaction.atomic(), asked_of_replica() as asked:
        written = pair.write()
        assert pair.feed(pair.alice) == [written]

    assert asked == []


def test_what_comes_from_the_replica_is_stored_in_the_primary(pair: Pair) -> None:
    pair.write()
    pair.follow()
    [message] = feed_page(pair.alice, pair.workspace).items
    assert message._state.db == "replica"

    message.body = "other words"
    message.save()

    assert Thread.objects.get(pk=message.thread.pk) == message.thread
    assert [one.body for one in pair.thread.messages.all()] == ["other words"]


def test_a_replica_that_dies_under_a_reader_costs_nothing_but_a_line(pair: Pair) -> None:
    written = pair.write()
    pair.follow()
    pair.feed(pair.alice)
    pair.replica.stop()
    try:
        with capture_logs() as logs:
            assert pair.feed(pair.alice) == [written]
            assert pair.feed(pair.alice) == [written]
    finally:
        pair.replica.start("-c", "hot_standby=on")

    [line] = logs
    assert (line["event"], line["meanwhile"]) == (
        "the replica is not read from",
        "the primary is",
    )
    pair.follow()
    with asked_of_replica() as asked:
        pair.feed(pair.alice)
    assert asked


def test_a_replica_that_hangs_holds_nobody_up(pair: Pair) -> None:
    written = pair.write()
    pair.follow()
    pair.feed(pair.alice)
    pair.replica.signal(signal.SIGSTOP)
    try:
        watching = Running(target=pair.watch._looked)
        watching.start()
        assert pair.feed(pair.alice) == [written]
        watching.join()
        assert not pair.watch.is_well()
    finally:
        pair.replica.signal(signal.SIGCONT)
    assert pair.watch._looked()[1] == ""


def test_the_doctor_says_how_far_it_is(pair: Pair) -> None:
    [finding] = platform.replica()

    assert finding.state is State.OK
    assert finding.says.startswith("It answers, and is 0.")


def test_the_doctor_finds_one_that_is_behind(pair: Pair, settings: Settings) -> None:
    pair.hold()
    settings.DEXXY_REPLICA_LAG = 1
    pair.write()

    [finding] = platform.replica()

    assert finding.state is State.FAILED
    assert finding.says.startswith("It is more than 1 seconds behind, and not read from.")
    assert "DEXXY_REPLICA_LAG" in finding.fix


def test_the_doctor_finds_what_is_no_replica(pair: Pair) -> None:
    connections["replica"].settings_dict |= dj_database_url.parse(pair.primary.url())

    [finding] = platform.replica()

    assert finding.state is State.FAILED
    assert "follows no other server" in finding.says


def test_pages_and_mutations_note_who_wrote(pair: Pair) -> None:
    client = Client(headers={"accept": "text/html"})
    client.force_login(pair.alice, backend="django.contrib.auth.backends.ModelBackend")

    def note_of(act: Callable[[], object]) -> int:
        User.objects.filter(pk=pair.alice.pk).update(last_write=0)
        act()
        return User.objects.get(pk=pair.alice.pk).last_write

    def ask(document: str) -> object:
        answer = client.post(
            "/graphql/", {"query": document}, "application/json", headers={"accept": "*/*"}
        )
        assert "errors" not in answer.json(), answer.json()
        return answer

    assert note_of(lambda: client.get(f"/w/{pair.workspace.slug}/feed/")) == 0
    assert note_of(lambda: ask("{ __typename }")) == 0
    assert note_of(lambda: ask("mutation { viewerUpdate(input: {}) { __typename } }")) > 0
    assert note_of(lambda: client.post(f"/w/{pair.workspace.slug}/feed/read/")) > 0


def test_the_lag_is_told_by_places_and_not_by_clocks() -> None:
    lag = Lag()

    lag.note(100.0, written=50, replayed=40)
    assert lag.at(100.0) is None  # nobody knows when 40 was written
    lag.note(101.0, written=90, replayed=50)
    assert lag.at(101.0) == 1.0
    lag.note(102.0, written=90, replayed=60)
    assert lag.at(102.5) == 2.5
    lag.note(103.0, written=90, replayed=90)
    assert lag.at(103.0) == 0.0
    assert lag.at(107.0) is None  # nobody looks any more
    lag.note(108.0, written=10, replayed=90)  # another server
    assert lag.at(108.0) == 0.0


def test_each_process_watches_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReplicaWatch, "start", lambda self: None)
    monkeypatch.setattr(replica, "_watches", {})

    first = replica.watch()
    assert replica.watch() is first
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert replica.watch() is not first
