"""The table of `benchmarks.feed`: a page by each filter, in databases of several sizes.

`python -m benchmarks.feed_report` measures it by itself.
"""

import json
import os
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.servers import own_servers

SIZES = (100_000, 1_000_000)
# Filled and measured in a quarter of an hour: BENCH_TEN_MILLION=1 make bench.
LARGE = 10_000_000
SEARCHES = ("word", "words")
# Milliseconds; and how much slower than the smallest database the largest may be, beyond noise.
MOST, MOST_OF_A_SEARCH = 10, 100
TIMES, NOISE = 2, 1.0


def report_feed(environment: dict[str, str]) -> None:
    """Measure and print; everything that was stored before is gone then."""
    sizes = (*SIZES, LARGE) if os.environ.get("BENCH_TEN_MILLION") else SIZES
    found = [_run({**environment, "BENCH_MESSAGES": str(size)}) for size in sizes]
    columns = [f"{one['messages']:,}" for one in found]
    table = Table(
        "page 1, 100, 10,000 or the last",
        *columns,
        "wanted",
        "",
        title="A page of 50, ms in the database at the 95th percentile",
        title_justify="left",
    )
    for name in found[0]["pages"]:
        rows = [one["pages"].get(name, []) for one in found]
        most = MOST_OF_A_SEARCH if any(word in name.split() for word in SEARCHES) else MOST
        cells = [" ".join(f"{ms:.1f}" for ms in row) for row in rows]
        table.add_row(name, *cells, f"under {most}", _verdict(rows, most))
    Console().print(table)


def _verdict(rows: list[list[float]], most: int) -> str:
    """Say what misses: each size must be quick, and the largest as quick as the smallest."""
    slow = [ms for row in rows for ms in row if ms >= most]
    grown = [
        large
        for small, large in zip(rows[0], rows[-1], strict=False)
        if most == MOST and large > TIMES * small + NOISE
    ]
    return " ".join(["slow"] * bool(slow) + [f"more than {TIMES} times"] * bool(grown))


def _run(environment: dict[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.feed"],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    with own_servers() as environment:
        report_feed(environment)
