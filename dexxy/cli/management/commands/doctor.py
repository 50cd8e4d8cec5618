"""`dexxy doctor`: says what is well, what is not, and how to mend it."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from dexxy.cli.command import DexxyCommand
from dexxy.cli.migration_state import refuse_foreign_data
from dexxy.doctor import Finding, State, examine
from dexxy.doctor.facts import facts_as_json

_MARKS = {State.OK: ("✓", "green"), State.NOTICE: ("•", "yellow"), State.FAILED: ("✗", "red")}


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        refuse_foreign_data()
        console = Console(quiet=options["json"])
        findings = []
        for finding in examine():
            findings.append(finding)
            _print(console, finding)
        if options["json"]:
            found = {
                "findings": [asdict(finding) for finding in findings],
                "facts": facts_as_json(findings),
            }
            self.stdout.write(json.dumps(found))
        broken = sum(finding.state is State.FAILED for finding in findings)
        if broken:
            raise CommandError(
                f"Not well: {broken} of {len(findings)}. Each says above how to mend it."
            )


def _print(console: Console, finding: Finding) -> None:
    mark, colour = _MARKS[finding.state]
    line = Text.assemble((f"{mark} ", colour), (finding.name, "bold"), f"  {finding.says}")
    fix = Text(f"→ {finding.fix}", colour)
    if not console.is_terminal:  # what reads it looks for whole lines
        console.print(line, soft_wrap=True)
        if finding.fix:
            console.print(Text("  ") + fix, soft_wrap=True)
        return
    console.print(line)
    if finding.fix:
        console.print(Padding(fix, (0, 0, 0, 2)))
