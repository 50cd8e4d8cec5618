"""What one document may ask of the API."""

import re
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    StringValueNode,
    Visitor,
    visit,
)
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from dexxy.common.api import MOST_POINTS, Caller, spend
from dexxy.common.databases.replica import writing
from dexxy.common.errors import BadInputError, DexxyError
from dexxy.common.graphql import Context
from dexxy.common.graphql_introspection import INTROSPECTION
from dexxy.common.graphql_size import LimitError, Measure, Size
from dexxy.common.sql import deadline

# Generous: they stop abuse, not use. The query by which tools read the schema is the deepest.
DEEPEST = 15
MOST_ALIASES = 50
MOST_TOKENS = 3000
# Characters of a document: a comment, a string or empty lines of any length are few tokens. The
# query by which tools read the schema has 2,000.
LONGEST_DOCUMENT = 100_000
LONGEST_OF_STRANGERS = 20_000
# In the variables of a document, with the names of their fields. A list of people that is exported
# has 5,000.
MOST_VALUES = 10_000
LONGEST_QUERY_SECONDS = 20.0


class SignInNeededError(DexxyError):
    """Somebody who is not signed in asks what the schema is."""

    code = "unauthenticated"


class OutOfTimeError(BaseException):
    """The time of a document is over.

    No failure of a field, of which a document could have thousands: it ends the whole document.
    """


class ReadOnlyTokenError(DexxyError):
    """A token that may only read was sent with a mutation."""

    code = "forbidden"


class Limits(SchemaExtension):
    """Refuse a document that asks for too much, before it is validated or run."""

    def on_operation(self) -> Iterator[None]:
        asked = self.execution_context
        asked.parse_options["max_tokens"] = MOST_TOKENS
        _check_length(asked.query or "", asked.context.caller)
        check_text(asked.variables or {})
        yield

    def on_validate(self) -> Iterator[None]:
        try:
            self._check()
        except DexxyError as error:
            refusal = GraphQLError(str(error), original_error=error)
            self.execution_context.pre_execution_errors = [refusal]
        yield

    def on_execute(self) -> Iterator[None]:
        self._ends_at = monotonic() + LONGEST_QUERY_SECONDS
        self._is_change = self._is_mutation()
        if self._is_change:
            # Each of its changes is whole, and what it told GitHub is written down.
            yield
        else:
            context: Context = self.execution_context.context
            context.request.only_reads = True  # type: ignore[attr-defined]
            with writing(False), deadline(LONGEST_QUERY_SECONDS):
                yield

    def resolve(
        self,
        _next: Callable[..., Any],
        root: Any,
        info: GraphQLResolveInfo[Any],
        *args: str,
        **arguments: Any,
    ) -> Any:
        """Resolve a field, unless the time of the document is over.

        Raises:
            OutOfTimeError: it is. A change that was begun is finished, and so is the next one.
        """
        if monotonic() > self._ends_at and not (self._is_change and info.path.prev is None):
            raise OutOfTimeError
        return _next(root, info, *args, **arguments)

    def _check(self) -> None:
        document, variables = self._document(), self.execution_context.variables or {}
        context: Context = self.execution_context.context
        visit(document, _Texts())
        if not context.caller.is_signed_in:
            # Before it is measured: nobody should have to count what will be refused.
            visit(document, _NoIntrospection())
        # `operation_name` is that of the first operation where none was sent.
        _check_choice(document, self.execution_context._provided_operation_name)
        if self._is_mutation() and not context.caller.may_write:
            raise ReadOnlyTokenError(
                "You may only read here: a token may write if its scope is FULL."
            )
        schema = self.execution_context.schema._schema
        size = Measure(document, variables, schema).size()
        _check_size(size)
        spend(context.caller, size.points, context.response)

    def _is_mutation(self) -> bool:
        return self.execution_context.operation_type is OperationType.MUTATION

    def _document(self) -> Any:
        return self.execution_context.graphql_document


class _Texts(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        check_text(node.value)


class _NoIntrospection(Visitor):
    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in INTROSPECTION:
            raise SignInNeededError("Sign in, or send an API token, to ask for the schema.")


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def check_text(value: object) -> None:
    """Refuse text that cannot be stored, wherever it is in VALUE.

    Raises:
        BadInputError: it holds a null byte, or half a character.
        LimitError: VALUE holds more than anybody needs.
    """
    unread, values = [value], 0
    while unread:
        one = unread.pop()
        if isinstance(one, str) and _UNSTORABLE.search(one):
            raise BadInputError("A text holds a null byte or half a character.")
        if isinstance(one, dict | list):
            values += len(one)
            if values > MOST_VALUES:
                raise LimitError(
                    f"The variables hold more than {MOST_VALUES} values: send fewer at a time."
                )
            unread += [*one, *one.values()] if isinstance(one, dict) else one


def _check_length(text: str, caller: Caller) -> None:
    most = LONGEST_DOCUMENT if caller.is_signed_in else LONGEST_OF_STRANGERS
    if len(text) <= most:
        return
    way_out = (
        "send long texts and lists as variables"
        if caller.is_signed_in
        else "sign in, or send an API token, for a longer one"
    )
    raise LimitError(
        f"The document has {len(text)} characters; up to {most} are allowed: {way_out}."
    )


def _check_choice(document: DocumentNode, name: str | None) -> None:
    """Refuse to guess which operation is meant.

    https://spec.graphql.org/October2021/#GetOperation()
    """
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        raise BadInputError("Say which operation to run: `operationName` beside `query`.")


def _check_size(size: Size) -> None:
    for what, number, most in (
        ("levels deep", size.depth, DEEPEST),
        ("aliases", size.aliases, MOST_ALIASES),
        ("points", size.points, MOST_POINTS),
    ):
        if number > most:
            shown = number if number < 10**9 else "more than a billion"
            raise LimitError(f"The document has {shown} {what}; up to {most} are allowed.")
