"""Shows what `benchmarks.latency` measured."""

from typing import Any

from rich.console import Console
from rich.table import Table

# Seconds until a message is in the feed.
WANTED = {"openings": 1, "comments": 1, "reviews": 1, "replies": 1, "state changes": 10}
TIMES = ("median", "late", "longest")


def report_latency(figures: dict[str, Any]) -> None:
    """Print how long messages took, each phase and group in a row."""
    title = f"From a webhook to the feed, {figures['rate']} things a second; seconds"
    columns = ("", "messages", "unseen", "median", "95%", "longest", "wanted")
    table = Table(*columns, title=title, title_justify="left")
    for phase in ("idle", "backfill"):
        table.add_row(f"[bold]{phase}")
        for group, wanted in WANTED.items():
            found = figures[phase].get(group, {"count": 0, "unseen": 0})
            shown = [f"{found[name]:.2f}" if name in found else "" for name in TIMES]
            counts = [f"{found[name]:.0f}" for name in ("count", "unseen")]
            table.add_row(f"  {group}", *counts, *shown, f"{wanted} at most")
    Console().print(table)
    if not figures["is_still_read"]:
        Console().print("The backfill ended before the measurement did: enlarge it.")
