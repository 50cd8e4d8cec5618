"""What can go wrong between a client and GitHub, on demand.

    server.faults.add(Fault(status(502), on="graphql", times=2))
    server.faults.add(Fault(cut(0.5), chance=0.05, times=None))
    server.faults.add(Fault(timed_out(points=50), on=first_over(50), times=None))
    server.faults.add(Fault(secondary_limit(), on=busier_than(1), times=None))
    server.faults.add(passing_troubles(seed, chance=0.1))
    server.faults.add(passing_gaps(seed, chance=0.1))

`queue` decides when, `conditions` for which requests; the effects are `refusals` (an answer of
GitHub's that is none), `bodies` (an answer that is not what it should be), `gaps` (an answer that
keeps something back) and `transport`; `troubles` draws among them.
"""

from dexxy_simulator.faults.bodies import (
    date_is,
    date_off,
    endless,
    garbage,
    half_surrogates,
    huge_bodies,
    lacking,
    more_fields,
    nul_bytes,
    null_nodes,
    patched,
    stale,
    times_are,
    unknown_actors,
    unknown_states,
)
from dexxy_simulator.faults.call import Asked, Call, Effect
from dexxy_simulator.faults.conditions import (
    asking_for,
    busier_than,
    faster_than,
    first_over,
    heavier_than,
    page_beyond,
)
from dexxy_simulator.faults.gaps import gap
from dexxy_simulator.faults.queue import Fault, FaultQueue
from dexxy_simulator.faults.refusals import (
    NOT_ALLOWED_ADDRESS,
    SUSPENDED,
    graphql_error,
    rate_limited,
    secondary_limit,
    status,
    timed_out,
)
from dexxy_simulator.faults.transport import cut, delay, reset
from dexxy_simulator.faults.troubles import passing_gaps, passing_troubles

__all__ = [
    "NOT_ALLOWED_ADDRESS",
    "SUSPENDED",
    "Asked",
    "Call",
    "Effect",
    "Fault",
    "FaultQueue",
    "asking_for",
    "busier_than",
    "cut",
    "date_is",
    "date_off",
    "delay",
    "endless",
    "faster_than",
    "first_over",
    "gap",
    "garbage",
    "graphql_error",
    "half_surrogates",
    "heavier_than",
    "huge_bodies",
    "lacking",
    "more_fields",
    "nul_bytes",
    "null_nodes",
    "page_beyond",
    "passing_gaps",
    "passing_troubles",
    "patched",
    "rate_limited",
    "reset",
    "secondary_limit",
    "stale",
    "status",
    "timed_out",
    "times_are",
    "unknown_actors",
    "unknown_states",
]
