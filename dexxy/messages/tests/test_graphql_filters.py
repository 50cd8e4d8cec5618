"""Each filter of the API keeps what it says, and `totalCount` counts that."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.config.schema import schema
from dexxy.members.models import IdentityKind, Member
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.models import (
    MessageKind,
    TeamDecision,
    Thread,
    ThreadKind,
    ThreadState,
)
from tests.factories import (
    START,
    make_identity,
    make_message,
    make_source,
    make_standing,
    make_thread,
)

Ask = Callable[..., dict[str, Any]]

FEED = """query ($workspace: ID!, $filters: ActivityFeedFilters) {
  activityFeed(workspaceId: $workspace, filters: $filters, first: 1) {
    edges { node { body } } pageInfo { hasNextPage } totalCount } }"""
THREADS = """query ($workspace: ID!, $filters: ThreadFilterInput) {
  threads(workspaceId: $workspace, filters: $filters, first: 1) {
    edges { node { title } } pageInfo { hasNextPage } totalCount } }"""
LATER = START + timedelta(days=1)
# What finds the review, and its thread; `%` stands for the id of a thing of the review's.
OF_BOTH: dict[str, Any] = {
    "sourceNames": ["NEEDLES"],
    "numbers": [151],
    "title": "pull",
    "search": "needle",
    "authors": ["mei"],
    "organizations": ["Halden"],
    "onlyTeam": True,
    "assignees": ["jonas", "none of us"],
    "issueTypes": ["FEATURE", "task"],
    "onlyWaiting": True,
    "waitingDays": 7,
    "onlyDrafts": True,
    "onlyUnread": True,
}
OF_THE_FEED: dict[str, Any] = {
    **OF_BOTH,
    "sourceIds": ["%source"],
    "threadKinds": ["PULL_REQUEST"],
    "messageKinds": ["REVIEW"],
    "memberIds": ["%member"],
    "authorIds": ["%author"],
    "threadStates": ["OPEN"],
    "labels": ["needed"],
    "bots": "EXCLUDED",
    "since": LATER.isoformat(),
}
OF_THREADS: dict[str, Any] = {
    **OF_BOTH,
    "sourceIds": ["%source"],
    "kinds": ["PULL_REQUEST"],
    "states": ["OPEN"],
    "labels": ["needed"],
    "memberIds": ["%member"],
    "bots": "EXCLUDED",
    "activeSince": LATER.isoformat(),
}
# What leaves the other one out, or finds the other one.
LEFT_OUT: list[dict[str, Any]] = [
    {"without": {"sourceNames": ["owner/needles"]}},
    {"without": {"sourceIds": ["%source"]}},
    {"without": {"numbers": [151, 152]}},
    {"without": {"title": "pull"}},
    {"without": {"search": '"the needle"'}},
    {"without": {"search": "nowhere needle"}},
    {"without": {"authors": ["Mei Sandoval"]}},
    {"without": {"memberIds": ["%member"]}},
    {"without": {"organizations": ["halden"]}},
    {"without": {"onlyTeam": True}},
    {"without": {"assignees": ["jonas"]}},
    {"without": {"issueTypes": ["feature"]}},
    {"without": {"onlyWaiting": True}},
    {"without": {"waitingDays": 1}},
    {"without": {"labels": ["needed", "other"]}},
    {"onlyAnswered": True},
    {"without": {"onlyDrafts": True}},
    {"without": {"onlyUnread": True}},
    {"bots": "ONLY"},
]
OF_THE_FEED_ALONE: list[dict[str, Any]] = [
    {"until": LATER.isoformat()},
    {"without": {"threadKinds": ["PULL_REQUEST"]}},
    {"without": {"messageKinds": ["REVIEW"]}},
    {"without": {"threadStates": ["OPEN"]}},
    {"without": {"authorIds": ["%author"]}},
]
OF_THREADS_ALONE: list[dict[str, Any]] = [
    {"activeUntil": LATER.isoformat()},
    {"without": {"kinds": ["PULL_REQUEST"]}},
    {"without": {"states": ["OPEN"]}},
]


@pytest.fixture
def ids(workspace: Workspace) -> dict[str, str]:
    """Make a review and an issue that differ in everything; return what the review is named by."""
    author = make_identity(workspace=workspace, username="Mei", name="Mei Sandoval")
    Member.objects.filter(pk=author.member_id).update(company="@halden")
    TeamDecision.objects.create(workspace=workspace, member=author.member, is_on_team=True)
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    pull = make_thread(
        source=make_source(workspace=workspace, name="owner/needles"),
        number=151,
        kind=ThreadKind.PULL_REQUEST,
        title="pull",
        labels=["needed"],
        author=author,
    )
    issue = make_thread(
        source=make_source(workspace=workspace),
        title="issue",
        author=bot,
        state=ThreadState.CLOSED,
    )
    make_message(thread=issue, author=bot, body="hay", kind=MessageKind.OPENED, occurred_at=START)
    make_message(
        thread=pull, author=author, body="the  needle", kind=MessageKind.REVIEW, occurred_at=LATER
    )
    Thread.objects.filter(pk=issue.pk).update(first_response_at=LATER, last_activity_at=START)
    Thread.objects.filter(pk=pull.pk).update(issue_type="Feature")
    Thread.objects.filter(pk=pull.pk).update(
        assignees=[{"id": "1", "login": "Jonas"}], last_activity_at=LATER, state_reason="draft"
    )
    # Whoever reads came between the two.
    workspace.memberships.update(created_at=START + timedelta(hours=1))
    make_standing(thread=pull, since=START)
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
        "edges": [{"node": {"body": "the  needle"}}],
        "pageInfo": {"hasNextPage": False},
        "totalCount": 1,
    }


def opposites(filters: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    if "without" not in filters:
        return filters
    return {"without": {name: given(value, ids) for name, value in filters["without"].items()}}


@pytest.mark.parametrize("filters", [*LEFT_OUT, *OF_THE_FEED_ALONE], ids=str)
def test_their_opposites_keep_the_other(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str], filters: dict[str, Any]
) -> None:
    asked = opposites(filters, ids)
    feed = ask(FEED, bob, workspace=workspace.pk, filters=asked)["data"]["activityFeed"]

    assert feed["edges"] == [{"node": {"body": "hay"}}]
    assert feed["totalCount"] == 1


@pytest.mark.parametrize("filters", [*LEFT_OUT, *OF_THREADS_ALONE], ids=str)
def test_the_opposites_of_those_of_threads_keep_the_other(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str], filters: dict[str, Any]
) -> None:
    asked = opposites(filters, ids)
    found = ask(THREADS, bob, workspace=workspace.pk, filters=asked)["data"]["threads"]

    assert found["edges"] == [{"node": {"title": "issue"}}]
    assert found["totalCount"] == 1


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


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"threads": {"title": "pull"}, "labels": ["needed"]}, 1),
        ({"threads": {"without": {"title": "pull"}}}, 0),
        ({"threads": {"labels": ["other"]}}, 0),
        ({"since": START.isoformat(), "until": LATER.isoformat()}, 1),
        ({"since": LATER.isoformat()}, 0),
        ({"until": START.isoformat()}, 0),
    ],
    ids=str,
)
def test_the_queue_is_filtered_by_all_that_threads_are_filtered_by(
    ask: Ask, bob: User, workspace: Workspace, ids: dict[str, str], filters: Any, found: int
) -> None:
    asked = """query ($workspace: ID!, $filters: WaitingFilterInput) {
      waiting(workspaceId: $workspace, filters: $filters) { edges { node { id } } } }"""

    answer = ask(asked, bob, workspace=workspace.pk, filters=filters)

    assert len(answer["data"]["waiting"]["edges"]) == found


@pytest.mark.parametrize("of", [FEED, THREADS])
@pytest.mark.parametrize(
    "filters",
    [
        {"without": {"without": {"labels": ["x"]}}},
        {"search": "x" * 201},
        {"title": "a\0b"},
        {"authors": ["x"] * 201},
        {"numbers": [-1]},
        {"waitingDays": -1},
        {"waitingDays": 10**9},
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_filter_is_refused(
    ask: Ask, bob: User, workspace: Workspace, of: str, filters: dict[str, Any]
) -> None:
    answer = ask(of, bob, workspace=workspace.pk, filters=filters)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


def test_no_filter_is_forgotten_here() -> None:
    types: dict[str, Any] = schema._schema.type_map

    # What is unanswered is in `test_answers.py`.
    others = {"without", "onlyAnswered", "onlyDrafts", "onlyUnanswered"}
    of_the_feed = {*OF_THE_FEED, "until", "onlyNewPeople", *others}
    of_threads = {*OF_THREADS, "activeUntil", *others}
    assert set(types["ActivityFeedFilters"].fields) == of_the_feed
    assert set(types["ThreadFilterInput"].fields) == of_threads
