"""`dexxy import-members`: make people members who were known before they wrote anything."""

import json
from tempfile import TemporaryFile
from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import ImportRefusedError
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called
from dexxy.integrations.services.contributors.importing import contributors_import
from dexxy.members.imports.file import ImportFile
from dexxy.people.importing import ImportReport


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        workspace = workspace_called(options["workspace"])
        with options["file"].open("rb") as opened, TemporaryFile("w+") as lines:
            file = ImportFile(opened, encoding=options["encoding"])
            report = contributors_import(
                workspace,
                file.rows(),
                lines=lines,
                is_rehearsal=options["dry_run"],
                skips_bad_rows=options["skip_bad_rows"],
            )
            tell = self._print_json if options["json"] else self._print
            tell(report, file)
        if report.bad and not options["skip_bad_rows"]:
            raise ImportRefusedError(
                f"{report.bad:,} of {report.counts.total():,} rows cannot be imported, so none"
                " was: mend them, or leave them out with --skip-bad-rows."
            )

    def _print_json(self, report: ImportReport, file: ImportFile) -> None:
        for number, outcome, problem in report.rows():
            row = {"line": number, "outcome": outcome}
            self.stdout.write(json.dumps(row | ({"problem": problem} if problem else {})))
        whole = {
            "rows": dict(report.counts),
            "joined": report.joined,
            "ignored_columns": list(file.columns.ignored),
            "is_stored": report.is_stored,
        }
        self.stdout.write(json.dumps(whole))

    def _print(self, report: ImportReport, file: ImportFile) -> None:
        if file.columns.ignored:
            self.stdout.write(f"Columns that are not used: {', '.join(file.columns.ignored)}.")
        for number, _, problem in report.rows():
            if problem:
                self.stdout.write(f"Line {number}: {problem}")
        told = [f"rows: {report.counts.total():,}"]
        for outcome in ("added", "known", "erased", "bad"):
            told.append(f"{outcome}: {report.counts[outcome]:,}")
        told.append(f"accounts joined: {report.joined:,}")
        nothing = "" if report.is_stored else " Nothing was stored."
        self.stdout.write(f"{', '.join(told).capitalize()}.{nothing}")
