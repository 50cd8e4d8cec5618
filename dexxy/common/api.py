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
# Of a minute, for each call that is at work: what it takes is counted only when it is over.
_HELD_SECONDS = 1


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
    _seconds_left(caller, now)
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


def _seconds_left(caller: Caller, now: int) -> float:
    """Return what is left of the time that CALLER has of this minute.

    Raises:
        BudgetSpentError: nothing is.
    """
    minute, gone = divmod(now, _MINUTE)
    taken = int(cache.get(_time_key(caller, minute), 0))
    left: float = settings.DEXXY_API_SECONDS - taken / _MILLISECONDS
    if left <= 0:
        raise BudgetSpentError(
            f"What you asked took this minute's {settings.DEXXY_API_SECONDS} seconds of work:"
            f" ask again in {_MINUTE - gone} seconds."
        )
    return left


@contextmanager
def _held(caller: Caller) -> Iterator[None]:
    """Hold a part of the minute of CALLER for what is done inside.

    Calls that come together would all begin, else, before the first of them is counted. A seat for
    each of so many would stay taken where a process dies; what is held goes with its minute.

    Raises:
        BudgetSpentError: nothing is left, or nothing that other calls do not hold.
    """
    now = int(time())
    left, key = _seconds_left(caller, now), f"api-held:{caller.key}:{now // _MINUTE}"
    held = _counted(key, _HELD_SECONDS)
    try:
        if held is not None and held - _HELD_SECONDS >= left:
            raise BudgetSpentError(
                "What you asked and is not answered yet may take all that is left of this minute's"
                f" {settings.DEXXY_API_SECONDS} seconds of work: ask again when it is answered."
            )
        yield
    finally:
        if held is not None:
            _counted(key, -_HELD_SECONDS)


@contextmanager
def timed(caller: Caller) -> Iterator[None]:
    """Count what is done inside against the time of CALLER: ours, and that of the database.

    No text of a document tells how long a filter takes. What a minute cannot pay, the next ones do.

    Raises:
        BudgetSpentError: nothing is left, or nothing that other calls at work do not hold.
    """
    with _held(caller), _counted_when_over(caller):
        yield


@contextmanager
def _counted_when_over(caller: Caller) -> Iterator[None]:
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
