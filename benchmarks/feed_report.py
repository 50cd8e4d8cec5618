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
# Filled and measured in half an hour: BENCH_TEN_MILLION=1 make bench.
LARGE = 10_000_000
# Milliseconds that one of the first hundred pages may take, if the filter keeps so large a share of
# the messages; and any other page.
MOST_NEAR, SHARE, MOST_FAR = 10, 1 / 1000, 150


def report_feed(environment: dict[str, str]) -> None:
    """Measure and print; everything that was stored before is gone then."""
    sizes = (*SIZES, LARGE) if os.environ.get("BENCH_TEN_MILLION") else SIZES
    found = [_run({**environment, "BENCH_MESSAGES": str(size)}) for size in sizes]
    print_pages(found)
    print_bytes(found)


def print_pages(found: list[dict[str, Any]]) -> None:
    """Print how long pages take, a column for each database."""
    columns = [f"{one['messages']:,}" for one in found]
    table = Table(
        "one of the first hundred pages, one far down",
        *columns,
        "wanted",
        "",
        title="A page of 50, ms in the database at the 95th percentile",
        title_justify="left",
    )
    names = dict.fromkeys(name for one in found for name in one["pages"])
    for name in names:
        pages = [one["pages"].get(name) for one in found]
        most = most_near(max(page["share"] for page in pages if page))
        cells = [_cell(page) if page else "" for page in pages]
        is_slow = any(page and _is_slow(page) for page in pages)
        table.add_row(name, *cells, f"{most}, {MOST_FAR}", "slow" if is_slow else "")
    Console().print(table)


def print_bytes(found: list[dict[str, Any]]) -> None:
    """Print how large each table and index is, a column for each database."""
    columns = [f"{one['messages']:,}" for one in found]
    table = Table("", *columns, title="Bytes a message", title_justify="left")
    for name in found[0]["bytes"]:
        table.add_row(name, *(f"{one['bytes'].get(name, 0):.1f}" for one in found))
    table.add_row("all", *(f"{sum(one['bytes'].values()):.1f}" for one in found))
    Console().print(table)


def most_near(share: float) -> int:
    """Return how long one of the first hundred pages may take.

    Args:
        share: of all messages, that the filter keeps.
    """
    return MOST_NEAR if share >= SHARE else MOST_FAR


def _cell(page: dict[str, Any]) -> str:
    return " ".join(f"{page[key]:.1f}" for key in ("near", "far") if page[key] is not None)


def _is_slow(page: dict[str, Any]) -> bool:
    return page["near"] >= most_near(page["share"]) or (page["far"] or 0) >= MOST_FAR


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
