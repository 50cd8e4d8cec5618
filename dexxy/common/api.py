"""What all calls of the API have in common, GraphQL's and exports: who calls, what a minute of a
caller is worth, and how a call is refused. It loads no library of GraphQL."""

from dataclasses import dataclass
from time import time

from django.conf import settings
from django.core.cache import cache
from django.http import JsonResponse
from django.http.response import HttpResponseBase

from dexxy.common.errors import DexxyError

# Of one document; generous, to stop abuse and not use.
MOST_POINTS = 500
_MINUTE = 60


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


def spend(caller: Caller, points: int, response: HttpResponseBase) -> None:
    """Count POINTS against the minute of CALLER, and tell in RESPONSE what is left of it.

    Raises:
        BudgetSpentError: nothing is left.
    """
    budget, now = settings.DEXXY_API_BUDGET, int(time())
    minute, gone = divmod(now, _MINUTE)
    key = f"api-budget:{caller.key}:{minute}"
    try:
        cache.add(key, 0, timeout=2 * _MINUTE)
        spent = cache.incr(key, points)
    except ValueError:
        # Nothing is counted while the cache is away: whoever asks should not suffer from that.
        return
    response["RateLimit-Limit"] = str(budget)
    response["RateLimit-Remaining"] = str(max(0, budget - spent))
    response["RateLimit-Reset"] = str(_MINUTE - gone)
    if spent > budget:
        raise BudgetSpentError(
            f"This minute's {budget} points are spent: ask again in {_MINUTE - gone} seconds."
        )


def refusal(message: str, code: str, status: int) -> JsonResponse:
    """Answer a request that never becomes a document, in the shape of any other error."""
    error = {"message": message, "extensions": {"code": code}}
    return JsonResponse({"data": None, "errors": [error]}, status=status)
