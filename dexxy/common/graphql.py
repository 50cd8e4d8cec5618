"""What every app's part of the schema shares."""

import json
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, NewType

import strawberry
import structlog
from django.http import HttpRequest, HttpResponse
from graphql import ExecutionResult as ExecutedResult
from graphql import GraphQLError
from strawberry.django.views import GraphQLView
from strawberry.extensions import (
    MaxAliasesLimiter,
    MaxTokensLimiter,
    QueryDepthLimiter,
    SchemaExtension,
)
from strawberry.http import GraphQLRequestData
from strawberry.types import ExecutionResult as RefusedResult

from dexxy.common.errors import BadInputError, DexxyError
from dexxy.common.ids import parse_id

log = structlog.get_logger()

# GraphQL's own Int has 32 bits; the ids of GitHub's objects outgrew it.
BigInt = NewType("BigInt", int)


def _read_big_int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise GraphQLError(f"BigInt cannot represent {value!r}: it is no whole number of 64 bits.")
    return value


BIG_INT = strawberry.scalar(
    name="BigInt", description="A whole number of up to 64 bits.", parse_value=_read_big_int
)
# A document that is refused never becomes a result of graphql-core.
_Result = ExecutedResult | RefusedResult


@dataclass
class Context:
    """What every resolver of one request can reach."""

    request: HttpRequest
    response: HttpResponse
    # What fields of the same request share, so that a list of them costs one query.
    shared: dict[Hashable, Any] = field(default_factory=dict)


Info = strawberry.Info[Context, None]


class ApiView(GraphQLView[Context, None]):
    """The endpoint: POST with a session cookie and its CSRF token."""

    def __init__(self, **options: Any) -> None:
        # A query in an address would land in logs and histories.
        super().__init__(**options, allow_queries_via_get=False)

    def get_context(self, request: HttpRequest, response: HttpResponse) -> Context:
        return Context(request, response)

    def parse_http_body(self, request: Any) -> GraphQLRequestData | list[GraphQLRequestData]:
        try:
            return super().parse_http_body(request)
        except (ValueError, RecursionError) as error:
            # No UTF-8, too deep, or a number too long; a JSONDecodeError is answered with 400.
            raise json.JSONDecodeError(str(error), "", 0) from error

    def decode_json(self, data: str | bytes) -> object:
        decoded = super().decode_json(data)
        if not isinstance(decoded, dict | list):
            raise json.JSONDecodeError("Neither an object nor a list", str(data), 0)
        return decoded

    def render_graphql_ide(self, request: HttpRequest) -> HttpResponse:
        response = super().render_graphql_ide(request)
        # GraphiQL, which only debugging shows, is loaded from elsewhere.
        response._csp_exempt = True  # type: ignore[attr-defined]  # as django-csp's decorator does
        return response


class ApiSchema(strawberry.Schema):
    """A schema whose errors carry a code and never our insides."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing here: ErrorCodes knows what is worth it."""


class ErrorCodes(SchemaExtension):
    """Give every error a code, and show of the unexpected ones no more than that."""

    def on_operation(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if isinstance(result, _Result) and result.errors:
            result.errors = [_coded(error) for error in result.errors]


# Each is made anew for every request. The bounds are generous: they stop abuse, not use.
EXTENSIONS: list[Callable[[], SchemaExtension]] = [
    ErrorCodes,
    lambda: QueryDepthLimiter(max_depth=15),
    lambda: MaxAliasesLimiter(max_alias_count=50),
    lambda: MaxTokensLimiter(max_token_count=5000),
]


def ids(texts: list[strawberry.ID] | None, name: str) -> list[int]:
    """Read the ids of an argument called NAME.

    Raises:
        BadInputError: one of them is no id.
    """
    found = [parse_id(text) for text in texts or []]
    if None in found:
        raise BadInputError(f"{name} holds something that is no id.")
    return [pk for pk in found if pk is not None]


def _coded(error: GraphQLError) -> GraphQLError:
    cause = error.original_error
    if isinstance(cause, DexxyError):
        return _like(error, str(cause), cause.code.upper())
    if error.path is None:
        # Parsing, validation and variables: about the document itself, which its author may read.
        return _like(error, error.message, "BAD_USER_INPUT")
    log.error("graphql field failed", path=error.path, exc_info=cause or error)
    return _like(error, "Something went wrong here. It has been logged.", "INTERNAL_ERROR")


def _like(error: GraphQLError, message: str, code: str) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": code},
    )
