"""What goes wrong with the answers in a history: each fault is drawn from a seed."""

from collections.abc import Callable
from random import Random
from typing import Final

from werkzeug.wrappers import Response

from dexxy.common.stopping import asked_to_stop
from dexxy_simulator.faults import (
    Effect,
    Fault,
    cut,
    date_off,
    endless,
    gap,
    garbage,
    graphql_error,
    lacking,
    more_fields,
    null_nodes,
    rate_limited,
    reset,
    secondary_limit,
    stale,
    status,
    timed_out,
)
from dexxy_simulator.faults.call import Asked, Call

# About as many requests as a sync makes.
MOST_AFTER: Final = 8
# What a passing fault can be. None of them shows what never was: that would be the truth then.
ANSWERS: Final[dict[str, Callable[[Random], Effect]]] = {
    "status": lambda random: status(random.choice((500, 502, 503)), html=random.random() < 0.5),
    "timed_out": lambda random: timed_out(random.choice((502, 504)), random.choice((0, 50))),
    "graphql_error": lambda random: graphql_error(
        random.choice((None, "RESOURCE_LIMITS_EXCEEDED", "INTERNAL", "SERVICE_UNAVAILABLE")),
        data=random.choice(("absent", "null", "partial")),
    ),
    "null_nodes": lambda _: null_nodes(),
    "gap": gap,
    "more_fields": lambda _: more_fields(),
    "endless": lambda random: endless(random.choice((None, "round and round"))),
    "date_off": lambda random: date_off(random.choice((None, -90, 90))),
    "rate_limited": lambda _: rate_limited(),
    "secondary_limit": lambda random: secondary_limit(random.choice((1, 60, 600))),
    "garbage": lambda random: garbage(
        random.choice(("html", "empty", "null", "list", "text", "half", "not utf-8", "no data"))
    ),
    "cut": lambda random: cut(random.random()),
    "reset": lambda random: reset(random.choice((-1, 0.5))),
    "lacking": lambda random: lacking(
        random.choice(("nodes", "pageInfo", "id", "updatedAt", "number", "total_count", "author"))
    ),
    "stale": lambda random: stale(random.randint(1, 3)),
    "stop": lambda _: _stop,
    "unauthorized": lambda _: status(401),
    "forbidden": lambda _: status(403),
    "not_found": lambda _: status(404),
}


def drawn_fault(name: str, random: Random) -> Fault:
    """Draw a fault of a kind: on which of the next requests it falls, and on how many."""
    effect = ANSWERS[name](random)
    times = random.choice((1, 1, 2, 4, 10))
    return Fault(effect, on=after(random.randrange(MOST_AFTER)), times=times)


def after(count: int) -> Callable[[Asked], bool]:
    """Choose the requests after so many others."""
    left = count

    def condition(_: Asked) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    return condition


def meanwhile(act: Callable[[], object]) -> Effect:
    """Let something happen at GitHub between two requests."""

    def effect(call: Call) -> Response:
        act()
        return call.proceed()

    return effect


def _stop(call: Call) -> Response:
    """Ask the process to stop while it waits for an answer."""
    asked_to_stop.set()
    return call.proceed()
