"""What GitHub might do otherwise: one switch, one difference."""

from collections.abc import Callable
from dataclasses import fields
from random import Random
from typing import Any

import pytest

from dexxy_simulator.dialects import UNSURE_CHANGES, USUAL, Dialect
from dexxy_simulator.graph.schema import snake_case
from dexxy_simulator.model import (
    Actor,
    Discussion,
    Installation,
    Issue,
    Post,
    PullRequest,
    Repository,
)
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.test_connections import page
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

ANTS = "/repos/panjf2000/ants"
IN_ANTS = 'repository(owner: "panjf2000", name: "ants")'


def speak(world: World, **switches: Any) -> None:
    world.dialect = Dialect(**switches)


def test_every_value_of_every_switch_is_drawn() -> None:
    drawn = [Dialect.draw(Random(seed)) for seed in range(100)]

    for one in fields(Dialect):
        if one.metadata:
            assert {getattr(dialect, one.name) for dialect in drawn} == set(one.metadata["choices"])
    assert {change for dialect in drawn for change in dialect.moving} == set(UNSURE_CHANGES)


def test_the_usual_dialect_is_the_first_choice_of_every_switch() -> None:
    for one in fields(Dialect):
        if one.metadata:
            assert getattr(USUAL, one.name) == one.metadata["choices"][0]


def test_the_same_seed_draws_the_same_dialect() -> None:
    assert Dialect.draw(Random(3)) == Dialect.draw(Random(3))


def test_a_dialect_names_its_differences() -> None:
    assert Dialect(cursors="offset").differences() == {"cursors": "offset"}


def _a_pull(world: World, ants: Repository) -> PullRequest:
    pull = world.open_pull_request(ants, ants.owner, "New")
    review = world.review(pull, ants.owner, "APPROVED", "Yes", [("a.go", 1, "Nice")])
    world.reply_on_diff(review.comments[0], ants.owner, "Thanks")
    return pull


def _an_issue(world: World, ants: Repository) -> Issue:
    issue = world.open_issue(ants, ants.owner, "New")
    world.comment(issue, ants.owner, "Hello")
    return issue


def _a_discussion(world: World, ants: Repository) -> Discussion:
    discussion = world.open_discussion(world.add_category(ants, "Q&A"), ants.owner, "New")
    world.discuss(discussion, ants.owner, "Hello")
    world.discuss(discussion, ants.owner, "Hi", discussion.comments[0])
    return discussion


Changed = tuple[Callable[[World, Repository], Any], Callable[[World, Any], Any]]
CHANGES: dict[str, Changed] = {
    "comment edited": (_an_issue, lambda world, one: world.edit(one.comments[0], "x")),
    "comment deleted": (_an_issue, lambda world, one: world.delete(one.comments[0])),
    "minimized": (_an_issue, lambda world, one: world.minimize(one.comments[0])),
    "review edited": (_a_pull, lambda world, one: world.edit(one.reviews[0], "x")),
    "review dismissed": (_a_pull, lambda world, one: world.dismiss_review(one.reviews[0])),
    "review comment edited": (
        _a_pull,
        lambda world, one: world.edit(one.reviews[0].comments[0], "x"),
    ),
    "review comment deleted": (
        _a_pull,
        lambda world, one: world.delete(one.reviews[1].comments[0]),
    ),
    "review thread resolved": (
        _a_pull,
        lambda world, one: world.resolve(one.review_threads[0], None),
    ),
    "discussion comment edited": (
        _a_discussion,
        lambda world, one: world.edit(one.comments[0], "x"),
    ),
    "discussion comment deleted": (
        _a_discussion,
        lambda world, one: world.delete(one.comments[0]),
    ),
    "reply written": (
        _a_discussion,
        lambda world, one: world.discuss(one, None, "x", one.comments[0]),
    ),
    "reply edited": (
        _a_discussion,
        lambda world, one: world.edit(one.comments[0].replies[0], "x"),
    ),
    "reply deleted": (
        _a_discussion,
        lambda world, one: world.delete(one.comments[0].replies[0]),
    ),
}


def test_every_unsure_change_can_happen() -> None:
    assert CHANGES.keys() == set(UNSURE_CHANGES)


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("change", UNSURE_CHANGES)
def test_a_change_moves_the_time_of_its_thread_if_the_dialect_says_so(
    world: World, ants: Repository, clock: Clock, change: str, moves: bool
) -> None:
    others = set(UNSURE_CHANGES) - {change}
    speak(world, moving=frozenset({change} if moves else others))
    make, change_it = CHANGES[change]
    thread: Post = make(world, ants)
    before = clock()
    clock.pass_by(minutes=1)

    change_it(world, thread)

    assert thread.updated_at == (clock() if moves else before)


@pytest.mark.parametrize("way", ["ASC", "DESC"])
def test_offset_cursors_show_everything_once_if_nothing_changes(
    github: GitHub, world: World, ants: Repository, way: str
) -> None:
    speak(world, cursors="offset")
    forward: list[int] = []
    backward: list[int] = []
    after = before = None
    for _ in range(4):
        numbers, info = page(github, first=7, after=after, way=way)
        forward, after = forward + numbers, info["endCursor"]
        numbers, info = page(github, last=7, before=before, way=way)
        backward, before = numbers + backward, info["startCursor"]

    assert forward == backward == sorted(ants.issues, reverse=way == "DESC")


def test_an_offset_cursor_skips_a_row_when_one_before_it_vanished(
    github: GitHub, world: World, ants: Repository
) -> None:
    speak(world, cursors="offset")
    numbers, info = page(github, first=5)
    world.delete(ants.issues[numbers[0]])

    following, _ = page(github, first=2, after=info["endCursor"])

    assert following == sorted(ants.issues)[5:7]


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("path", ["issues", "issues/comments"])
def test_since_includes_its_own_second_or_not(
    github: GitHub, world: World, ants: Repository, clock: Clock, path: str, inclusive: bool
) -> None:
    speak(world, since_is_inclusive=inclusive)
    now = clock.pass_by(minutes=1).isoformat()
    world.comment(ants.issues[5], ants.owner, "New")

    assert len(github.get(f"{ANTS}/{path}", since=now, state="all").json()) == inclusive


def test_since_the_epoch_there_may_be_no_issues_but_comments(github: GitHub, world: World) -> None:
    speak(world, epoch_is_empty=True)
    epoch = "1970-01-01T00:00:00Z"

    assert github.get(f"{ANTS}/issues", since=epoch, state="all").json() == []
    assert len(github.get(f"{ANTS}/issues", since="1970-01-02T00:00:00Z").json()) == 4
    assert len(github.get(f"{ANTS}/issues/comments", since=epoch, per_page=100).json()) == 94


@pytest.mark.parametrize("descend", [False, True])
def test_rows_of_one_second_stand_in_either_order(
    github: GitHub, world: World, ants: Repository, descend: bool
) -> None:
    speak(world, equal_times_descend=descend)
    numbers = [world.open_issue(ants, None, "Same second").number for _ in range(3)]

    rows = github.get(f"{ANTS}/issues", sort="created", direction="asc", per_page=100).json()

    assert [row["number"] for row in rows][-3:] == sorted(numbers, reverse=descend)


@pytest.mark.parametrize("descend", [True, False])
@pytest.mark.parametrize("path", ["issues/comments", "pulls/comments"])
def test_sorted_comments_begin_with_either_end_unless_told(
    github: GitHub, world: World, path: str, descend: bool
) -> None:
    speak(world, comments_descend=descend)

    times = [row["created_at"] for row in github.get(f"{ANTS}/{path}", sort="created").json()]

    assert times == sorted(times, reverse=descend)


def test_page_numbers_end_and_links_lead_on(github: GitHub, world: World, ants: Repository) -> None:
    speak(world, page_limit=40)
    url: str | None = f"{github.server.url}{ANTS}/issues?state=all&per_page=20"
    seen: list[int] = []
    while url is not None:
        response = github.http.get(url)
        seen += [row["number"] for row in response.json()]
        url = response.links.get("next", {}).get("url")

    assert sorted(seen) == sorted([*ants.issues, *ants.pull_requests])
    refused = github.get(f"{ANTS}/issues", state="all", per_page=20, page=3)
    assert refused.status_code == 422
    assert "Pagination with the page parameter" in refused.json()["message"]
    assert github.get(f"{ANTS}/issues/comments", per_page=20, page=3).status_code == 200


def test_page_numbers_of_comments_may_end_too(github: GitHub, world: World) -> None:
    speak(world, page_limit=40, page_limit_covers_comments=True)

    assert github.get(f"{ANTS}/issues/comments", per_page=20, page=3).status_code == 422


@pytest.mark.parametrize(("shown", "login"), [("null", None), ("ghost", "ghost")])
def test_an_author_who_is_gone_is_nobody_or_a_ghost(
    github: GitHub, world: World, ants: Repository, shown: Any, login: str | None
) -> None:
    speak(world, deleted_accounts=shown)
    issue = world.open_issue(ants, None, "Orphan")

    row = github.get(f"{ANTS}/issues/{issue.number}").json()

    assert (row["user"] and row["user"]["login"]) == login
    assert row["assignee"] is None


def test_node_ids_are_in_the_old_format_unless_the_new_one_is_asked_for(
    github: GitHub, world: World, ants: Repository
) -> None:
    speak(world, legacy_node_ids=True)
    issue = world.open_issue(ants, ants.owner, "New")
    document = f"{{ {IN_ANTS} {{ issue(number: {issue.number}) {{ id }} }} }}"

    old = github.data(document)["repository"]["issue"]["id"]
    github.http.headers["X-Github-Next-Global-ID"] = "1"
    new = github.data(document)["repository"]["issue"]["id"]

    assert (old, new) == ("MDU6SXNzdWUzMTAwMDAwMDM1", issue.node_id)
    found = github.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[old, new])
    assert found == {"nodes": [{"id": new}, {"id": new}]}
    world.delete(issue)
    assert github.query("query($id: ID!) { node(id: $id) { id } }", id=old)["data"]["node"] is None


def test_rest_may_have_another_format_of_node_ids_which_graphql_finds(
    github: GitHub, world: World, ants: Repository
) -> None:
    speak(world, legacy_node_ids_in_rest=True)
    issue = world.open_issue(ants, ants.owner, "New")

    row = github.get(f"{ANTS}/issues/{issue.number}").json()

    assert row["node_id"] == "MDU6SXNzdWUzMTAwMDAwMDM1"
    found = github.data("query($id: ID!) { node(id: $id) { id } }", id=row["node_id"])
    assert found == {"node": {"id": issue.node_id}}


@pytest.mark.parametrize(("wide", "shown"), [("null", False), ("number", True)])
def test_an_id_beyond_32_bits_is_null_or_a_number(
    github: GitHub, world: World, ants: Repository, wide: Any, shown: bool
) -> None:
    speak(world, wide_database_ids=wide)
    issue = world.open_issue(ants, ants.owner, "New")

    document = f"{{ {IN_ANTS} {{ issue(number: {issue.number}) {{ databaseId }} }} }}"

    number = github.data(document)["repository"]["issue"]["databaseId"]
    assert number == (issue.database_id if shown else None)


@pytest.mark.parametrize(("suffix", "login"), [(False, "helper"), (True, "helper[bot]")])
def test_a_bot_has_its_suffix_or_not(
    github: GitHub, world: World, ants: Repository, suffix: bool, login: str
) -> None:
    speak(world, bot_login_has_suffix=suffix)
    issue = world.open_issue(ants, world.add_actor("helper", "Bot"), "New")

    document = f"{{ {IN_ANTS} {{ issue(number: {issue.number}) {{ author {{ login }} }} }} }}"

    assert github.data(document)["repository"]["issue"]["author"]["login"] == login


def test_the_error_of_the_rate_limit_has_another_type_and_a_code(
    github: GitHub, world: World
) -> None:
    speak(world, rate_limit_type="RATE_LIMIT")
    world.limits["graphql"] = 0

    (error,) = github.query("{ viewer { login } }")["errors"]

    assert (error["type"], error["code"]) == ("RATE_LIMIT", "graphql_rate_limit")


def test_rest_may_refuse_with_429(github: GitHub, world: World) -> None:
    speak(world, rate_limit_status=429)
    world.limits["core"] = 0

    assert github.get("/user").status_code == 429


def test_a_count_alone_may_need_a_page_size(github: GitHub, world: World) -> None:
    document = f"{{ {IN_ANTS} {{ issues {{ totalCount }} }} }}"
    usual = github.query(document)
    speak(world, counts_need_a_page=True)

    assert "errors" not in usual
    assert github.query(document)["errors"][0]["type"] == "MISSING_PAGINATION_BOUNDARIES"


@pytest.mark.parametrize(
    ("follows", "status", "number"), [("neither", 404, None), ("REST", 301, None), ("both", 301, 1)]
)
def test_a_transferred_issue_is_followed_or_not(
    github: GitHub, world: World, ants: Repository, follows: Any, status: int, number: int | None
) -> None:
    speak(world, transfers_are_followed=follows)
    world.transfer(ants.issues[5], world.add_repository(ants.owner, "other"), ants.owner)

    found = github.query(f"{{ {IN_ANTS} {{ issue(number: 5) {{ number }} }} }}")["data"]

    assert github.get(f"{ANTS}/issues/5").status_code == status
    assert (found["repository"]["issue"] or {}).get("number") == number


def test_a_transferred_issue_is_not_followed_to_where_one_may_not_read(
    github: GitHub, world: World, ants: Repository
) -> None:
    speak(world, transfers_are_followed="both")
    stranger: Actor = world.add_actor("stranger")
    hidden = world.add_repository(stranger, "other", is_private=True)
    world.transfer(ants.issues[5], hidden, ants.owner)

    assert world.tokens[DEMO_TOKEN].reads(hidden) is False
    answer = github.query(f"{{ {IN_ANTS} {{ issue(number: 5) {{ number }} }} }}")
    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_a_transferred_issue_that_was_deleted_there_is_not_followed(
    github: GitHub, world: World, ants: Repository
) -> None:
    speak(world, transfers_are_followed="both")
    issue = ants.issues[5]
    world.transfer(issue, world.add_repository(ants.owner, "other"), ants.owner)
    world.delete(issue)

    answer = github.query(f"{{ {IN_ANTS} {{ issue(number: 5) {{ number }} }} }}")

    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_what_is_gone_may_never_have_been(github: GitHub, world: World, ants: Repository) -> None:
    speak(world, deleted_issue_status=404, switched_off_status=404)
    world.delete(ants.issues[5])

    assert github.get(f"{ANTS}/issues/5").status_code == 404
    ants.has_issues_enabled = False
    assert github.get(f"{ANTS}/issues").status_code == 404


@pytest.mark.parametrize("stays", [True, False])
def test_an_issue_that_became_a_discussion_stays_closed_or_goes(
    world: World, ants: Repository, stays: bool
) -> None:
    speak(world, converted_issues_stay=stays)
    issue = world.open_issue(ants, ants.owner, "Question")

    world.convert_to_discussion(issue, world.add_category(ants, "Q&A"), ants.owner)

    assert (issue.number in ants.issues) is stays
    assert issue.closed is stays


def test_discussions_may_have_numbers_of_their_own(world: World, ants: Repository) -> None:
    speak(world, discussions_share_numbers=False)
    category = world.add_category(world.add_repository(ants.owner, "new"), "Q&A")
    world.open_issue(category.repository, None, "First")

    assert world.open_discussion(category, None, "Also first").number == 1


@pytest.mark.parametrize("shared", [True, False])
def test_the_number_of_a_hidden_discussion_is_not_used_again(
    world: World, ants: Repository, shared: bool
) -> None:
    speak(world, discussions_share_numbers=shared)
    category = world.add_category(world.add_repository(ants.owner, "new"), "Q&A")
    spammer = world.add_actor("spammer")
    hidden = world.open_discussion(category, spammer, "Hidden")
    world.hide_author(spammer)

    later = world.open_discussion(category, ants.owner, "Later")
    world.show_author(spammer)

    assert category.repository.discussions == {1: hidden, 2: later}


@pytest.mark.parametrize("feature", ["issues", "pullRequests", "discussions"])
@pytest.mark.parametrize("how", ["null", "NOT_FOUND", "FORBIDDEN"])
def test_what_is_switched_off_may_be_null_or_refused(
    github: GitHub, world: World, ants: Repository, feature: str, how: str
) -> None:
    speak(world, switched_off_lists=how)
    setattr(ants, f"has_{snake_case(feature)}_enabled", False)
    one = f"one: {feature.removesuffix('s')}(number: 1) {{ number }}"

    by_list = github.query(f"{{ {IN_ANTS} {{ name {feature}(first: 1) {{ totalCount }} }} }}")
    by_number = github.query(f"{{ {IN_ANTS} {{ name {one} }} }}")

    refused = [] if how == "null" else [how]
    assert [one["type"] for one in by_list.get("errors", ())] == refused
    assert [one["type"] for one in by_number.get("errors", ())] == refused
    shown = {"name": "ants", feature: None} if how == "null" else None
    assert by_list["data"] == {"repository": shown}
    assert by_number["data"] == {"repository": {"name": "ants", "one": None}}


@pytest.mark.parametrize("how", ["shown", "empty", "FORBIDDEN"])
def test_an_app_may_not_read_addresses(
    github: GitHub, world: World, installation: Installation, how: str
) -> None:
    speak(world, apps_read_emails=how)
    ada = world.add_actor("ada", public_email="ada@example.com")
    document = f'{{ node(id: "{ada.node_id}") {{ ... on User {{ login email }} }} }}'
    assert github.data(document)["node"]["email"] == "ada@example.com"
    github.http.headers["Authorization"] = f"Bearer {world.mint(installation).value}"

    answer = github.query(document)

    if how == "FORBIDDEN":
        assert answer["data"] == {"node": None}  # a user without one is impossible
        assert [(one["type"], one["path"]) for one in answer["errors"]] == [
            ("FORBIDDEN", ["node", "email"])
        ]
    else:
        address = "ada@example.com" if how == "shown" else ""
        assert answer["data"] == {"node": {"login": "ada", "email": address}}


def test_rest_knows_nothing_of_pull_requests_that_are_switched_off(
    github: GitHub, ants: Repository
) -> None:
    pull = next(one for one in ants.pull_requests.values() if one.comments)
    before = github.get(f"{ANTS}/issues/comments", per_page=1).links["last"]["url"]
    ants.has_pull_requests_enabled = False

    assert github.get(f"{ANTS}").json()["has_pull_requests"] is False
    for path in ("pulls", f"pulls/{pull.number}", "pulls/comments", f"issues/{pull.number}"):
        assert github.get(f"{ANTS}/{path}").status_code == 404
    assert not any("pull_request" in row for row in github.get(f"{ANTS}/issues").json())
    assert github.get(f"{ANTS}/issues/comments", per_page=1).links["last"]["url"] != before
