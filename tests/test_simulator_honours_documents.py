"""The simulator looks at all that Dexxy's documents ask for, and has something to say of it.

What it ignored would be right in every test and wrong on GitHub: so it was with an argument that
hid why an issue was closed.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    OperationDefinitionNode,
    execute_sync,
    get_named_type,
    get_operation_ast,
    is_leaf_type,
    parse,
    validate,
)

from dexxy.integrations.services.github.api import queries
from dexxy.messages.models import ThreadKind
from dexxy_simulator.generated import generated_world
from dexxy_simulator.graph.arguments import honouring
from dexxy_simulator.graph.context import Info, Request
from dexxy_simulator.graph.cost import Cost
from dexxy_simulator.graph.schema import schema
from dexxy_simulator.model import Repository, posts_of
from dexxy_simulator.world import World
from tests.asked_documents import documents

MANY = 50
# Constants, or the same thing in another word: what lets nobody learn anything.
NOTHING = {"None", "False", "0", ""}


@pytest.fixture(scope="module")
def full() -> World:
    """A world in which everything happens that Dexxy asks about."""
    world = generated_world(4, threads=60)
    shown = world.repository("colony/generated")
    assert shown is not None
    for number, post in enumerate(list(posts_of(shown))):
        if number % 3 == 0:
            world.edit(post, "On second thought")
        elif number % 3 == 1 and post.kind not in ("issue", "pull request", "discussion"):
            world.minimize(post, "spam")
    world.delete(next(one for one in posts_of(shown) if getattr(one, "replies", ())))
    for number, account in enumerate(world.actors.values()):
        account.name = f"Account {number}"
        account.company, account.blog = "@example", "https://example.com/me"
        account.location, account.bio = "Köln", "Writes code."
        account.twitter_username, account.public_email = f"at_{number}", f"{number}@example.com"
    token = next(iter(world.tokens.values()))
    hidden = world.add_repository(token.owner, "hidden")
    hidden.is_private = True
    hidden.has_issues_enabled = hidden.has_discussions_enabled = False
    hidden.has_pull_requests_enabled = False
    _make_rare_things(world, shown)
    return world


def _make_rare_things(world: World, repository: Repository) -> None:
    owner = repository.owner
    parent, part, *_ = repository.issues.values()
    world.add_sub_issue(parent, part, owner)
    world.close(part, owner)
    world.react(parent, "heart", 2)
    world.set_type(parent, owner, "Bug")
    pull = world.open_pull_request(repository, owner, "All that is rare")
    review = world.review(pull, owner, "APPROVED", "Good")
    world.dismiss_review(review, owner, "Out of date")
    discussion = next(one for one in repository.discussions.values() if one.comments)
    world.choose_answer(discussion.comments[0], owner)
    for thread in (parent, pull, discussion):
        world.lock_thread(thread, owner, "RESOLVED")
    world.star(repository, owner)
    viewer = next(iter(world.tokens.values())).owner
    world.fork(repository, viewer)
    # Who may write sees drafts, too.
    repository.collaborators.add(viewer)
    world.release(repository, owner, "v1.0", "All of it")
    world.release(repository, owner, "v1.1", prerelease=True)
    world.release(repository, owner, "v1.2", draft=True)


def variables(world: World, operation: OperationDefinitionNode) -> Iterator[dict[str, Any]]:
    """Return what a document may be asked with, many times over."""
    asked = {one.variable.name.value for one in operation.variable_definitions or ()}
    every: dict[str, Any] = {
        "owner": "colony",
        "name": "generated",
        "first": 100,
        "after": None,
        "after0": None,
        "order": {"field": "UPDATED_AT", "direction": "ASC"},
        "ids": _ids(world),
    }
    if "number0" in asked:
        repository = world.repository("colony/generated")
        assert repository is not None
        numbers = [name for name in asked if name.startswith("number")]
        found: list[dict[str, Any]] = [
            dict.fromkeys(numbers, one.number) for one in repository.threads
        ]
    elif "id0" in asked:
        owners = Counter[str]()
        found = []
        for node in world.nodes.values():
            owners[node.typename] += 1
            if owners[node.typename] <= MANY:
                found.append({"id0": node.node_id})
    elif "name" in asked:
        hidden = {"owner": next(iter(world.tokens.values())).owner.login, "name": "hidden"}
        found = [{}, hidden]
    else:
        found = [{}]
    for one in found:
        yield {name: value for name, value in (every | one).items() if name in asked}


def _ids(world: World) -> list[str]:
    """Return the ids of repositories and of accounts, as many as GitHub lets one ask for."""
    found = [*world.repositories.values(), *world.actors.values()]
    return [one.node_id for one in found][: queries.PAGE_LIMIT]


def values_shown(world: World, document: str) -> dict[str, set[str]]:
    """Execute a document and return the values that each of its leaves took."""
    seen: dict[str, set[str]] = defaultdict(set)

    def record(resolve: Any, source: Any, info: Info, **given: Any) -> Any:
        value = resolve(source, info, **given)
        if is_leaf_type(get_named_type(info.return_type)):
            seen[f"{info.parent_type.name}.{info.field_name}"].add(str(value))
        return value

    parsed = parse(document)
    operation = get_operation_ast(parsed)
    assert operation is not None
    assert validate(schema(), parsed) == []
    request = Request(world, next(iter(world.tokens.values())), "http://x", Cost(1, 1))
    for asked in variables(world, operation):
        result = execute_sync(
            schema(), parsed, context_value=request, variable_values=asked, middleware=[record]
        )
        for error in result.errors or ():
            # A number is of one kind of thread only.
            assert "Could not resolve" in error.message, error
    return seen


def test_the_documents_are_all_that_are_written() -> None:
    written = {name.partition("(")[0] for name in documents()}

    assert {"list_document", "glance_document", "sizes_document", "skip_document"} <= written
    assert len(documents()) > 30
    # Nobody writes one elsewhere, where it would not be found.
    services = Path(queries.__file__).parent.parent
    elsewhere = [
        path.name
        for path in [services.parent / "github_client.py", *services.rglob("*.py")]
        if re.search(r"\bquery \w+ ?[({]", path.read_text("utf-8"))
    ]
    assert elsewhere == ["queries.py"]


def test_every_argument_of_the_documents_is_looked_at_and_every_field_says_something(
    full: World,
) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for document in documents().values():
        for place, values in values_shown(full, document).items():
            seen[place] |= values

    silent = {place for place, values in seen.items() if values <= NOTHING or values == {"True"}}

    assert len(seen) > 100
    assert silent == set()


def test_an_argument_of_a_document_that_is_ignored_is_noticed(
    full: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = schema().type_map["Issue"]
    assert isinstance(issue, GraphQLObjectType)
    monkeypatch.setattr(issue.fields["stateReason"], "resolve", honouring(lambda *_: None))

    with pytest.raises(AssertionError, match=r"Issue\.stateReason ignores enableDuplicate"):
        values_shown(full, queries.list_document(ThreadKind.ISSUE))
