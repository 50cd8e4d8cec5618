"""`dexxy partition`: partition the largest tables, or say what that would do."""

import shutil
from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.composition import has_own_database
from dexxy.cli.startup import database_require
from dexxy.config.data_dir import data_dir
from dexxy.messages.partitions.partitioning import (
    TableState,
    partitioning_state,
    partitioning_undo,
    tables_partition,
)

# As of `dexxy upgrade --check`.
PENDING = 2


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        if options["check"]:
            self._check(options["parts"])
        elif options["undo"]:
            for name in partitioning_undo():
                self.stdout.write(f"{name}: its copy is removed")
            self.stdout.write("Nothing is left of an unfinished run.")
        else:
            tables_partition(options["parts"], self._tell)
            self.stdout.write("Done.")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _check(self, parts: int) -> None:
        states = partitioning_state()
        for state in states:
            self.stdout.write(told(state, parts))
        left = [state for state in states if state.parts != parts]
        if left:
            free = shutil.disk_usage(data_dir()).free if has_own_database() else None
            is_free = "" if free is None else f"; {free:,} are free"
            most = max(state.bytes for state in left)
            self.stdout.write(f"Disk: up to {most:,} bytes more for a while{is_free}")
        raise SystemExit(1 if any(state.hindrances for state in left) else PENDING if left else 0)


def told(state: TableState, parts: int) -> str:
    """Return the line about one table."""
    now = f"in {state.parts} partitions" if state.parts else "one table"
    line = f"{state.name}: {now}, {state.bytes:,} bytes"
    if state.parts == parts:
        return f"{line}, nothing to do"
    if state.hindrances:
        return f"{line}; in the way: {', '.join(state.hindrances)}"
    if state.copied is not None:
        return f"{line}; {state.copied:.0%} is copied into {parts} partitions"
    return f"{line}, would be copied into {parts} partitions"
