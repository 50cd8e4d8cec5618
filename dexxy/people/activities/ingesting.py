"""Take in what a script tells: all of it, or nothing if anything of it is wrong."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.people.activities.checking import stage_check
from dexxy.people.activities.lines import LONGEST_LINE, Line, Problem, line_read
from dexxy.people.activities.staging import Stage
from dexxy.people.activities.storing import Progress, Stored, stage_store

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PROBLEMS_AT_ONCE = 1_000


@dataclass
class IngestReport:
    """What became of what was told.

    Args:
        lines: how many lines can be taken, by what they tell of.
        bad: how many cannot.
        problems: what is wrong with them, the first ones.
        is_stored: whether anything was stored: not if a line is bad, or nothing should be.
        stored: what is new, and who wrote.
    """

    lines: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    problems: Sequence[Problem] = ()
    is_stored: bool = False
    stored: Stored = field(default_factory=Stored)

    @property
    def total(self) -> int:
        """How many lines there are."""
        return self.bad + self.lines.total()


def activities_take(
    workspace: Workspace,
    file: BinaryIO,
    *,
    is_rehearsal: bool = False,
    skips_bad_lines: bool = False,
    actor: User | None = None,
    progress: Progress = lambda _rows: None,
) -> IngestReport:
    """Check all lines of a file, and store them if nothing is wrong; again, it changes nothing.

    It is read once, and stored in batches: whoever is killed begins anew.

    Args:
        file: JSON Lines; see docs/reference/activities.md.
        is_rehearsal: tell what is wrong, and store nothing.
        skips_bad_lines: store the others all the same.
        actor: who wants it; None for a command, which nobody is signed in to.
        progress: told how far it is.
    """
    told_at = timezone.now()
    with Stage() as stage:
        _read(file, stage)
        stage.sort()
        stage_check(workspace, stage)
        report = IngestReport(bad=stage.bad, problems=stage.problems())
        stage.leave_out_refused()
        report.lines = stage.counts()
        if not is_rehearsal and (skips_bad_lines or not report.bad):
            report.stored = stage_store(
                workspace, stage, told_at=told_at, actor=actor, progress=progress
            )
            report.is_stored = True
    return report


def _read(file: BinaryIO, stage: Stage) -> None:
    now, problems = timezone.now(), list[Problem]()
    for number, raw in _lines(file):
        found = line_read(number, raw, now=now) if raw else _too_long(number)
        if isinstance(found, Line):
            stage.add(found)
        else:
            problems += found
            if len(problems) > _PROBLEMS_AT_ONCE:
                stage.refuse(problems)
                problems.clear()
    stage.refuse(problems)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield number and text of each line that is not empty; no text of one that is too long."""
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(_BYTE_ORDER_MARK)
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, b""
        elif raw.strip():
            yield number, raw


def _too_long(number: int) -> list[Problem]:
    text = f"It is longer than {LONGEST_LINE:,} bytes: shorten its body."
    return [Problem(number, "", text)]
