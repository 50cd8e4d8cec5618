"""`dexxy ingest`: take in what a script tells of a platform that Dexxy does not read."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO

from dexxy.cli.command import DexxyCommand
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called
from dexxy.integrations.services.contributors.activities import (
    IngestRefusedError,
    activities_ingest,
)
from dexxy.people.activities.ingesting import IngestReport


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        workspace = workspace_called(options["workspace"])
        with _opened(options["file"]) as file:
            report = activities_ingest(
                workspace,
                file,
                is_rehearsal=options["dry_run"],
                skips_bad_lines=options["skip_errors"],
            )
        if options["json"]:
            self.stdout.write(json.dumps(_whole(report)))
        else:
            self._print(report)
        if report.bad and not options["skip_errors"]:
            raise IngestRefusedError(report)

    def _print(self, report: IngestReport) -> None:
        for one in report.problems:
            field = f", {one.field}" if one.field else ""
            self.stdout.write(f"Line {one.line}{field}: {one.text}")
        if (more := report.bad - len({one.line for one in report.problems})) > 0:
            self.stdout.write(f"And so on: {more:,} more.")
        told = ", ".join(
            f"{name}: {report.lines[kind]:,}"
            for kind, name in (
                ("source", "sources"),
                ("person", "people"),
                ("thread", "threads"),
                ("message", "messages"),
            )
        )
        stored, left_out = report.stored, f" Left out: {report.bad:,}." if report.bad else ""
        what = (
            f"New threads: {stored.new_threads:,}, new messages: {stored.new_messages:,}.{left_out}"
            if report.is_stored
            else "Nothing was stored."
        )
        self.stdout.write(f"{told.capitalize()}. {what}")


def _opened(name: str) -> AbstractContextManager[BinaryIO]:
    return nullcontext(sys.stdin.buffer) if name == "-" else open(name, "rb")


def _whole(report: IngestReport) -> dict[str, Any]:
    return {
        "lines": dict(report.lines),
        "bad": report.bad,
        "problems": [
            {"line": one.line, "field": one.field, "problem": one.text} for one in report.problems
        ],
        "new_threads": report.stored.new_threads,
        "new_messages": report.stored.new_messages,
        "is_stored": report.is_stored,
    }
