"""Keep the cards that took long to count, and their lists, so that nobody waits for them twice.

A card that is counted quickly is counted for each reader. Of the others the last one is shown, with
the time at which it was counted, while a worker counts it again; and so it is with each page of the
lists behind it. What is kept names nobody, and may be lost at any moment.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import TypeVar

from django.core.cache import cache
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, override

from dexxy.accounts.selectors import WorkspaceNotFoundError, user_with, workspace_for
from dexxy.common.queue import worker_wake
from dexxy.common.sql import TooSlowError, deadline
from dexxy.common.valkey import Shelf
from dexxy.web.insights.asking import read_asked
from dexxy.web.insights.cards import Asked, Card, Drawn
from dexxy.web.insights.catalogue import CARDS

JOB = "dexxy.web.insights.tasks.count_cards"
# How long a reader waits for a card, and from when on it is kept; seconds.
PATIENCE, SLOW = 1.5, 0.3
# How long cards are counted for a page of all: what is not counted by then comes when it is.
PATIENCE_FOR_ALL = 1.0
# How long a kept one is shown as it is, and how long it is kept.
FRESH, KEPT = timedelta(minutes=5), timedelta(days=7)
# How long nobody tries to count a card that a worker was asked for; it may have died.
WAITS = timedelta(minutes=1)
_WANTED = "insights:wanted"
# Bytes of the cards of a workspace, some twenty thousand each; the oldest give way.
MOST_BYTES = 16 * 2**20
# Of one person at a time: the cards of two pages. What is dropped is asked for again.
MOST_WANTED = 2 * len(CARDS)
# Where the people, and what is said about the counting, stand in what is kept.
PEOPLE, STATE = "<!-- people -->", "<!-- state -->"
SHOWN_PEOPLE = 5
# Rows of a page of a list.
PAGE = 100


@dataclass(frozen=True)
class Wanted:
    """What is asked for, as a worker is told it.

    Args:
        query: as it stands in an address.
        rows: the list of the card; '' for the card itself.
        after: how many rows of the list stand before.
    """

    viewer: int
    workspace: int
    slug: str
    query: str
    language: str
    rows: str = ""
    after: int = 0

    @property
    def key(self) -> str:
        """The name by which it is kept; it is the same for all readers of a workspace."""
        named = [self.workspace, self.slug, self.query, self.language, self.rows, self.after]
        return f"insights:{sha256(json.dumps(named).encode()).hexdigest()}"

    @property
    def shelf(self) -> Shelf:
        """Where the cards of the workspace are kept."""
        name, seconds = f"insights:{self.workspace}", round(KEPT.total_seconds())
        return Shelf(name, most_bytes=MOST_BYTES, seconds=seconds)


@dataclass(frozen=True)
class Kept:
    """A card as it was counted.

    Args:
        html: with a mark where the people stand.
        people: the primary keys of those whom it shows, each with what stands beside them.
        lists: those behind its numbers that are not empty: name in addresses, name, and length.
    """

    html: str
    people: Sequence[tuple[int, str]]
    counted_at: datetime
    lists: Sequence[tuple[str, str, int]] = ()


@dataclass(frozen=True)
class KeptRows:
    """A page of a list behind a number, as it was counted.

    Args:
        total: rows of the whole list; None where the figure has no such list.
        after: how many of them stand before.
        items: the primary keys of those that it shows, each with what stands beside it.
    """

    name: str
    is_people: bool
    total: int | None
    after: int
    items: Sequence[tuple[int, str]]
    counted_at: datetime
    is_too_slow: bool = False

    @property
    def next(self) -> int | None:
        """How many rows stand before the next page; None if there is none."""
        end = self.after + PAGE
        return end if end < (self.total or 0) else None


K = TypeVar("K", Kept, KeptRows)


def card_of(asked: Asked, card: Card, *, patience: float | None = None) -> tuple[Kept | None, bool]:
    """Return a card, counted now or kept, and whether a worker is asked to count it.

    Args:
        patience: how many seconds its reader waits for it; PATIENCE unless that is less.

    Returns: None for the card while it was never counted.
    """
    return _found(_wanted(asked, card), asked, _rendered, Kept, patience)


def rows_of(asked: Asked, card: Card, rows: str, after: int) -> tuple[KeptRows | None, bool]:
    """Return a page of a list behind a number of a card, as `card_of` does the card.

    Args:
        after: how many rows stand before it.
    """
    wanted = replace(_wanted(asked, card), rows=rows, after=after)
    return _found(wanted, asked, partial(_listed, wanted), KeptRows, None)


def _wanted(asked: Asked, card: Card) -> Wanted:
    query, language = asked.query_string.lstrip("?"), get_language() or ""
    return Wanted(asked.viewer.pk, asked.workspace.pk, card.slug, query, language)


def _found(
    wanted: Wanted,
    asked: Asked,
    make: Callable[[Asked, Card, Drawn], K],
    kind: type[K],
    patience: float | None,
) -> tuple[K | None, bool]:
    card = CARDS[wanted.slug]
    kept = _read(wanted, kind)
    if kept is None and cache.get(f"{wanted.key}:wanted"):
        return None, True
    if kept is None:
        began = monotonic()
        try:
            with deadline(PATIENCE if patience is None else min(PATIENCE, patience)):
                drawn = card.draw(asked)
        except TooSlowError:
            _want(wanted)
            return None, True
        kept = make(asked, card, drawn)
        if monotonic() - began >= SLOW:
            _write(wanted, kept)
        return kept, False
    if _is_fresh(kept):
        return kept, False
    _want(wanted)
    return kept, True


def cards_count(*, seconds: float) -> bool:
    """Count the cards that readers wait for, for at most SECONDS.

    Returns: whether some are left.
    """
    until = monotonic() + seconds
    while monotonic() < until and (wanted := _take()):
        _count(wanted)
    return bool(cache.get(_WANTED))


def _count(wanted: Wanted) -> None:
    viewer = user_with(wanted.viewer)
    kept: Kept | KeptRows | None
    kept = _read(wanted, KeptRows) if wanted.rows else _read(wanted, Kept)
    if viewer is None or (kept is not None and _is_fresh(kept)):
        return
    try:
        workspace = workspace_for(viewer, wanted.workspace)
    except WorkspaceNotFoundError:  # they have left it meanwhile
        return
    with override(wanted.language or None):
        card = CARDS[wanted.slug]
        query = QueryDict(wanted.query)
        asked = read_asked(viewer, workspace, query, timezone.now(), usual=card.usual)
        make = partial(_listed, wanted) if wanted.rows else _rendered
        try:
            _write(wanted, make(asked, card, card.draw(asked)))
        except TooSlowError:
            _write(wanted, make(asked, card, Drawn(), is_too_slow=True))


def _rendered(asked: Asked, card: Card, drawn: Drawn, *, is_too_slow: bool = False) -> Kept:
    context = {
        "workspace": asked.workspace,
        "card": card,
        "drawn": drawn,
        "query_string": asked.query_string,
        "is_too_slow": is_too_slow,
        "people_mark": PEOPLE,
        "state_mark": STATE,
    }
    found = drawn.rows.get(drawn.people)
    ids = found.ids[:SHOWN_PEOPLE] if found else []
    people = [(pk, found.beside(pk) if found else "") for pk in ids]
    html = render_to_string("web/insights/card.html", context)
    lists = [(slug, rows.name, len(rows.ids)) for slug, rows in drawn.rows.items() if rows.ids]
    return Kept(html, people, timezone.now(), lists)


def _listed(
    wanted: Wanted, _asked: Asked, _card: Card, drawn: Drawn, *, is_too_slow: bool = False
) -> KeptRows:
    now = timezone.now()
    found = drawn.rows.get(wanted.rows)
    if found is None:
        return KeptRows(
            name="",
            is_people=False,
            total=None,
            after=0,
            items=[],
            counted_at=now,
            is_too_slow=is_too_slow,
        )
    after = min(wanted.after, len(found.ids))
    items = [(pk, found.beside(pk)) for pk in found.ids[after : after + PAGE]]
    return KeptRows(found.name, found.is_people, len(found.ids), after, items, now)


def _is_fresh(kept: Kept | KeptRows) -> bool:
    """Tell whether it may be shown as it is."""
    return timezone.now() - kept.counted_at < FRESH


def _read(wanted: Wanted, kind: type[K]) -> K | None:
    text = wanted.shelf.get(wanted.key)
    if text is None:
        return None
    value = json.loads(text)
    return kind(**{**value, "counted_at": datetime.fromisoformat(value["counted_at"])})


def _write(wanted: Wanted, kept: Kept | KeptRows) -> None:
    value = {**asdict(kept), "counted_at": kept.counted_at.isoformat()}
    wanted.shelf.put(wanted.key, json.dumps(value))


def _want(wanted: Wanted) -> None:
    """Ask a worker; what is lost on the way is asked for again by the reader's browser."""
    cache.set(f"{wanted.key}:wanted", True, WAITS.total_seconds())
    waiting = json.loads(cache.get(_WANTED, "[]"))
    if asdict(wanted) not in waiting:
        # Whoever asks for one period after the other keeps nobody else waiting.
        theirs = [one for one in waiting if one["viewer"] == wanted.viewer]
        over = theirs[: max(0, len(theirs) + 1 - MOST_WANTED)]
        kept = [one for one in waiting if one not in over]
        cache.set(_WANTED, json.dumps([*kept, asdict(wanted)]), KEPT.total_seconds())
    worker_wake("search", JOB)


def _take() -> Wanted | None:
    waiting = json.loads(cache.get(_WANTED, "[]"))
    if not waiting:
        return None
    cache.set(_WANTED, json.dumps(waiting[1:]), KEPT.total_seconds())
    return Wanted(**waiting[0])
