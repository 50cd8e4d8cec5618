"""Tell GitHub's refusals apart.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import contextlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import httpx
import orjson

from dexxy.integrations.services import github_errors as errors

# What GitHub asks to wait after a secondary limit that names no time.
_DEFAULT_WAIT = timedelta(seconds=60)


def raise_for_status(response: httpx.Response) -> NoReturn:
    """Raise the error that a refused request means.

    Raises:
        GitHubError: one of its kinds.
    """
    status, message = response.status_code, _message(response)
    if status in {403, 429} and _is_rate_limit(response.headers, message, status):
        raise rate_limited(response.headers)
    if status == 401:
        raise errors.BadCredentialsError(
            "GitHub refused the token (401)."
            " Make a new one under Settings > Developer settings, and connect again."
        )
    if status in {403, 451}:
        raise errors.AccessDeniedError(
            f"GitHub does not let this token read it ({status}: {message})."
            " Give the token read access to issues, pull requests and discussions."
        )
    if status in {404, 410}:
        raise errors.NotFoundError(
            f"GitHub knows nothing there ({status}: {message}). Check DEXXY_GITHUB_API_URL."
        )
    if status in {502, 504}:
        raise errors.QueryTooHeavyError(
            f"GitHub gave up on the request ({status}). Try again later."
        )
    if status >= 500:
        raise errors.GitHubServerError(f"GitHub failed ({status}: {message}). Try again later.")
    raise errors.UnexpectedAnswerError(f"GitHub refused the request ({status}: {message}).")


def raise_for_errors(body: Any, headers: httpx.Headers, *, may_miss: Collection[str] = ()) -> None:
    """Raise what the `errors` of a GraphQL answer mean; with none of them, return.

    A 200 with `errors` and a half of the data is usual, and never applied.

    Args:
        may_miss: paths that may be NOT_FOUND, as for `GitHubClient.query`.

    Raises:
        GitHubError: one of its kinds.
    """
    if not isinstance(body, dict):
        raise errors.UnexpectedAnswerError("GitHub's GraphQL answer is not an object.")
    problems = [p for p in body.get("errors") or [] if not _may_miss(p, may_miss)]
    if problems:
        raise _graphql_error(problems, headers)
    if not isinstance(body.get("data"), dict):
        # REST answers of a proxy or a wrong address look like this.
        raise errors.UnexpectedAnswerError(
            "GitHub's GraphQL answer has no data. Check DEXXY_GITHUB_GRAPHQL_URL."
        )


def _may_miss(problem: dict[str, Any], may_miss: Collection[str]) -> bool:
    path = [str(step) for step in problem.get("path") or []]
    names = {".".join(path), ".".join([*path[:-1], "*"])}
    return problem.get("type") == "NOT_FOUND" and bool(path) and not names.isdisjoint(may_miss)


def _graphql_error(problems: list[dict[str, Any]], headers: httpx.Headers) -> errors.GitHubError:
    kinds = {str(problem.get("type")) for problem in problems}
    message = "; ".join(str(problem.get("message")) for problem in problems)
    # The type is undocumented, and has been seen in two spellings.
    if kinds & {"RATE_LIMITED", "RATE_LIMIT"} or _is_rate_limit(headers, message, 200):
        return rate_limited(headers)
    if "INVALID_CURSOR_ARGUMENTS" in kinds or "not appear to be a valid cursor" in message:
        return errors.CursorRefusedError(f"GitHub refused a cursor: {message}")
    # Deeper inside, it is one thing among many that cannot be shown: smaller pages find it.
    is_whole = all(len(problem.get("path") or []) <= 2 for problem in problems)
    if is_whole and kinds == {"NOT_FOUND"}:
        return errors.NotFoundError(f"GitHub knows nothing there ({message}).")
    if is_whole and kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return errors.AccessDeniedError(
            f"GitHub does not let this token read it ({message})."
            " Give the token read access to issues, pull requests and discussions."
        )
    if any((problem.get("extensions") or {}).get("code") for problem in problems):
        # The query itself was refused: no page size can mend that.
        return errors.UnexpectedAnswerError(f"GitHub refused the query: {message}")
    return errors.QueryTooHeavyError(f"GitHub answered only a part of the query: {message}")


def rate_limited(headers: httpx.Headers) -> errors.RateLimitedError:
    """Read from HEADERS until when GitHub wants no more requests."""
    now = datetime.now(UTC)
    retry_at = now + _DEFAULT_WAIT
    with contextlib.suppress(KeyError, ValueError, OverflowError):
        if "retry-after" in headers:
            retry_at = now + timedelta(seconds=int(headers["retry-after"]))
        elif headers.get("x-ratelimit-remaining") == "0":
            retry_at = datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
    # A reset that has just passed, or a clock that is off, must not become a busy loop.
    retry_at = max(retry_at, now + timedelta(seconds=1))
    return errors.RateLimitedError(
        f"GitHub's rate limit is used up until {retry_at:%H:%M:%S} UTC. Try again then.", retry_at
    )


def _is_rate_limit(headers: httpx.Headers, message: str, status: int) -> bool:
    if status == 200:
        return "rate limit" in message.lower()
    return (
        status == 429
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or "rate limit" in message.lower()
    )


def _message(response: httpx.Response) -> str:
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return response.reason_phrase
    return str(body.get("message", "")) if isinstance(body, dict) else response.reason_phrase
