"""Passing troubles and gaps, drawn at random: whoever asks again gets an answer in the end."""

from __future__ import annotations

from random import Random

from werkzeug.wrappers import Response

from dexxy_simulator.faults.bodies import garbage
from dexxy_simulator.faults.call import Call, Effect
from dexxy_simulator.faults.gaps import gap
from dexxy_simulator.faults.queue import Fault
from dexxy_simulator.faults.refusals import graphql_error, secondary_limit, status, timed_out
from dexxy_simulator.faults.transport import cut, delay, reset


def passing_troubles(seed: int, chance: float = 0.1) -> Fault:
    """Make a fault that lasts and is another one every time.

    Args:
        chance: of the requests, which share it falls on.
    """
    random = Random(seed)  # noqa: S311  # decides about faults
    effects: list[Effect] = [
        status(500),
        status(502, html=True),
        status(503),
        timed_out(502),
        timed_out(504, points=1),
        graphql_error(None),
        graphql_error("RESOURCE_LIMITS_EXCEEDED", data="partial"),
        secondary_limit(wait=1),
        garbage("half"),
        garbage("empty"),
        cut(0.5),
        reset(),
        reset(0.5),
        delay(0.05),
    ]

    def effect(call: Call) -> Response:
        return random.choice(effects)(call)

    return Fault(effect, chance=chance, times=None)


def passing_gaps(seed: int, chance: float = 0.1) -> Fault:
    """Make a fault that lasts and keeps back one thing of a GraphQL answer, another every time.

    Args:
        chance: of the requests, which share it falls on.
    """
    random = Random(seed)  # noqa: S311  # decides about faults
    return Fault(gap(random), on="graphql", chance=chance, times=None)
