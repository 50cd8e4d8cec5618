"""Runs the simulator by itself: `python -m dexxy_simulator --generated 300 --live --port 8080`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from random import Random
from threading import Event
from time import monotonic

from dexxy_simulator.community import add_community
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.generated import Size, add_generated_repository
from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import Repository
from dexxy_simulator.recorded import load_recorded
from dexxy_simulator.rendered import RenderedServer
from dexxy_simulator.server import PortInUseError, SimulatorServer
from dexxy_simulator.silent import make_silent_change
from dexxy_simulator.state import system_clock
from dexxy_simulator.tokens import DEMO_TOKEN, ComputeBudget
from dexxy_simulator.visitor import add_visitor
from dexxy_simulator.webhooks.sender import Sender
from dexxy_simulator.world import World

# What a reader can find by counting alone.
_OVERLOOKED = ("issue deleted",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _options(arguments)
    stop = Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    world, life = _world(options)
    live = life if options.live else None
    try:
        with _server(options, world) as server, _sender(options, world):
            print(f"simulator ready {server.url}", flush=True)  # noqa: T201
            print(f"a token that reads it: {DEMO_TOKEN}", flush=True)  # noqa: T201
            began, is_overlooked = monotonic(), options.overlooked_after is None
            while not stop.wait(options.live_every if live else None):
                if live is not None:
                    live.step()
                if not is_overlooked and monotonic() - began > options.overlooked_after:
                    repository = next(iter(world.repositories.values()))
                    make_silent_change(world, repository, Random(options.seed), _OVERLOOKED)  # noqa: S311
                    is_overlooked = True
    except PortInUseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _world(options: argparse.Namespace) -> tuple[World, LiveActivity]:
    """Make the world that is asked for, and what may go on in it."""
    dialect = USUAL
    if options.dialect is not None:
        dialect = Dialect.draw(Random(options.dialect))  # noqa: S311  # no secrets
    world = World(system_clock, dialect)
    if options.compute_budget is not None:
        budget = ComputeBudget(options.compute_budget, seconds=options.compute_seconds)
        world.compute_budget = budget
    shown: list[Repository] = []
    life: LiveActivity | None = None
    if options.community:
        life, shown = add_community(world, options.seed)
    elif options.recorded or not options.generated:
        shown.append(load_recorded(world))
    for place, threads in enumerate(options.generated or ()):
        size = Size(threads=threads, messages=options.messages)
        name = f"generated-{place}" if place else "generated"
        shown.append(add_generated_repository(world, name, options.seed + place, size))
    add_visitor(world, *shown)
    _add_administrators(world)
    return world, life or LiveActivity(world, seed=options.seed)


def _add_administrators(world: World) -> None:
    """Give every organisation somebody who can install Apps on it."""
    organizations = [one for one in world.actors.values() if one.kind == "Organization"]
    for organization in organizations:
        administrator = world.add_actor(f"{organization.login}-admin")
        organization.members[administrator] = "admin"


def _server(options: argparse.Namespace, world: World) -> SimulatorServer | RenderedServer:
    server: SimulatorServer | RenderedServer = (
        RenderedServer(world, options.port)
        if options.rendered
        else SimulatorServer(world, options.port)
    )
    server.latency = options.latency
    return server


def _sender(options: argparse.Namespace, world: World) -> AbstractContextManager[object]:
    if options.webhooks_by_hand:
        return nullcontext()
    return Sender(world.webhooks, latency=options.webhook_latency)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dexxy_simulator", description=__doc__)
    _add_content(parser.add_argument)
    _add_behaviour(parser.add_argument)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    options = parser.parse_args(arguments)
    if options.rendered and options.live:
        parser.error("rendered answers do not change")
    return options


def _add_content(add: Callable[..., object]) -> None:
    """Add what says what is shown."""
    add(
        "--recorded",
        action="store_true",
        help="show the recorded repository, panjf2000/ants; the default, unless one is generated",
    )
    add(
        "--community",
        action="store_true",
        help="the same, moved to end some months ago, with a second repository and an invented "
        "community that lives in both until now",
    )
    add(
        "--generated",
        type=int,
        action="append",
        metavar="THREADS",
        help="show a generated repository, colony/generated, of this size; another, "
        "colony/generated-1, for the second time this is given, and so on",
    )
    add("--messages", type=int, help="in each generated repository; five a thread by default")


def _add_behaviour(add: Callable[..., object]) -> None:
    """Add what says how the server and its webhooks behave."""
    add("--rendered", action="store_true", help="answer what was answered before from memory")
    add("--live", action="store_true", help="let activity trickle in")
    add("--live-every", type=float, default=5.0, metavar="SECONDS")
    add(
        "--overlooked-after",
        type=float,
        metavar="SECONDS",
        help="while activity trickles in, delete an issue so that no webhook tells of it",
    )
    add("--seed", type=int, default=1, help="which activity or repository is invented")
    add("--dialect", type=int, metavar="SEED", help="draw how GitHub behaves where nobody knows")
    add("--latency", type=float, default=0.0, metavar="SECONDS", help="of every answer")
    add(
        "--compute-budget",
        type=int,
        metavar="OBJECTS",
        help="how many objects the answer to a GraphQL query may have; more is refused as by "
        "GitHub's time-outs",
    )
    add(
        "--compute-seconds",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long a query takes that uses up the compute budget",
    )
    add("--webhooks-by-hand", action="store_true", help="let deliveries wait for a control call")
    add("--webhook-latency", type=float, default=0.0, metavar="SECONDS", help="of every delivery")


if __name__ == "__main__":
    raise SystemExit(main())
