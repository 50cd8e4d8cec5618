"""Long lists, a page at a time: each page goes on where the one before it ended."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from django.db.models import F, Q, QuerySet

from dexxy.common.errors import BadInputError

PAGE = 50
LARGEST_PAGE = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_ID = 2**63 - 1


class Row(Protocol):
    @property
    def pk(self) -> Any: ...


Item = TypeVar("Item", bound=Row)


class PageSizeError(BadInputError):
    """A page of a size that is not served."""


class InvalidCursorError(BadInputError):
    """A cursor that no page of ours has handed out."""


@dataclass(frozen=True)
class Cursor:
    """A place in a list that is ordered by a time and then by id.

    Some rows have no time.
    """

    time: datetime | None
    pk: int

    def __str__(self) -> str:
        micros = "" if self.time is None else (self.time - _EPOCH) // _MICROSECOND
        return encoded(f"{micros}.{self.pk}")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what `str()` wrote.

        Raises:
            InvalidCursorError: TEXT is anything else.
        """
        try:
            micros, pk = decoded(text).split(".")
            time = _EPOCH + int(micros) * _MICROSECOND if micros else None
            cursor = cls(time, int(pk))
        except (ValueError, OverflowError) as error:
            raise InvalidCursorError("The cursor is not one of ours.") from error
        if not 0 <= cursor.pk <= _LARGEST_ID:
            raise InvalidCursorError("The cursor is not one of ours.")
        return cursor


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some items in their order with the place of each, and whether more come behind them."""

    items: list[Item] = field(default_factory=list)
    places: Sequence[Cursor] = ()
    has_more: bool = False

    @property
    def start(self) -> str | None:
        """The cursor before which newer items will stand."""
        return str(self.places[0]) if self.places else None

    @property
    def end(self) -> str | None:
        """The cursor behind which the next page starts."""
        return str(self.places[-1]) if self.places else None


def check_size(first: int) -> None:
    """Refuse pages that are too large, or none.

    Raises:
        PageSizeError: FIRST is not served.
    """
    if not 1 <= first <= LARGEST_PAGE:
        raise PageSizeError(f"A page has 1 to {LARGEST_PAGE} items; {first} were asked for.")


def page_newest_first(rows: QuerySet[Any], time: str, first: int, after: str | None) -> Page[Any]:
    """Return FIRST of ROWS behind the cursor AFTER, ordered by the field TIME, the newest first.

    Rows without a time come last.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    place = None if after is None else Cursor.parse(after)
    found: list[Any] = []
    if place is None or place.time is not None:
        timed = rows.filter(
            Q() if place is None else behind(time, place), **{f"{time}__isnull": False}
        )
        found = list(timed.order_by(F(time).desc(), "-pk")[: first + 1])
    if len(found) <= first and rows.model._meta.get_field(time).null:
        # Not in one query: the index that serves the times has these at its other end.
        untimed = rows.filter(_untimed_behind(place), **{f"{time}__isnull": True})
        found += untimed.order_by("-pk")[: first + 1 - len(found)]
    items = found[:first]
    places = [Cursor(getattr(item, time), item.pk) for item in items]
    return Page(items, places, len(found) > first)


def _untimed_behind(place: Cursor | None) -> Q:
    return Q() if place is None or place.time is not None else Q(pk__lt=place.pk)


def page_by_key(rows: QuerySet[Any], first: int, after: str | None) -> Page[Any]:
    """Return FIRST of ROWS behind the cursor AFTER, those that were stored last first.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    if after is not None:
        rows = rows.filter(pk__lt=Cursor.parse(after).pk)
    found = list(rows.order_by("-pk")[: first + 1])
    items = found[:first]
    return Page(items, [Cursor(None, item.pk) for item in items], len(found) > first)


def behind(field: str, place: Cursor) -> Q:
    """Return what holds of rows that stand behind PLACE, ordered by FIELD, the newest first.

    Rows without a time are taken to come before all others.
    """
    if place.time is None:
        return Q(**{f"{field}__isnull": True}, pk__lt=place.pk) | Q(**{f"{field}__isnull": False})
    # The plain bound is what the index is read by; the second part settles equal times.
    return Q(**{f"{field}__lte": place.time}) & ~Q(**{field: place.time}, pk__gte=place.pk)


def encoded(plain: str) -> str:
    """Make opaque what is not for clients to read."""
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    """Read what `encoded` wrote.

    Raises:
        InvalidCursorError: TEXT is anything else.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, b"-_", validate=True).decode("ascii")
    except (UnicodeError, binascii.Error) as error:
        raise InvalidCursorError("The cursor is not one of ours.") from error
