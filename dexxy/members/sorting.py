"""The orders in which members are listed, each with an index and a page behind a key."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, TextChoices
from django.utils.translation import gettext as _

from dexxy.common.pages import (
    InvalidCursorError,
    Page,
    check_size,
    decoded_json,
    encoded,
    page_newest_first,
)
from dexxy.members.models import SORTED_NAME, Member

_LARGEST = 2**63 - 1


class MemberSort(TextChoices):
    """Which members come first; of whom it is not known comes last."""

    LAST_SEEN = "last_seen"
    FIRST_SEEN = "first_seen"
    MESSAGES = "messages"
    RECENT = "recent"
    WAITING = "waiting"
    NAME = "name"


_TIMES = (MemberSort.LAST_SEEN, MemberSort.FIRST_SEEN)


@dataclass(frozen=True)
class _Cursor:
    """Where a member stands: its number or name, and its key."""

    value: int | str | None
    pk: int

    def __str__(self) -> str:
        # Written in ASCII, whatever the name.
        return encoded(json.dumps([self.value, self.pk]))

    @classmethod
    def parse(cls, text: str, kind: type) -> "_Cursor":
        try:
            value, pk = decoded_json(text)
        except (ValueError, TypeError) as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        is_known = value is None or type(value) is kind
        is_number = type(value) is int
        if not (is_known and type(pk) is int and 0 <= pk <= _LARGEST) or (
            abs(value) > _LARGEST if is_number else "\0" in (value or "")
        ):
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return cls(value, pk)


def member_page(
    rows: QuerySet[Member], workspace_id: int, sort: MemberSort, first: int, after: str | None
) -> Page[Member]:
    """Return a page of ROWS, members of one workspace in any order.

    Raises:
        PageSizeError: FIRST is not served.
        InvalidCursorError: AFTER cannot come from a page of ours in this order.
    """
    rows = rows.select_related("summary")
    if sort in _TIMES:
        return page_newest_first(rows, f"{sort}_at", first, after)
    check_size(first)
    if sort == MemberSort.NAME:
        return _by_name(rows, first, after)
    return _by_number(rows, workspace_id, f"summary__{sort}", first, after)


def _by_name(rows: QuerySet[Member], first: int, after: str | None) -> Page[Member]:
    named = rows.annotate(sorted_name=SORTED_NAME)
    if after is not None:
        cursor = _Cursor.parse(after, str)
        name = str(cursor.value or "")
        named = named.filter(sorted_name__gte=name).exclude(sorted_name=name, pk__lte=cursor.pk)
    return _page(list(named.order_by("sorted_name", "pk")[: first + 1]), "sorted_name", first)


def _by_number(
    rows: QuerySet[Member], workspace_id: int, number: str, first: int, after: str | None
) -> Page[Member]:
    """Return a page in the order of a number of the summaries, the largest first."""
    cursor = None if after is None else _Cursor.parse(after, int)
    found: list[Any] = []
    if cursor is None or cursor.value is not None:
        # The workspace again, by which the index begins.
        counted = rows.filter(summary__workspace=workspace_id).annotate(number=F(number))
        if cursor is not None:
            counted = counted.filter(**{f"{number}__lte": cursor.value}).exclude(
                **{number: cursor.value}, summary__member__gte=cursor.pk
            )
        found = list(counted.order_by(f"-{number}", "-summary__member")[: first + 1])
    if len(found) <= first:
        uncounted = rows.filter(summary=None).annotate(number=F(number))
        if cursor is not None and cursor.value is None:
            uncounted = uncounted.filter(pk__lt=cursor.pk)
        found += uncounted.order_by("-pk")[: first + 1 - len(found)]
    return _page(found, "number", first)


def _page(found: list[Any], value: str, first: int) -> Page[Member]:
    items = found[:first]
    cursors = [_Cursor(getattr(item, value), item.pk) for item in items]
    return Page(items, cursors, len(found) > first)
