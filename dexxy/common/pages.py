"""Read long lists page by page, by keyset pagination.

A page starts behind the key of the last row before it, and no page is found by counting rows. So
a page deep in a list is as quick as the first, and new rows move nothing.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from dexxy.common.errors import BadInputError

PAGE = 50  # items of a page, if the caller does not say
LARGEST_PAGE = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_ID = 2**63 - 1


class Row(Protocol):
    @property
    def pk(self) -> Any: ...


Item = TypeVar("Item", bound=Row)


class PageSizeError(BadInputError):
    """A page size below 1 or above LARGEST_PAGE."""


class InvalidCursorError(BadInputError):
    """A cursor that cannot come from a page of ours."""


@dataclass(frozen=True)
class Cursor:
    """The sort key of a row in a list that is ordered by a time and then by id.

    Args:
        time: None if the row has none.
        pk: the row's id.
    """

    time: datetime | None
    pk: int

    def __str__(self) -> str:
        micros = "" if self.time is None else (self.time - _EPOCH) // _MICROSECOND
        return encoded(f"{micros}.{self.pk}")

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Parse what `str()` returned.

        Raises:
            InvalidCursorError: TEXT is something else.
        """
        try:
            micros, pk = decoded(text).split(".")
            time = _EPOCH + int(micros) * _MICROSECOND if micros else None
            cursor = cls(time, int(pk))
        except (ValueError, OverflowError) as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        if not 0 <= cursor.pk <= _LARGEST_ID:
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return cursor


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list.

    Args:
        items: in the order of the list.
        cursors: of each item, to be written as text; each has the id of its item.
        has_more: whether the list has items behind this page.
        has_before: whether it has items before this page; None where the caller can tell.
    """

    items: list[Item] = field(default_factory=list)
    cursors: Sequence[Row] = ()
    has_more: bool = False
    has_before: bool | None = None

    @property
    def start(self) -> str | None:
        """The cursor of the first item; if the newest are first, new items come before it."""
        return str(self.cursors[0]) if self.cursors else None

    @property
    def end(self) -> str | None:
        """The cursor of the last item: the next page starts behind it."""
        return str(self.cursors[-1]) if self.cursors else None


def check_size(first: int) -> None:
    """Refuse a page size that is not served.

    Raises:
        PageSizeError: FIRST is below 1 or above LARGEST_PAGE.
    """
    if not 1 <= first <= LARGEST_PAGE:
        raise PageSizeError(
            _("A page has 1 to {largest_page} items; {first} were asked for.").format(
                largest_page=LARGEST_PAGE, first=first
            )
        )


def page_newest_first(rows: QuerySet[Any], time: str, first: int, after: str | None) -> Page[Any]:
    """Return a page of ROWS, the newest first; rows without a time come last.

    Args:
        rows: the whole list, in any order.
        time: name of the field with the time.
        first: number of items, at most.
        after: `end` of the page before, or None for the first page.

    Raises:
        PageSizeError: FIRST is not served.
        InvalidCursorError: AFTER cannot come from a page of ours.
    """
    check_size(first)
    cursor = None if after is None else Cursor.parse(after)
    found: list[Any] = []
    if cursor is None or cursor.time is not None:
        timed = rows.filter(
            Q() if cursor is None else behind(time, cursor), **{f"{time}__isnull": False}
        )
        found = list(timed.order_by(F(time).desc(), "-pk")[: first + 1])
    if len(found) <= first and rows.model._meta.get_field(time).null:
        # In a query of its own, because in a descending index PostgreSQL puts NULL first, and the
        # list has it last: one query for both would sort all rows.
        untimed = rows.filter(_untimed_behind(cursor), **{f"{time}__isnull": True})
        found += untimed.order_by("-pk")[: first + 1 - len(found)]
    items = found[:first]
    cursors = [Cursor(getattr(item, time), item.pk) for item in items]
    return Page(items, cursors, len(found) > first)


def _untimed_behind(cursor: Cursor | None) -> Q:
    return Q() if cursor is None or cursor.time is not None else Q(pk__lt=cursor.pk)


def page_by_key(rows: QuerySet[Any], first: int, after: str | None) -> Page[Any]:
    """Return a page of ROWS, ordered by id, the highest first.

    Args:
        rows, first, after: as of `page_newest_first`.

    Raises:
        PageSizeError: FIRST is not served.
        InvalidCursorError: AFTER cannot come from a page of ours.
    """
    check_size(first)
    if after is not None:
        rows = rows.filter(pk__lt=Cursor.parse(after).pk)
    found = list(rows.order_by("-pk")[: first + 1])
    items = found[:first]
    return Page(items, [Cursor(None, item.pk) for item in items], len(found) > first)


def behind(field: str, cursor: Cursor) -> Q:
    """Return the condition for rows behind CURSOR in a list with the newest first.

    Rows without a time come before all others here, as PostgreSQL orders NULL.

    Args:
        field: name of the field with the time.
        cursor: sort key of the last row before.
    """
    if cursor.time is None:
        return Q(**{f"{field}__isnull": True}, pk__lt=cursor.pk) | Q(**{f"{field}__isnull": False})
    # PostgreSQL scans the index by the first condition; the second is for rows with an equal time.
    return Q(**{f"{field}__lte": cursor.time}) & ~Q(**{field: cursor.time}, pk__gte=cursor.pk)


def encoded(plain: str) -> str:
    """Return PLAIN as URL-safe base64, so that clients treat it as opaque."""
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decoded(text: str) -> str:
    """Decode what `encoded` returned.

    Raises:
        InvalidCursorError: TEXT is something else.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return base64.b64decode(padded, b"-_", validate=True).decode("ascii")
    except (UnicodeError, binascii.Error) as error:
        raise InvalidCursorError(_("The cursor is not one of ours.")) from error


def decoded_json(text: str) -> Any:
    """Return the JSON that `encoded` was given.

    Raises:
        InvalidCursorError: TEXT is something else, or holds what no database stores.
    """
    try:
        found = json.loads(decoded(text))
        json.dumps(found, ensure_ascii=False).encode()  # half a character cannot be
    except (ValueError, RecursionError) as error:
        raise InvalidCursorError(_("The cursor is not one of ours.")) from error
    return found
