"""What all calls of the API have in common, GraphQL's and exports: who calls, what a minute of a
caller is worth, and how a call is refused. It loads no library of GraphQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, thread_time, time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import JsonResponse
from django.http.response import HttpResponseBase

from dexxy.common.databases.replica import wrapped
from dexxy.common.errors import DexxyError

# Of one document; generous, to stop abuse and not use.
MOST_POINTS = 500
_MINUTE = 60
# Seconds; longer than the longest document of a caller can reach into minutes that come.
_COUNTED_FOR = 10 * _MINUTE
_MILLISECONDS = 1000


@dataclass(frozen=True)
class Caller:
    """Who asks, as far as the API itself must know.

    Args:
        key: whose budget it is: a person's, however many tokens they have, or an address's.
    """

    key: str
    may_write: bool = True
    is_signed_in: bool = True


class BudgetSpentError(DexxyError):
    """A caller has asked for more in this minute than a caller may."""

    code = "rate_limited"
    retryable = True


@dataclass(frozen=True)
class Minute:
    """What a caller has of this minute.

    Args:
        budget: points of a whole minute.
        left: of them, before nothing more is answered; below zero when more was asked for.
        resets_in: seconds until the next minute begins.
    """

    budget: int
    left: int
    resets_in: int


def points_count(caller: Caller, points: int) -> Minute | None:
    """Count POINTS against the minute of CALLER; None while nothing is counted.

    Whoever asks calls `require_left` with what this returns.

    Raises:
        BudgetSpentError: what CALLER asked before took all the time that a minute has.
    """
    budget, now = settings.DEXXY_API_BUDGET, int(time())
    minute, gone = divmod(now, _MINUTE)
    if cache.get(_time_key(caller, minute), 0) >= settings.DEXXY_API_SECONDS * _MILLISECONDS:
        raise BudgetSpentError(
            f"What you asked took this minute's {settings.DEXXY_API_SECONDS} seconds of work:"
            f" ask again in {_MINUTE - gone} seconds."
        )
    spent = _counted(f"api-budget:{caller.key}:{minute}", points)
    return None if spent is None else Minute(budget, budget - spent, _MINUTE - gone)


def require_left(minute: Minute | None) -> None:
    """Refuse a caller who has asked for more than MINUTE has.

    Raises:
        BudgetSpentError: nothing is left.
    """
    if minute is not None and minute.left < 0:
        raise BudgetSpentError(
            f"This minute's {minute.budget} points are spent: ask again in {minute.resets_in}"
            " seconds."
        )


def spend(caller: Caller, points: int, response: HttpResponseBase) -> None:
    """Count POINTS against the minute of CALLER, and tell in RESPONSE what is left of it.

    Raises:
        BudgetSpentError: nothing is left, of points or of time.
    """
    minute = points_count(caller, points)
    if minute is not None:
        response["RateLimit-Limit"] = str(minute.budget)
        response["RateLimit-Remaining"] = str(max(0, minute.left))
        response["RateLimit-Reset"] = str(minute.resets_in)
    require_left(minute)


@contextmanager
def timed(caller: Caller) -> Iterator[None]:
    """Count what is done inside against the time of CALLER: ours, and that of the database.

    No text of a document tells how long a filter takes. What a minute cannot pay, the next ones do.
    """
    asking = 0.0

    def ask(execute: Callable[..., Any], *statement: Any) -> Any:
        nonlocal asking
        began = monotonic()
        try:
            return execute(*statement)
        finally:
            asking += monotonic() - began

    began = thread_time()
    try:
        with wrapped(ask):
            yield
    finally:
        left = round((thread_time() - began + asking) * _MILLISECONDS)
        minute = int(time()) // _MINUTE
        while left > 0:
            spent = _counted(_time_key(caller, minute), left) or 0
            left = min(left, spent - settings.DEXXY_API_SECONDS * _MILLISECONDS)
            minute += 1


def _time_key(caller: Caller, minute: int) -> str:
    return f"api-time:{caller.key}:{minute}"


def _counted(key: str, number: int) -> int | None:
    """Add NUMBER to a count, and return it; None while the cache is away: whoever asks should not
    suffer from that."""
    try:
        cache.add(key, 0, timeout=_COUNTED_FOR)
        return int(cache.incr(key, number))
    except ValueError:
        return None


def refusal(message: str, code: str, status: int) -> JsonResponse:
    """Answer a request that never becomes a document, in the shape of any other error."""
    error = {"message": message, "extensions": {"code": code}}
    return JsonResponse({"data": None, "errors": [error]}, status=status)
