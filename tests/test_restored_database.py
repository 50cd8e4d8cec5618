"""A database that was restored into another cluster: whoever followed it goes on or is told."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.embedded import ensure_servers
from dexxy.embedded.binaries import postgres_programs
from dexxy.embedded.folder import open_data_folder
from dexxy.integrations.models import GitHubRepository, RunTrigger
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.changes.positions import horizon
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.following import StartAfreshError, feed_changes
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.models import Change, Epoch, Message, SearchEntry
from dexxy.messages.selectors import feed_page
from dexxy.outgoing.endpoints import Wanted, endpoint_create
from dexxy.outgoing.following import events_catch_up
from dexxy.outgoing.models import Delivery as Outgoing
from dexxy.outgoing.models import EndpointKind
from dexxy_simulator.model import Repository
from dexxy_simulator.world import World
from tests import template
from tests.factories import make_message, make_source, make_thread
from tests.servers import new_database, own_database, using
from tests.simulated import *  # noqa: F403

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def programs() -> Path:
    """The folder of `pg_dump` and `pg_restore`."""
    return postgres_programs(open_data_folder(Path(os.environ["DEXXY_DATA_DIR"])))


@pytest.fixture
def sibling() -> Iterator[str]:
    """An empty database in the same cluster."""
    with new_database(f"restored_{os.getpid()}") as url:
        yield url


@pytest.fixture
def other_cluster() -> Iterator[str]:
    """An empty database in a fresh cluster, which has counted few transactions."""
    with TemporaryDirectory(dir=template.folder()) as folder:
        Path(folder).chmod(0o711)  # as root the server runs as somebody else
        servers = ensure_servers(Path(folder), valkey=False, durable=False)
        yield str(servers.database_url)
        servers.close()


def restore(programs: Path, into: str) -> None:
    """Copy the database of the test into another one as the documentation says."""
    dump = [str(programs / "pg_dump"), "-Fc", "--dbname", own_database()["DATABASE_URL"]]
    dumped = subprocess.run(dump, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(
        [programs / "pg_restore", "--no-owner", "--exit-on-error", "--dbname", into],
        check=True,
        input=dumped,
    )


def count_transactions(number: int) -> None:
    """Let this many transactions go by in the cluster."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"DO $$ BEGIN FOR i IN 1..{number} LOOP COMMIT;"
            " PERFORM pg_current_xact_id(); END LOOP; END $$"
        )


def sync(repository: GitHubRepository) -> None:
    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def found(viewer: User, workspace: Workspace, words: str) -> list[str]:
    return [m.body for m in feed_page(viewer, workspace, FeedFilters(search=words)).items]


@pytest.mark.slow
def test_search_and_clients_go_on_in_a_cluster_that_counts_anew(
    alice: User,
    workspace: Workspace,
    connected: GitHubRepository,
    world: World,
    ants: Repository,
    programs: Path,
    other_cluster: str,
) -> None:
    issue = next(issue for issue in ants.issues.values() if not issue.locked)
    sync(connected)
    count_transactions(5000)
    edited = world.comment(issue, issue.author, "indexedword before the backup")
    sync(connected)
    assert search_catch_up(seconds=30) == 0
    waiting = world.comment(issue, issue.author, "waitingword was stored but not indexed")
    sync(connected)
    assert found(alice, workspace, "waitingword") == []
    cursor = feed_changes(alice, workspace).end
    high = horizon()

    restore(programs, other_cluster)

    with using(other_cluster):
        assert horizon().next_unused < high.oldest_running - 3000
        with pytest.raises(StartAfreshError) as told:
            feed_changes(alice, workspace, after=cursor)
        world.edit(edited, "editedword after the restore")
        added = world.comment(issue, issue.author, "addedword after the restore")
        indexed = SearchEntry.objects.count()
        sync(connected)
        assert search_catch_up(seconds=30) == 0
        for words, bodies in (
            ("waitingword", [waiting.body]),
            ("addedword", [added.body]),
            ("editedword", [edited.body]),
            ("indexedword", []),
        ):
            assert found(alice, workspace, words) == bodies
        assert SearchEntry.objects.count() == indexed + 2
        told_of = feed_changes(alice, workspace, after=str(told.value.details["startCursor"])).items
        assert {edited.body, added.body} <= {change.message.body for change in told_of}
        assert waiting.body not in {change.message.body for change in told_of}


@pytest.mark.slow
def test_a_copy_in_the_same_cluster_begins_an_epoch_of_its_own(
    alice: User, workspace: Workspace, programs: Path, sibling: str
) -> None:
    thread = make_thread(source=make_source(workspace=workspace))
    make_message(thread=thread)
    cursor = feed_changes(alice, workspace).end
    before = horizon().epoch

    restore(programs, sibling)

    with using(sibling):
        with pytest.raises(StartAfreshError):
            feed_changes(alice, workspace, after=cursor)
        make_message(thread=thread)
        assert list(Epoch.objects.values_list("pk", flat=True)) == [before, before + 1]
        assert list(Change.objects.order_by("pk").values_list("epoch", flat=True)) == [
            before,
            before + 1,
        ]
    assert feed_changes(alice, workspace, after=cursor).items == []


def test_endpoints_hear_on_in_a_restored_database_and_of_nothing_under_two_ids(
    alice: User, workspace: Workspace, programs: Path, sibling: str
) -> None:
    source = make_source(workspace=workspace)
    thread = make_thread(source=source)
    wanted = Wanted(name="Ours", url="https://a.example.com/", events=["message.created"])
    endpoint_create(viewer=alice, workspace=workspace, kind=EndpointKind.WEBHOOK, wanted=wanted)

    def happens(external_id: str) -> None:
        message = make_message(thread=thread, occurred_at=timezone.now())
        Message.objects.filter(pk=message.pk).update(external_id=external_id)

    happens("before")
    assert events_catch_up(seconds=20) == 0
    restore(programs, sibling)
    # After the backup, and before the disaster.
    happens("lost")
    assert events_catch_up(seconds=20) == 0
    told = dict(Outgoing.objects.values_list("webhook_id", "pk"))
    assert len(told) == 2

    with using(sibling):
        happens("lost")  # is read from GitHub again
        happens("after")
        assert events_catch_up(seconds=20) == 0

        again = Outgoing.objects.order_by("pk").values_list("webhook_id", flat=True)
        assert len(again) == 3
        assert list(again[:2]) == list(told)


def test_an_epoch_outlives_what_vacuum_does_to_its_row() -> None:
    before = horizon().epoch

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (FREEZE) messages_epoch")
        cursor.execute("VACUUM (FULL) messages_epoch")

    assert horizon().epoch == before
