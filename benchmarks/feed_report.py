"""The table of `benchmarks.feed`: a page by each filter, in databases of several sizes."""

import json
import os
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

SIZES = (100_000, 1_000_000)
# Filled and measured in a quarter of an hour: BENCH_TEN_MILLION=1 make bench.
LARGE = 10_000_000
SEARCHES = ("word", "words")


def report_feed(environment: dict[str, str]) -> None:
    """Measure and print; everything that was stored before is gone then."""
    sizes = (*SIZES, LARGE) if os.environ.get("BENCH_TEN_MILLION") else SIZES
    found = [_run({**environment, "BENCH_MESSAGES": str(size)}) for size in sizes]
    columns = [f"{one['messages']:,}" for one in found]
    table = Table(
        "page 1, 100, 10,000 or the last",
        *columns,
        "wanted",
        title="A page of 50, ms in the database at the 95th percentile",
        title_justify="left",
    )
    for name in found[0]["pages"]:
        cells = [" ".join(f"{ms:.1f}" for ms in one["pages"].get(name, ())) for one in found]
        is_search = any(word in name.split() for word in SEARCHES)
        table.add_row(name, *cells, "under 100" if is_search else "under 10")
    Console().print(table)


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
