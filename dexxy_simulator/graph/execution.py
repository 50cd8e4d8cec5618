"""Answers one GraphQL request: parse, count, charge, execute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    execute_sync,
    get_operation_ast,
)

from dexxy_simulator.graph.compute import refused, seconds_for, weight_of
from dexxy_simulator.graph.context import Request
from dexxy_simulator.graph.cost import NODE_LIMIT, Cost, CostCounter
from dexxy_simulator.graph.documents import checked
from dexxy_simulator.graph.errors import GitHubError, formatted
from dexxy_simulator.graph.schema import schema
from dexxy_simulator.graph.scopes import refused_fields
from dexxy_simulator.tokens import Token
from dexxy_simulator.world import World


@dataclass
class Answer:
    """The JSON of an answer, its own headers, its points, and how many seconds it is computed."""

    body: dict[str, Any]
    points: int = 0
    status: int = 200
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


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

    Raises:
        Exception: what a resolver did not mean to raise, such as `IgnoredArgumentError`.
    """
    newer = world.dialect.newer_fields
    parsed, errors = checked(document, newer=newer)
    operation = get_operation_ast(parsed, operation_name) if parsed else None
    if parsed is None or operation is None or errors:
        unclear = (GraphQLError("An operation name is required"),) if parsed else ()
        return _refused(*(errors or unclear))
    if unscoped := refused_fields(document, world.scopes_of(token), newer=newer):
        return _refused(*unscoped)
    cost = CostCounter(schema(newer=newer), parsed, variables).count(operation)
    if cost.nodes > NODE_LIMIT:
        return _refused(_too_many_nodes(cost))
    dry_run = _only_rate_limit(parsed, operation, variables)
    if dry_run is None:
        bucket = world.bucket(token, "graphql")
        if bucket.remaining == 0:
            return _refused(_rate_limited(world, token))
        bucket.spend(cost.points)
    request = Request(world, token, base_url, cost, wants_new_ids)
    body = _executed(request, dry_run or parsed, variables, operation_name)
    headers = request.barriers[-1].headers if request.barriers else {}
    whole = Answer(body, 0 if dry_run else cost.points, headers=headers)
    return whole if dry_run else _computed(world, token, whole)


def _executed(
    request: Request, document: DocumentNode, variables: Mapping[str, Any], operation: str | None
) -> dict[str, Any]:
    result = execute_sync(
        schema(newer=request.dialect.newer_fields),
        document,
        context_value=request,
        variable_values=dict(variables),
        operation_name=operation,
    )
    _raise_own_mistakes(result)
    for path in request.nulls:
        _put_null(result.data, path)
    return _body(result)


def _computed(world: World, token: Token, whole: Answer) -> Answer:
    """Refuse an answer that was too heavy to compute, and charge for the attempt."""
    budget = world.compute_budget
    if budget is None:
        return whole
    weight = weight_of(whole.body.get("data"))
    whole.seconds = seconds_for(weight, budget)
    if weight <= budget.weight:
        return whole
    world.bucket(token, "graphql").spend(budget.points)
    status, body = refused(whole.body, world.dialect.heavy_queries)
    return Answer(body, whole.points + budget.points, status, whole.seconds, whole.headers)


def _put_null(data: Any, path: Sequence[str | int]) -> None:
    """Put null at the end of a path, unless something on the way is null already."""
    for step in path[:-1]:
        data = data[step] if data is not None else None
    if data is not None:
        data[path[-1]] = None


def _raise_own_mistakes(result: ExecutionResult) -> None:
    """Let what the simulator did wrong look like no error of GitHub's."""
    for error in result.errors or ():
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error


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
