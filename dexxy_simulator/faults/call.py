"""A request that a fault may fall on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from graphql import get_operation_ast
from werkzeug.wrappers import Request, Response

from dexxy_simulator.graph.cost import Cost, CostCounter
from dexxy_simulator.graph.documents import checked
from dexxy_simulator.graph.schema import schema
from dexxy_simulator.tokens import Resource, Token
from dexxy_simulator.world import World


@dataclass
class Asked:
    """What a request wants.

    `running` counts the requests that are being answered, this one among them.
    """

    endpoint: str
    method: str
    path: str
    body: bytes
    running: int = 1

    @cached_property
    def query(self) -> dict[str, Any]:
        """The GraphQL request, empty if it is none."""
        try:
            found = json.loads(self.body) if self.endpoint == "graphql" else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def document(self) -> str:
        """The GraphQL document."""
        return str(self.query.get("query") or "")

    @property
    def variables(self) -> dict[str, Any]:
        """Its variables."""
        return self.query.get("variables") or {}

    @cached_property
    def cost(self) -> Cost:
        """What the GraphQL query costs."""
        document, errors = checked(self.document)
        operation = get_operation_ast(document) if document and not errors else None
        if document is None or operation is None:
            return Cost()
        return CostCounter(schema(), document, self.variables).count(operation)


@dataclass(frozen=True)
class Broken:
    """A connection that ends after a share of the body; below zero, before the headers."""

    share: float
    resets: bool


@dataclass
class Call:
    """One request on its way to an answer: what an effect works on.

    `broken` says how the connection ends, if not in good order. `clock_off` is by how many
    seconds the `Date` is off; None sends none. `earlier` are the answers that the same request
    has got, in a server that keeps them.
    """

    world: World
    request: Request
    asked: Asked
    answer: Callable[[], Response]
    earlier: list[bytes] | None = None
    broken: Broken | None = None
    clock_off: float | None = 0.0

    def proceed(self) -> Response:
        """Answer as if there were no fault."""
        response = self.answer()
        if self.earlier is not None:
            self.earlier.append(response.get_data())
        return response

    @property
    def resource(self) -> Resource:
        """Which limit the request counts against."""
        return "graphql" if self.asked.endpoint == "graphql" else "core"

    @property
    def token(self) -> Token | None:
        """Whose request it is."""
        header = self.request.headers.get("Authorization", "")
        return self.world.token(header.partition(" ")[2].strip())


Effect: TypeAlias = Callable[[Call], Response]
