"""The endpoint of the API."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import strawberry
from cross_web import HTTPException
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from graphql import GraphQLError
from strawberry.django.views import GraphQLView
from strawberry.extensions import SchemaExtension
from strawberry.http import GraphQLRequestData
from strawberry.types import ExecutionResult

from dexxy.common.api import BudgetSpentError, Caller, refusal, timed
from dexxy.common.counts import counts
from dexxy.common.graphql import Context
from dexxy.common.graphql_documents import MOST_ERRORS, KnownDocuments
from dexxy.common.graphql_errors import coded
from dexxy.common.graphql_limits import Limits, OutOfTimeError
from dexxy.common.sql import TOO_SLOW, TooSlowError

# Each is made anew for every request.
EXTENSIONS: list[Callable[[], SchemaExtension]] = [Limits, KnownDocuments]
# Bytes of a request of somebody who is not signed in: the longest document of theirs, whose letters
# may be written by six bytes each, with its variables.
LARGEST_OF_STRANGERS = 150_000


class ApiView(GraphQLView[Context, None]):
    """The endpoint: POST, as somebody whom `caller_of` tells apart."""

    caller_of: Callable[[HttpRequest], Caller] | None = None

    def __init__(self, **options: Any) -> None:
        self.caller_of = options.pop("caller_of")
        self._caller: Caller | None = None
        # A query in an address would land in logs and histories.
        # The page for browsers is no part of the API.
        super().__init__(**options, allow_queries_via_get=False, graphql_ide=None)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return _only_post()
        assert self.caller_of is not None
        self._caller = caller = self.caller_of(request)
        if not caller.is_signed_in and _bytes_of(request) > LARGEST_OF_STRANGERS:
            return refusal(
                f"Sign in, or send an API token, for more than {LARGEST_OF_STRANGERS} bytes.",
                "LIMIT_EXCEEDED",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        try:
            # Before the body is read: who has no time left gets no work done.
            with timed(caller):
                return self.run(request=request)
        except BudgetSpentError as error:
            counts.add("errors", where="api", code=error.code)
            # As where points are spent, which is known only when the document was read.
            return refusal(str(error), error.code.upper(), HTTPStatus.OK)
        except HTTPException as error:
            return refusal(error.reason, "BAD_USER_INPUT", error.status_code)
        except RequestDataTooBig:
            return refusal("The request is too large.", "LIMIT_EXCEEDED", 413)
        except (SuspiciousOperation, UnreadablePostError):
            return refusal("The request cannot be read.", "BAD_USER_INPUT", 400)

    def get_context(self, request: HttpRequest, response: HttpResponse) -> Context:
        assert self._caller is not None
        return Context(request, response, self._caller)

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


def _bytes_of(request: HttpRequest) -> int:
    # The server answers who does not say how long a body is, and takes no more than that.
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _only_post() -> HttpResponse:
    answer = refusal(
        "Send documents by POST: a query in an address would be kept in logs and histories.",
        "BAD_USER_INPUT",
        HTTPStatus.METHOD_NOT_ALLOWED,
    )
    answer["Allow"] = "POST"
    return answer


class ApiSchema(strawberry.Schema):
    """A schema whose errors carry a code and never our insides."""

    def execute_sync(self, *args: Any, **options: Any) -> ExecutionResult:
        """Run a document; whatever part of the run an error comes from, it gets a code."""
        try:
            result = super().execute_sync(*args, **options)
        except OutOfTimeError:
            error = GraphQLError(TOO_SLOW, original_error=TooSlowError(TOO_SLOW))
            result = ExecutionResult(data=None, errors=[error])
        result.errors = result.errors and [coded(error) for error in result.errors]
        return result

    def _get_custom_context_kwargs(self, *args: Any, **options: Any) -> dict[str, Any]:
        # What is wrong with variables is told as what is wrong with the document.
        bounds = {"hide_suggestions": True, "max_coercion_errors": MOST_ERRORS}
        return super()._get_custom_context_kwargs(*args, **options) | bounds

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Log nothing here: `coded` knows what is worth it."""
