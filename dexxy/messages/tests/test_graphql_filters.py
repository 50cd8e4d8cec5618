"""Each filter of the API keeps what it says, and `totalCount` counts that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.config.schema import schema
from dexxy.members.models import IdentityKind
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.models import MessageKind, Thread, ThreadKind, ThreadState
from tests.factories import START, make_identity, make_message, make_source, make_thread

Ask = Callable[..., dict[str, Any]]

FEED = """query ($workspace: ID!, $filters: ActivityFeedFilters) {
  activityFeed(workspaceId: $workspace, filters: $filters, first: 1) {
    edges { node { body } } pageInfo { hasNextPage } totalCount } }"""
THREADS = """query ($workspace: ID!, $filters: ThreadFilterInput) {
  threads(workspaceId: $workspace, filters: $filters, first: 1) {
    edges { node { title } } pageInfo { hasNextPage } totalCount } }"""
LATER = START + timedelta(days=1)
# What finds the review; `%` stands for the id of a thing of the review's.
OF_THE_FEED: dict[str, Any] = {
    "sourceIds": ["%source"],
    "threadKinds": ["PULL_REQUEST"],
    "messageKinds": ["REVIEW"],
    "memberIds": ["%member"],
    "authorIds": ["%author"],
    "threadStates": ["MERGED"],
    "labels": ["needed"],
    "bots": "EXCLUDED",
    "since": LATER.isoformat(),
    "search": "needle",
    "onlyUnanswered": True,
}
OF_THREADS: dict[str, Any] = {
    "sourceIds": ["%source"],
    "kinds": ["PULL_REQUEST"],
    "states": ["MERGED"],
    "labels": ["needed"],
    "memberIds": ["%member"],
    "onlyUnanswered": True,
}


@pytest.fixture
def ids(workspace: Workspace) -> dict[str, str]:
    """Make a review and an issue that differ in everything; return what the review is named by."""
    author = make_identity(workspace=workspace)
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    pull = make_thread(
        source=make_source(workspace=workspace),
        kind=ThreadKind.PULL_REQUEST,
        state=ThreadState.MERGED,
        title="pull",
        labels=["needed"],
        author=author,
    )
    issue = make_thread(source=make_source(workspace=workspace), title="issue", author=bot)
    make_message(thread=issue, author=bot, body="hay", kind=MessageKind.OPENED, occurred_at=START)
    make_message(
        thread=pull, author=author, body="needle", kind=MessageKind.REVIEW, occurred_at=LATER
    )
    Thread.objects.filter(pk=issue.pk).update(first_response_at=LATER)
    search_catch_up(seconds=10)
    named = {"source": pull.source_id, "member": author.member_id, "author": author.pk}
    return {f"%{name}": str(pk) for name, pk in named.items()}


def given(value: Any, ids: dict[str, str]) -> Any:
    return [ids.get(one, one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", OF_THE_FEED)
def test_each_filter_of_the_feed_keeps_what_it_says(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str], name: str
) -> None:
    filters = {name: given(OF_THE_FEED[name], ids)}

    feed = ask(FEED, bob, workspace=workspace.pk, filters=filters)["data"]["activityFeed"]

    assert feed == {
        "edges": [{"node": {"body": "needle"}}],
        "pageInfo": {"hasNextPage": False},
        "totalCount": 1,
    }


@pytest.mark.parametrize("filters", [{"until": LATER.isoformat()}, {"bots": "ONLY"}])
def test_their_opposites_keep_the_other(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str], filters: dict[str, Any]
) -> None:
    feed = ask(FEED, bob, workspace=workspace.pk, filters=filters)["data"]["activityFeed"]

    assert feed["edges"] == [{"node": {"body": "hay"}}]
    assert feed["totalCount"] == 1


@pytest.mark.parametrize("name", OF_THREADS)
def test_each_filter_of_threads_keeps_what_it_says(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str], name: str
) -> None:
    filters = {name: given(OF_THREADS[name], ids)}

    found = ask(THREADS, bob, workspace=workspace.pk, filters=filters)["data"]["threads"]

    assert found == {
        "edges": [{"node": {"title": "pull"}}],
        "pageInfo": {"hasNextPage": False},
        "totalCount": 1,
    }


def test_without_filters_everything_is_kept_and_counted(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str]
) -> None:
    feed = ask(FEED, bob, workspace=workspace.pk)["data"]["activityFeed"]
    threads = ask(THREADS, bob, workspace=workspace.pk)["data"]["threads"]

    assert (feed["totalCount"], threads["totalCount"]) == (2, 2)
    assert (feed["pageInfo"], threads["pageInfo"]) == ({"hasNextPage": True},) * 2


def test_no_filter_is_forgotten_here() -> None:
    types: dict[str, Any] = schema._schema.type_map

    assert set(types["ActivityFeedFilters"].fields) == {*OF_THE_FEED, "until"}
    assert set(types["ThreadFilterInput"].fields) == set(OF_THREADS)
