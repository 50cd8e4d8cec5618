"""Runs the simulator by itself: `python -m dexxy.simulator --recorded --live --port 8080`."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from threading import Event

from dexxy.simulator.live import LiveActivity
from dexxy.simulator.recorded import recorded_world
from dexxy.simulator.server import PortInUseError, SimulatorServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT."""
    options = _options(arguments)
    stop = Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    world = recorded_world()
    live = LiveActivity(world, seed=options.seed) if options.live else None
    try:
        with SimulatorServer(world, options.port) as server:
            print(f"simulator ready {server.url}", flush=True)  # noqa: T201
            while not stop.wait(options.live_every if live else None):
                if live is not None:
                    live.step()
    except PortInUseError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="dexxy.simulator", description=__doc__)
    parser.add_argument(
        "--recorded", action="store_true", help="show the recorded repository (the default)"
    )
    parser.add_argument("--live", action="store_true", help="let activity trickle in")
    parser.add_argument("--live-every", type=float, default=5.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1, help="which activity --live invents")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
