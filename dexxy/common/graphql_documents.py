"""Documents of the API that were read and found valid, kept: clients send the same ones again."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from time import monotonic
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    Source,
    SourceLocation,
    ValidationContext,
    parse,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from dexxy.common.graphql_limits import OutOfTimeError

# A character of a document takes some 75 bytes once it is read: together at most about 50 MB.
MOST_KEPT = 64
LONGEST_KEPT = 10_000
# Of one document: who mends these hears of the next ones.
MOST_ERRORS = 5
# From the beginning of a document until it is known to be valid; its execution has a time of its
# own. A document takes a hundredth of that, and the slowest one that is allowed less than half.
LONGEST_READING_SECONDS = 5.0
_NEW_LINE = re.compile(r"\r\n|[\n\r]")


class Lines(Source):
    """The text of a document, which looks for its lines once.

    The library counts them from the beginning for each location of each error.
    """

    @cached_property
    def _ends(self) -> list[int]:
        return [found.end() for found in _NEW_LINE.finditer(self.body)]

    def get_location(self, position: int) -> SourceLocation:
        line = bisect_right(self._ends, position)
        return SourceLocation(line + 1, position + 1 - (self._ends[line - 1] if line else 0))


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

    def on_operation(self) -> Iterator[None]:
        self._ends_at = monotonic() + LONGEST_READING_SECONDS
        yield

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query:
            is_kept = len(context.query) <= LONGEST_KEPT
            read: Callable[[str, int | None], Known] = _read if is_kept else _read_anew
            self._known = read(context.query, context.parse_options.get("max_tokens"))
            context.graphql_document = self._known.node
        _check_time(self._ends_at)
        yield

    def on_validate(self) -> Iterator[None]:
        # Errors that there are, are those of limits, which depend on who asks.
        if self._known and self.execution_context.pre_execution_errors is None:
            _check_time(self._ends_at)
            errors = [] if self._known.is_valid else self._errors(self._known.node)
            self.execution_context.pre_execution_errors = errors
            self._known.is_valid = not errors
        yield

    def _errors(self, document: DocumentNode) -> list[GraphQLError]:
        """Say what is wrong with a document, as the library does, but not for ever.

        To look for names that resemble a wrong one takes longer than all else.
        """
        context = self.execution_context
        rules: list[Any] = [
            partial(_InTime, self._ends_at),
            *context.validation_rules,
            MaybeNullValidationRule,
            OneOfInputValidationRule,
        ]
        schema = context.schema._schema
        return validate(schema, document, rules, max_errors=MOST_ERRORS, hide_suggestions=True)


class _InTime(ASTValidationRule):
    """Ends the validation of a document when its time is over."""

    def __init__(self, ends_at: float, context: ValidationContext) -> None:
        super().__init__(context)
        self._ends_at = ends_at

    def enter(self, *_: Any) -> None:
        _check_time(self._ends_at)


def _check_time(ends_at: float) -> None:
    if monotonic() > ends_at:
        raise OutOfTimeError


def _read_anew(text: str, most_tokens: int | None) -> Known:
    return Known(parse(Lines(text), max_tokens=most_tokens))


_read = lru_cache(maxsize=MOST_KEPT)(_read_anew)
