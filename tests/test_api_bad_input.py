"""What nobody can make of the API: whatever is sent, an error that says so and no more."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.common import graphql_limits
from dexxy.messages.models import TeamDecision, Triage
from dexxy.sources.models import Source
from tests.factories import START, make_identity, make_thread

Ask = Callable[..., dict[str, Any]]
VIEWER = "{ viewer { user { id } } }"


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer["errors"]]


@pytest.mark.parametrize("depth", [120, 180, 240])
@pytest.mark.parametrize(
    "shape",
    [
        ("{", "...{", "viewer { user { id } }", "}", "}"),
        ("{ ", "viewer {", "id", "}", "}"),
        ("{ activityFeed(workspaceId: ", "[", "1", "]", ") { edges { cursor } } }"),
        ("{ activityFeed(workspaceId: 1, filters: ", "{a: ", "1", "}", ") { totalCount } }"),
        ("query ($a: ", "[", "Int", "]", ") { viewer { user { id } } }"),
    ],
    ids=["inline fragments", "fields", "lists", "objects", "types"],
)
def test_a_document_that_is_nested_beyond_reason_is_refused(
    ask: Ask, alice: User, shape: tuple[str, str, str, str, str], depth: int
) -> None:
    head, opened, inner, closed, tail = shape

    answer = ask(head + opened * depth + inner + closed * depth + tail, alice)

    assert set(codes(answer)) <= {"BAD_USER_INPUT", "LIMIT_EXCEEDED"}


@pytest.mark.parametrize("length", [60, 240])
def test_fragments_that_follow_each_other_beyond_reason_are_refused(
    ask: Ask, alice: User, length: int
) -> None:
    links = [f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(length)]
    document = f"{{ ...F0 }} {' '.join(links)} fragment F{length} on Query {VIEWER}"

    assert codes(ask(document, alice)) == ["LIMIT_EXCEEDED"]


@pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
@pytest.mark.parametrize("depth", range(880, 1001, 24))
def test_variables_that_are_nested_beyond_reason_are_no_failure_of_ours(
    client: Client, alice: User, pair: tuple[str, str], depth: int
) -> None:
    client.force_login(alice)
    nested = pair[0] * depth + "1" + pair[1] * depth
    body = f'{{"query": "{VIEWER}", "variables": {{"a": {nested}}}}}'

    response = client.post("/graphql/", body, content_type="application/json")

    answer = response.json()
    assert "errors" not in answer or codes(answer) == ["BAD_USER_INPUT"]


def test_a_document_of_several_operations_needs_a_choice(client: Client, alice: User) -> None:
    client.force_login(alice)
    both = {"query": "query A { viewer { user { name } } } query B { workspaces { id } }"}

    def send(**besides: str) -> Any:
        body = json.dumps({**both, **besides})
        return client.post("/graphql/", body, content_type="application/json").json()

    assert codes(send()) == ["BAD_USER_INPUT"]
    assert codes(send(operationName="C")) == ["BAD_USER_INPUT"]
    assert send(operationName="A") == {"data": {"viewer": {"user": {"name": "Alice"}}}}


FEED = """query ($workspace: ID!, $filters: ActivityFeedFilters) {
  activityFeed(workspaceId: $workspace, filters: $filters) { edges { cursor } } }"""
EARLIEST, LATEST = "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"


@pytest.mark.parametrize(
    "time", ["", "now", "2026-13-01", "2026-01-01T25:00:00Z", "1e3", 1, True, EARLIEST, LATEST]
)
def test_a_time_that_there_never_is_is_refused(
    ask: Ask, alice: User, workspace: Workspace, time: object
) -> None:
    insights = """query ($workspace: ID!, $since: DateTime!, $until: DateTime!) {
      insights(workspaceId: $workspace, since: $since, until: $until) { newPeople } }"""
    create = """mutation ($workspace: ID!, $time: DateTime) {
      apiTokenCreate(input: {workspaceId: $workspace, name: "x", expiresAt: $time}) { token } }"""

    answers = [
        ask(FEED, alice, workspace=workspace.pk, filters={"since": time}),
        ask(FEED, alice, workspace=workspace.pk, filters={"until": time}),
        ask(insights, alice, workspace=workspace.pk, since=time, until=START.isoformat()),
        ask(insights, alice, workspace=workspace.pk, since=START.isoformat(), until=time),
        ask(create, alice, workspace=workspace.pk, time=time),
    ]

    assert [codes(answer) for answer in answers] == [["BAD_USER_INPUT"]] * len(answers)


@pytest.mark.parametrize("zone", ["localtime", "posix/UTC", "../UTC", "x" * 5000, "", "utc"])
def test_a_time_zone_that_the_database_lacks_is_refused(
    ask: Ask, alice: User, workspace: Workspace, zone: str
) -> None:
    member = make_identity(workspace=workspace).member_id
    figures = """query ($workspace: ID!, $zone: String!, $at: DateTime!, $end: DateTime!) {
      figures(workspaceId: $workspace, since: $at, until: $end, zone: $zone) { weeks { acts } } }"""
    days = """query ($workspace: ID!, $zone: String!, $member: ID!) {
      member(workspaceId: $workspace, memberId: $member) { days(zone: $zone) { date } } }"""
    given = {"workspace": workspace.pk, "zone": zone}
    end = (START + timedelta(days=9)).isoformat()

    answers = [
        ask(figures, alice, **given, at=START.isoformat(), end=end),
        ask(days, alice, **given, member=member),
    ]

    assert [codes(answer) for answer in answers] == [["BAD_USER_INPUT"]] * 2


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_that_some_reader_s_zone_lacks_is_not_stored(
    ask: Ask, alice: User, workspace: Workspace, source: Source, time: str
) -> None:
    thread, author = make_thread(source=source), make_identity(workspace=workspace)
    at = f'workspaceId: "{workspace.pk}"'
    changes = [
        f'apiTokenCreate(input: {{{at}, name: "x", expiresAt: "{time}"}}) {{ token }}',
        f'threadSnooze({at}, threadIds: ["{thread.pk}"], until: "{time}") {{ threadIds }}',
        f'memberSetTeam({at}, memberId: "{author.member_id}", isOnTeam: true, since: "{time}")'
        " { member { id } }",
    ]

    refused = [codes(ask(f"mutation {{ {change} }}", alice)) for change in changes]

    assert refused == [["BAD_USER_INPUT"]] * 3
    stored = (workspace.api_tokens, Triage.objects, TeamDecision.objects)
    assert not any(rows.exists() for rows in stored)


@pytest.mark.parametrize(
    "email", ["x", "a@b", f"a@{'.'.join(['b' * 60] * 5)}.com", "a@b.com\r\nBcc: c@d.com"]
)
def test_an_invitation_goes_to_an_address_that_there_can_be(
    ask: Ask, alice: User, workspace: Workspace, email: str
) -> None:
    document = """mutation ($workspace: ID!, $email: String!) {
      invitationCreate(input: {workspaceId: $workspace, email: $email}) { link } }"""

    assert codes(ask(document, alice, workspace=workspace.pk, email=email)) == ["BAD_USER_INPUT"]
    assert workspace.invitations.count() == 0


@pytest.mark.parametrize(
    "search", ["'", "&|!():*\\", "<->", "%", "\x01", "\u200b", "🦄", "İ", "ﷺ" * 200, "\ufffe"]
)
def test_a_search_for_anything_is_a_search(
    ask: Ask, alice: User, workspace: Workspace, search: str
) -> None:
    answer = ask(FEED, alice, workspace=workspace.pk, filters={"search": search})

    assert answer == {"data": {"activityFeed": {"edges": []}}}


def test_what_fails_before_a_field_shows_nothing_of_our_insides(
    ask: Ask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("the password is swordfish")

    monkeypatch.setattr(graphql_limits, "spend", fail)
    answer = ask(VIEWER, alice)

    assert codes(answer) == ["INTERNAL_ERROR"]
    assert "swordfish" not in str(answer)


def test_a_query_has_so_long_and_no_longer(
    ask: Ask, alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql_limits, "LONGEST_QUERY_SECONDS", 0.0)
    revoke = 'mutation { apiTokenRevoke(tokenId: "1") { __typename } }'

    assert codes(ask(VIEWER, alice)) == ["TOO_SLOW"]
    assert codes(ask(FEED, alice, workspace=workspace.pk)) == ["TOO_SLOW"]
    # A change is made or not: it is never stopped half-way.
    assert codes(ask(revoke, alice)) == ["NOT_FOUND"]
