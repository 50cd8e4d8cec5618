"""Which error a refusal of GraphQL means, and which of several decides."""

from typing import Any

import httpx
import pytest

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.refusals import paths_missed

NOTHING = httpx.Headers()
DEEP = ["repository", "list", "nodes", 3]


def problem(kind: str = "", message: str = "x", path: list[Any] | None = None) -> dict[str, Any]:
    return {"type": kind, "message": message, "path": path or ["repository"]}


REFUSED_QUERY = {**problem(), "extensions": {"code": "undefinedField"}}


def error_of(*problems: dict[str, Any]) -> errors.GitHubError:
    with pytest.raises(errors.GitHubError) as caught:
        paths_missed({"data": None, "errors": list(problems)}, NOTHING)
    return caught.value


@pytest.mark.parametrize(
    ("problems", "kind"),
    [
        ([problem("RATE_LIMITED")], errors.RateLimitedError),
        ([problem("RATE_LIMIT")], errors.RateLimitedError),
        ([problem(message="API rate limit exceeded")], errors.RateLimitedError),
        ([problem("INVALID_CURSOR_ARGUMENTS")], errors.CursorRefusedError),
        (
            [problem(message="`x` does not appear to be a valid cursor.")],
            errors.CursorRefusedError,
        ),
        ([problem("NOT_FOUND")], errors.NotFoundError),
        ([problem("NOT_FOUND", path=DEEP)], errors.QueryTooHeavyError),
        ([problem("NOT_FOUND"), problem("OTHER")], errors.QueryTooHeavyError),
        ([problem("FORBIDDEN")], errors.AccessDeniedError),
        ([problem("FORBIDDEN", path=DEEP)], errors.QueryTooHeavyError),
        ([problem("INSUFFICIENT_SCOPES", path=DEEP)], errors.AccessDeniedError),
        ([REFUSED_QUERY], errors.UnexpectedAnswerError),
        ([problem()], errors.QueryTooHeavyError),
    ],
)
def test_each_refusal_means_one_error(
    problems: list[dict[str, Any]], kind: type[errors.GitHubError]
) -> None:
    assert type(error_of(*problems)) is kind


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("RATE_LIMITED", "INVALID_CURSOR_ARGUMENTS", errors.RateLimitedError),
        ("INVALID_CURSOR_ARGUMENTS", "FORBIDDEN", errors.CursorRefusedError),
        ("FORBIDDEN", "NOT_FOUND", errors.AccessDeniedError),
    ],
)
def test_of_several_refusals_the_first_in_the_table_decides(
    first: str, second: str, kind: type[errors.GitHubError]
) -> None:
    assert type(error_of(problem(first), problem(second))) is kind
    assert type(error_of(problem(second), problem(first))) is kind


def test_a_denied_part_of_a_refused_query_is_denied() -> None:
    assert type(error_of(REFUSED_QUERY, problem("FORBIDDEN"))) is errors.AccessDeniedError


def test_the_message_quotes_all_that_github_said_as_it_is() -> None:
    error = error_of(problem(message="{one}"), problem(message="two"))

    assert str(error) == ("GitHub answered only a part of the query ({one}; two). Try again later.")


def test_what_may_be_missing_is_no_refusal() -> None:
    body = {"data": {"p0": None}, "errors": [problem("NOT_FOUND", path=["p0"])]}

    assert paths_missed(body, NOTHING, may_miss=["p0"]) == {"p0"}


def test_what_may_be_missing_does_not_hide_what_may_not() -> None:
    body = {
        "data": {"p0": None},
        "errors": [problem("NOT_FOUND", path=["p0"]), problem("FORBIDDEN", path=["p1"])],
    }

    with pytest.raises(errors.AccessDeniedError):
        paths_missed(body, NOTHING, may_miss=["p0", "p1"])
