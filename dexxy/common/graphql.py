"""What every app's part of the schema shares."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, NewType, TypeVar, overload

import strawberry
from django.http import HttpRequest, HttpResponse
from graphql import GraphQLError
from strawberry.relay import PageInfo

from dexxy.common.api import Caller
from dexxy.common.errors import BadInputError
from dexxy.common.graphql_cost import PAGED, cost
from dexxy.common.ids import parse_id
from dexxy.common.pages import Page

Node = TypeVar("Node")
# GraphQL's own Int has 32 bits; the ids of GitHub's objects outgrew it.
BigInt = NewType("BigInt", int)


def _read_big_int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise GraphQLError(f"BigInt cannot represent {value}: it is no whole number of 64 bits.")
    return value


BIG_INT = strawberry.scalar(
    name="BigInt", description="A whole number of up to 64 bits.", parse_value=_read_big_int
)


@dataclass
class Context:
    """What every resolver of one request can reach."""

    request: HttpRequest
    response: HttpResponse
    caller: Caller
    # What fields of the same request share, so that a list of them costs one query.
    shared: dict[Hashable, Any] = field(default_factory=dict)


Info = strawberry.Info[Context, None]


@strawberry.type(description="An item and its cursor.")
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]] = strawberry.field(metadata=PAGED)
    page_info: PageInfo
    total: strawberry.Private[Callable[[], int]]

    # To count a whole list is as much work as many pages of it.
    @strawberry.field(
        description="How many there are in all; counted only where it is asked for.",
        metadata=cost(objects=1000),
    )
    def total_count(self) -> int:
        return self.total()


def connection(page: Page[Any], after: str | None, total: Callable[[], int]) -> Connection[Any]:
    """Return PAGE as a GraphQL connection.

    Args:
        after: the cursor behind which the page starts; None for the first page.
        total: counts the whole list; called only if a client asks for `totalCount`.
    """
    cursors = {cursor.pk: str(cursor) for cursor in page.cursors}
    return Connection(
        edges=[Edge(cursor=cursors[item.pk], node=item) for item in page.items],
        page_info=PageInfo(
            has_next_page=page.has_more,
            has_previous_page=after is not None if page.has_before is None else page.has_before,
            start_cursor=page.start,
            end_cursor=page.end,
        ),
        total=total,
    )


@overload
def key(text: str) -> int: ...
@overload
def key(text: str | None) -> int | None: ...
def key(text: str | None) -> int | None:
    """Return the number that an id spells; 0, which nothing has, where it spells none.

    What was not sent stays None.
    """
    return None if text is None else parse_id(text) or 0


def keys(texts: list[strawberry.ID] | None, name: str) -> list[int]:
    """Return the numbers that the ids of an argument called NAME spell.

    Raises:
        BadInputError: one of them is no id.
    """
    found = [parse_id(text) for text in texts or []]
    if None in found:
        raise BadInputError(f"{name} holds something that is no id.")
    return [pk for pk in found if pk is not None]
