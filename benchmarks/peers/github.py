"""The GitHub of a run: a generated repository in a process of its own that counts requests."""

import json
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

from benchmarks.peers.kinds import truth
from dexxy_simulator.dialects import USUAL
from dexxy_simulator.generated import generated_world
from dexxy_simulator.rendered import RenderedServer

FULL_NAME = "colony/generated"
SEED = 1
# So high that no peer waits for the next hour, which would measure the clock: GitHub gives 5,000.
LIMIT = 10_000_000
# GitHub shows @ghost, or nobody, where an account is gone. Perceval ends at a comment of nobody.
# Links to further issues name a cursor, which Meltano's tap needs to come beyond the first page.
DIALECT = replace(USUAL, deleted_accounts="ghost", issues_name_cursors=True)


class GitHub:
    """A simulated GitHub in a process of its own. Use it as a context manager."""

    def __init__(self, *, threads: int, messages: int, giants: int) -> None:
        size = {"--threads": threads, "--messages": messages, "--giants": giants}
        self._size = [text for name, number in size.items() for text in (name, str(number))]
        self.url = ""
        self.truth: Mapping[str, int] = {}

    def __enter__(self) -> "GitHub":
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "benchmarks.peers.github", *self._size],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        ready = self._read()
        self.url, self.truth = ready["url"], ready["truth"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()

    def forget(self, latency: float) -> None:
        """Count from zero, and let each answer wait so many seconds from now on."""
        self._ask(latency=latency)

    def asked(self) -> dict[str, Any]:
        """Tell the `requests`, those of `rest`, and `points` so far, and what was `refused`."""
        return self._ask()

    def number(self) -> int:
        """Tell the number of requests so far, and nothing else, at little cost."""
        requests: int = self._ask(brief=True)["requests"]
        return requests

    def _ask(self, **question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("The simulated GitHub ended.")
        found: dict[str, Any] = json.loads(line)
        return found


def main() -> None:
    options = _options()
    size = {name: getattr(options, name) for name in ("threads", "messages", "giants")}
    world = generated_world(SEED, dialect=DIALECT, **size)
    world.limits = dict.fromkeys(world.limits, LIMIT)
    repository = world.repository(FULL_NAME)
    assert repository is not None
    with RenderedServer(world) as server:
        _say({"url": server.url, "truth": truth(repository)})
        for line in sys.stdin:
            question = json.loads(line)
            if "latency" in question:
                server.latency = question["latency"]
                server.requests.clear()
            is_brief = "brief" in question
            _say({"requests": server.requests.count()} if is_brief else _counted(server))


def _counted(server: RenderedServer) -> dict[str, Any]:
    entries = server.requests.entries
    refused = Counter(
        f"{one.status} {one.path.partition('?')[0]}" for one in entries if one.status >= 400
    )
    points = sum(one.points for one in entries)
    rest = sum(one.endpoint != "graphql" for one in entries)
    return {"requests": len(entries), "rest": rest, "points": points, "refused": refused}


def _options() -> Namespace:
    parser = ArgumentParser()
    for name in ("--threads", "--messages", "--giants"):
        parser.add_argument(name, type=int, required=True)
    return parser.parse_args()


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
