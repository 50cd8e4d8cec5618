"""Which messages of a long thread a page shows: a stretch of them, and the gaps around it."""

from dataclasses import dataclass
from datetime import datetime

from dexxy.common.pages import Cursor
from dexxy.messages.conversation.outline import STRETCH, Gap, Outline

# So many messages of a stretch come before the one that was asked for.
BEFORE_TARGET = 15


@dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where in a thread to read; without any, where reading goes on.

    Args:
        around: the id of a message.
        after, before: the messages behind, or before, a cursor.
        until: with `after` or `before`, the cursor of the message on the other side of the gap that
            is being filled.
        since: from this moment on.
        from_unread: from what the reader has not read; where reading goes on, if that is nothing.
    """

    around: int | None = None
    after: str | None = None
    before: str | None = None
    until: str | None = None
    since: datetime | None = None
    from_unread: bool = False


WHERE_READING_GOES_ON = Anchor()


@dataclass(frozen=True)
class Stretch:
    """Messages that follow one another.

    Args:
        shown: their places in the outline.
        is_apart: the opening stands above them, and a gap between.
        gap, rest: what is not shown before them, and behind them.
    """

    shown: range
    is_apart: bool = False
    gap: Gap | None = None
    rest: Gap | None = None


def stretch_at(outline: Outline, anchor: Anchor, goes_on: int | None = None) -> Stretch:
    """Return what to show of a thread at ANCHOR.

    Args:
        goes_on: the id of the message with which reading goes on; None for the last.

    Raises:
        InvalidCursorError: a cursor of ANCHOR is not one of ours.
    """
    if anchor.until is not None:
        return _inside_gap(outline, anchor, Cursor.parse(anchor.until))
    shown = _range(outline, anchor, goes_on)
    # What comes right behind the opening needs no gap.
    if shown.start == 1:
        shown = range(shown.stop)
    is_apart = shown.start > 1
    gap = outline.gap(0, shown.start) if is_apart else None
    rest = outline.gap(shown.stop - 1, len(outline)) if shown else None
    return Stretch(shown, is_apart, gap, rest)


def _inside_gap(outline: Outline, anchor: Anchor, until: Cursor) -> Stretch:
    """Fill a gap from one of its ends; what is left of it stands at the other."""
    if anchor.after is not None:
        start = outline.position_after(Cursor.parse(anchor.after))
        end = max(start, outline.position_at(until))
        stop = min(start + STRETCH, end)
        return Stretch(range(start, stop), rest=outline.gap(stop - 1, end) if stop else None)
    end = outline.position_at(Cursor.parse(anchor.before or ""))
    above = outline.position_at(until)
    start = min(end, max(above + 1, end - STRETCH))
    return Stretch(range(start, end), gap=outline.gap(above, start))


def _range(outline: Outline, anchor: Anchor, goes_on: int | None) -> range:
    newest = range(max(0, len(outline) - STRETCH), len(outline))
    if anchor.after is not None:
        start = outline.position_after(Cursor.parse(anchor.after))
        return range(start, min(start + STRETCH, len(outline))) if start < len(outline) else newest
    if anchor.before is not None:
        end = outline.position_at(Cursor.parse(anchor.before))
        return range(max(0, end - STRETCH), end) if end else newest
    if (target := outline.position(anchor.around)) is not None:
        return _around(outline, target)
    if anchor.since is not None and len(outline):
        return _around(outline, outline.first_at(anchor.since))
    first = outline.position(goes_on)
    return newest if first is None or first in newest else _around(outline, first)


def _around(outline: Outline, target: int) -> range:
    start = max(0, min(target - BEFORE_TARGET, len(outline) - STRETCH))
    return range(start, min(start + STRETCH, len(outline)))
