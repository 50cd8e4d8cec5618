"""The receipt of a run: what is stored here, counted beside what GitHub counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from dexxy.integrations.services.github.reading.receipt import COUNTED
from dexxy.messages.models import MessageKind, ThreadKind

KindT = TypeVar("KindT", ThreadKind, MessageKind)


@dataclass(frozen=True)
class ReceiptLine(Generic[KindT]):
    """How many threads or messages of one kind are here, and on GitHub at that time."""

    kind: KindT
    here: int
    github: int
    taken_at: datetime

    @property
    def agrees(self) -> bool:
        return self.here == self.github


@dataclass(frozen=True)
class Receipt:
    """The counts of a run beside GitHub's.

    Args:
        lines: threads, which GitHub counts.
        messages: those that the last sweep met, if there was one that counted.
    """

    lines: list[ReceiptLine[ThreadKind]]
    messages: list[ReceiptLine[MessageKind]] = field(default_factory=list)

    @property
    def threads(self) -> int:
        """How many threads were here."""
        return sum(line.here for line in self.lines)

    @property
    def agrees(self) -> bool:
        """Whether nothing is missing here, nor too much."""
        are_threads = all(line.agrees for line in self.lines)
        return are_threads and all(line.agrees for line in self.messages)

    @property
    def missing(self) -> tuple[int, int]:
        """How many threads and messages are on GitHub and not here."""
        threads = sum(max(0, line.github - line.here) for line in self.lines)
        return threads, sum(max(0, line.github - line.here) for line in self.messages)

    @property
    def taken_at(self) -> datetime:
        """Since when the counts of threads hold."""
        return min(line.taken_at for line in self.lines)

    @property
    def messages_taken_at(self) -> datetime | None:
        """Since when the counts of messages hold."""
        return min((line.taken_at for line in self.messages), default=None)


def receipt_of(stored: Any) -> Receipt | None:
    """Read what a run stored, or None where it stored no counts."""
    lines = _receipt_lines(stored, ThreadKind)
    return Receipt(lines, _receipt_lines(stored, COUNTED)) if lines else None


def _receipt_lines(stored: Any, kinds: Iterable[KindT]) -> list[ReceiptLine[KindT]]:
    # What is here is counted when the run ends; what is switched off on GitHub never is.
    shown = [(kind, stored[kind]) for kind in kinds if "here" in stored.get(kind, {})]
    return [
        ReceiptLine(kind, line["here"], line["github"], datetime.fromisoformat(line["taken_at"]))
        for kind, line in shown
        if line.get("is_enabled", True)
    ]
