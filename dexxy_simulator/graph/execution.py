"""Answers one GraphQL request: parse, count, charge, execute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    get_operation_ast,
    parse,
    validate,
)

from dexxy_simulator.graph.context import Request
from dexxy_simulator.graph.cost import NODE_LIMIT, Cost, CostCounter
from dexxy_simulator.graph.errors import GitHubError, formatted
from dexxy_simulator.graph.schema import schema
from dexxy_simulator.tokens import Token
from dexxy_simulator.world import World


@dataclass
class Answer:
    """The JSON of an answer, and the points that it took."""

    body: dict[str, Any]
    points: int = 0


@lru_cache(maxsize=256)
def checked(document: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    """Parse and validate a document; clients send the same few again and again."""
    try:
        parsed = parse(document)
    except GraphQLSyntaxError as error:
        return None, (error,)
    return parsed, tuple(validate(schema(), parsed))


def answer(
    world: World,
    token: Token,
    base_url: str,
    document: str,
    variables: Mapping[str, Any],
    operation_name: str | None = None,
    *,
    wants_new_ids: bool = False,
) -> Answer:
    """Answer a query. Whoever calls holds the world's lock.

    A refusal for the rate limit is an answer too: GitHub sends it with the status 200.
    """
    parsed, errors = checked(document)
    operation = get_operation_ast(parsed, operation_name) if parsed else None
    if parsed is None or operation is None or errors:
        unclear = (GraphQLError("An operation name is required"),) if parsed else ()
        return _refused(*(errors or unclear))
    cost = CostCounter(schema(), parsed, variables).count(operation)
    if cost.nodes > NODE_LIMIT:
        return _refused(_too_many_nodes(cost))
    dry_run = _only_rate_limit(parsed, operation, variables)
    if dry_run is None:
        bucket = world.bucket(token, "graphql")
        if bucket.remaining == 0:
            return _refused(_rate_limited(world, token))
        bucket.spend(cost.points)
    result = execute_sync(
        schema(),
        dry_run or parsed,
        context_value=Request(world, token, base_url, cost, wants_new_ids),
        variable_values=dict(variables),
        operation_name=operation_name,
    )
    return Answer(_body(result), 0 if dry_run else cost.points)


def _refused(*errors: GraphQLError) -> Answer:
    return Answer({"errors": [formatted(error) for error in errors]})


def _body(result: ExecutionResult) -> dict[str, Any]:
    """Write a result; what failed before anything ran has no data, not even null."""
    errors = [formatted(error) for error in result.errors or ()]
    if result.data is None and errors and not any("path" in error for error in errors):
        return {"errors": errors}
    return {"data": result.data, **({"errors": errors} if errors else {})}


def _too_many_nodes(cost: Cost) -> GitHubError:
    message = (
        f"This query requests up to {cost.nodes:,} possible nodes which exceeds "
        f"the maximum limit of {NODE_LIMIT:,}."
    )
    return GitHubError("MAX_NODE_LIMIT_EXCEEDED", message)


def _rate_limited(world: World, token: Token) -> GitHubError:
    message = f"API rate limit exceeded for {token.budgeted}."
    kind = world.dialect.rate_limit_type
    return GitHubError(kind, message, "graphql_rate_limit" if kind == "RATE_LIMIT" else None)


def _only_rate_limit(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> DocumentNode | None:
    """Cut a query with `rateLimit(dryRun: true)` down to that field: the rest is not run."""
    asked = [
        selection
        for selection in operation.selection_set.selections
        if isinstance(selection, FieldNode)
        and any(_is_true(argument, variables) for argument in selection.arguments or ())
    ]
    if not asked:
        return None
    only = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=SelectionSetNode(selections=tuple(asked)),
    )
    definitions = [only if one is operation else one for one in document.definitions]
    return DocumentNode(definitions=tuple(definitions))


def _is_true(argument: Any, variables: Mapping[str, Any]) -> bool:
    if argument.name.value != "dryRun":
        return False
    value = argument.value
    named = getattr(value, "name", None)
    return bool(variables.get(named.value) if named else getattr(value, "value", False))
