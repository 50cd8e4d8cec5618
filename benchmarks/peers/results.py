"""What was measured, and how it is kept between the command's runs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

KEPT = Path(".cache/peers/results.json")


@dataclass(frozen=True)
class Result:
    """What one peer took once: seconds, memory in MB, and what it obtained by kind.

    `cpu` are the seconds of processors, without those of PostgreSQL.
    `requests` are all, `rest` those that were not of GraphQL.
    `asked_again` and `missing` are of a run that was killed half way and went on: requests beyond
    those of a whole run, and objects that it did not obtain in either part.
    """

    seconds: float
    cpu: float
    requests: int
    points: int
    memory: float
    memory_with_servers: float
    counts: Mapping[str, int]
    problem: str = ""
    rest: int = 0
    asked_again: int | None = None
    missing: int | None = None

    @property
    def objects(self) -> int:
        """How many objects it obtained, of whatever kind."""
        return sum(self.counts.values())


@dataclass
class Results:
    """All figures of a run, and the circumstances.

    `whole` has those at no latency by peer, `far` those of the tenth by latency and peer.
    """

    circumstances: dict[str, str] = field(default_factory=dict)
    truth: dict[str, int] = field(default_factory=dict)
    far_truth: dict[str, int] = field(default_factory=dict)
    whole: dict[str, Result] = field(default_factory=dict)
    far: dict[str, dict[str, Result]] = field(default_factory=dict)


def write(results: Results, path: Path = KEPT) -> None:
    """Keep what was measured so far."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(results), indent=1), encoding="utf-8")


def read(path: Path = KEPT) -> Results:
    """Return what was measured before; nothing if nothing was."""
    if not path.exists():
        return Results()
    found = json.loads(path.read_text(encoding="utf-8"))
    whole = {name: Result(**one) for name, one in found.pop("whole").items()}
    far = {
        latency: {name: Result(**one) for name, one in peers.items()}
        for latency, peers in found.pop("far").items()
    }
    return Results(**found, whole=whole, far=far)
