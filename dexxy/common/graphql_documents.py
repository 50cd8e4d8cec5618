"""Documents of the API that were read and found valid, kept: clients send the same ones again."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from graphql import DocumentNode, GraphQLError, parse
from strawberry.extensions import SchemaExtension

# A character of a document takes some 75 bytes once it is read: together at most about 50 MB.
MOST_KEPT = 64
LONGEST_KEPT = 10_000


@dataclass
class Known:
    """A document that was read, and whether it is known to fit the schema."""

    node: DocumentNode
    is_valid: bool = False


class KnownDocuments(SchemaExtension):
    """Read and validate a document only once, for as long as it is kept.

    To validate a large one takes longer than to run it. Neither depends on its variables.
    """

    _known: Known | None = None

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query and len(context.query) <= LONGEST_KEPT:
            # What cannot be read is told by who reads it next.
            with suppress(GraphQLError):
                self._known = _read(context.query, context.parse_options.get("max_tokens"))
                context.graphql_document = self._known.node
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        # Errors are those of limits, which depend on who asks.
        if self._known and self._known.is_valid and context.pre_execution_errors is None:
            context.pre_execution_errors = []
        yield
        if self._known and context.pre_execution_errors == []:
            self._known.is_valid = True


@lru_cache(maxsize=MOST_KEPT)
def _read(text: str, most_tokens: int | None) -> Known:
    return Known(parse(text, max_tokens=most_tokens))
