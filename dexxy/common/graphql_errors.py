"""What a client of the API hears when something is wrong."""

from collections.abc import Mapping

import structlog
from graphql import GraphQLError

from dexxy.common.counts import counts
from dexxy.common.errors import DexxyError

log = structlog.get_logger()


def coded(error: GraphQLError) -> GraphQLError:
    """Return ERROR with its code; of one that is our fault, with no more than that."""
    cause = error.original_error
    if isinstance(cause, DexxyError):
        counts.add("errors", where="api", code=cause.code)
        return _like(error, str(cause), cause.code.upper(), cause.details)
    if error.path is None and (cause is None or error.nodes):
        # Parsing, validation and variables: about the document itself, which its author may read.
        return _like(error, error.message, "BAD_USER_INPUT")
    counts.add("errors", where="api", code="internal_error")
    log.error("graphql field failed", path=error.path, exc_info=cause or error)
    return _like(error, "Something went wrong here. It has been logged.", "INTERNAL_ERROR")


def _like(
    error: GraphQLError, message: str, code: str, details: Mapping[str, object] | None = None
) -> GraphQLError:
    like = GraphQLError(message, path=error.path, extensions={"code": code, **(details or {})})
    # To find them means to read the document again.
    like.locations = error.locations
    return like
