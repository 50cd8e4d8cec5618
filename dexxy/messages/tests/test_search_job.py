"""Words become findable by a worker, whatever else is written meanwhile."""

import pytest
from django_rq import get_queue
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from dexxy.accounts.models import User, Workspace
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.search import search_catch_up, search_wake
from dexxy.messages.models import SearchEntry
from dexxy.messages.selectors import feed_page
from dexxy.sources.models import Source
from tests.factories import make_message, make_source, make_thread, make_workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    get_queue("search").empty()  # type: ignore[no-untyped-call]


def work() -> None:
    """Run a worker until the queue is empty."""
    queue = get_queue("search")
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")


def test_what_is_written_is_found_after_the_worker_that_it_wakes(
    alice: User, workspace: Workspace, source: Source
) -> None:
    make_message(thread=make_thread(source=source), body="needle")

    search_wake()
    search_wake()
    assert get_queue("search").count == 1
    work()

    assert len(feed_page(alice, workspace, FeedFilters(search="needle")).items) == 1
    search_wake()
    assert get_queue("search").count == 0


def test_every_workspace_gets_its_turn(source: Source) -> None:
    other = make_source(workspace=make_workspace())
    for place in (source, other):
        make_message(thread=make_thread(source=place), body="word")

    assert search_catch_up(seconds=10) == 0
    assert SearchEntry.objects.count() == 2


def test_without_time_everything_stays_to_be_done(source: Source) -> None:
    make_message(thread=make_thread(source=source), body="word")

    assert search_catch_up(seconds=0) == 1
    assert search_catch_up(seconds=10) == 0
