"""What a client of the API hears when something is wrong."""

from collections.abc import Iterator

import structlog
from graphql import ExecutionResult as ExecutedResult
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionResult as RefusedResult

from dexxy.common.errors import DexxyError

log = structlog.get_logger()

# A document that is refused never becomes a result of graphql-core.
_Result = ExecutedResult | RefusedResult


class ErrorCodes(SchemaExtension):
    """Give every error a code, and show of the unexpected ones no more than that."""

    def on_operation(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if isinstance(result, _Result) and result.errors:
            result.errors = [_coded(error) for error in result.errors]


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
