"""Every argument of the API that names a thing or a page, with what it should not be."""
# Fixtures that stand in another file are names of this one, too.

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache

from dexxy.accounts.models import User
from dexxy.common.pages import Cursor
from dexxy.messages.changes.positions import Position
from dexxy.messages.models import Message
from tests.api_documents import (
    document,
    document_of_a_page,
    id_arguments,
    paged_fields,
    root_fields,
    variables,
)
from tests.everything import Everything, alice, bob, charlie, db, everything, stored, values
from tests.factories import START

__all__ = ["alice", "bob", "charlie", "db", "everything", "values"]

Ask = Callable[..., dict[str, Any]]

NEVER_WAS = "987654"
NO_IDS = ["", "0", "-1", "x", "1.0", "0x1", "１", " 1", "9" * 30, "1" * 100_000]
ID_ARGUMENTS = [(name, way) for name in root_fields() for way in id_arguments(name)]
LARGEST = 2**31 - 1
NO_CURSORS = ["", "x", "%%%", "é", "MTIz", "LTEuLTE", "Zg", "A" * 90_000, str(Position(2**62, 1))]
# Cursors that we could have handed out, of other lists or of times at the end of all.
STRANGE_CURSORS = [
    str(Cursor(None, 1)),
    str(Cursor(START, 2**63 - 1)),
    str(Cursor(START.replace(year=1), 0)),
    str(Cursor(START.replace(year=9999), 0)),
]


@pytest.fixture
def theirs(values: dict[str, Any], charlie: User) -> dict[str, Any]:
    """Name the things of the team, for Charlie to ask for in a workspace of his own."""
    item = Message.objects.get(pk=values["itemId"])
    named = {"sourceId": str(item.source_id), "authorId": str(item.author_id)}
    return {**values, **named, "workspaceId": str(charlie.memberships.get().workspace_id)}


def codes(answer: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def naming(way: tuple[str, ...], pk: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of a field with one id, or list of ids, inside the argument at WAY."""
    found = variables(name, values)
    inner = found
    for key in way[:-1]:
        inner = inner.setdefault(key, {})
    inner[way[-1]] = [pk] if way[-1].endswith("s") else pk
    return found


@pytest.mark.parametrize(("name", "way"), ID_ARGUMENTS)
def test_an_id_of_another_workspace_is_like_one_that_never_was(
    ask: Ask,
    charlie: User,
    theirs: dict[str, Any],
    everything: Everything,
    name: str,
    way: tuple[str, ...],
) -> None:
    def answer(pk: str) -> dict[str, Any]:
        cache.clear()  # some are so dear that a minute does not hold all of these
        return ask(document(name, way[0]), charlie, **naming(way, pk, name, theirs))

    foreign = answer(theirs[way[-1].removesuffix("s")])

    assert foreign == answer(NEVER_WAS)
    assert codes(foreign) <= {"NOT_FOUND"}
    for pk in ("x", "9" * 30):
        assert codes(answer(pk)) <= {"NOT_FOUND", "BAD_USER_INPUT"}, pk
    assert stored() == everything.stored


@pytest.mark.parametrize("pk", NO_IDS)
def test_what_is_no_id_is_refused(ask: Ask, theirs: dict[str, Any], charlie: User, pk: str) -> None:
    asked = "query ($id: ID!) { thread(workspaceId: %s, threadId: $id) { id } }"
    answer = ask(asked % theirs["workspaceId"], charlie, id=pk)

    assert codes(answer) <= {"NOT_FOUND", "BAD_USER_INPUT"}
    assert codes(answer)


def test_the_arguments_that_name_things_are_found() -> None:
    assert {
        ("activityFeed", ("filters", "sourceIds")),
        ("syncRuns", ("repositoryId",)),
        ("apiTokenRevoke", ("tokenId",)),
    } <= set(ID_ARGUMENTS)


@pytest.mark.parametrize("field", sorted(paged_fields()))
def test_a_page_of_an_odd_size_is_refused(
    ask: Ask, alice: User, values: dict[str, Any], field: str
) -> None:
    way = paged_fields()[field]
    asked = document_of_a_page(way, first="100")
    assert codes(ask(asked, alice, **variables(way[0], values))) == set()

    for first in (0, -1, 101, LARGEST, -LARGEST, LARGEST + 1, 10**30, '"10"', "1.0", "null"):
        asked = document_of_a_page(way, first=str(first))
        answer = ask(asked, alice, **variables(way[0], values))
        assert codes(answer) == {"BAD_USER_INPUT"}, first


@pytest.mark.in_turns(3)
@pytest.mark.parametrize("field", sorted(paged_fields()))
def test_a_cursor_that_is_not_ours_is_refused_and_a_strange_one_is_a_place(
    ask: Ask, alice: User, values: dict[str, Any], field: str
) -> None:
    way = paged_fields()[field]

    def codes_for(cursor: str) -> set[str]:
        asked = document_of_a_page(way, after=json.dumps(cursor))
        return codes(ask(asked, alice, **variables(way[0], values)))

    for cursor in NO_CURSORS:
        assert codes_for(cursor) == {"BAD_USER_INPUT"}, cursor
    for cursor in STRANGE_CURSORS:
        assert codes_for(cursor) <= {"BAD_USER_INPUT"}, cursor


def test_the_fields_that_have_pages_are_found() -> None:
    assert {
        "Query.activityFeed",
        "Query.activityChanges",
        "Query.auditLog",
        "Thread.messages",
        "MemberProfile.activity",
    } <= set(paged_fields())


def leads_there(name: str, way: tuple[str, ...]) -> bool:
    """Tell whether a query finds what the id at WAY names, and does not leave it out."""
    return root_fields()[name][0] == "query" and "without" not in way


@pytest.mark.parametrize(("name", "way"), [one for one in ID_ARGUMENTS if leads_there(*one)])
def test_an_id_of_the_same_workspace_is_found(
    ask: Ask,
    alice: User,
    values: dict[str, Any],
    theirs: dict[str, Any],
    name: str,
    way: tuple[str, ...],
) -> None:
    pk = theirs[way[-1].removesuffix("s")]

    answer = ask(document(name, way[0]), alice, **naming(way, pk, name, values))

    assert codes(answer) == set()
    found = answer["data"][name]
    # A page, a list that has no pages, or the thing itself.
    things = found["edges"] if isinstance(found, dict) and "edges" in found else found
    assert things not in ([], {}, None)
