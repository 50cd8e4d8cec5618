"""Which columns the list of threads has beside the title: of a view, else of its reader."""

from collections.abc import Sequence
from urllib.parse import parse_qs

from dexxy.accounts.models import ListPage, SavedView, ThreadColumn

# What of them stands in an address, and therefore in what a view keeps.
PARAMETER = "columns"
# What is shown to who has chosen nothing.
USUAL = tuple(one for one in ThreadColumn if one is not ThreadColumn.ASSIGNEE)
# The title alone; an empty value would be lost on the way.
_NONE = "title"


def columns_read(text: str) -> list[ThreadColumn]:
    """Return the columns that an address names, in their order; what is none any more is gone."""
    named = set(text.split(","))
    return [one for one in ThreadColumn if one.value in named]


def columns_written(columns: Sequence[ThreadColumn]) -> str:
    """Return COLUMNS as an address names them."""
    return ",".join(one.value for one in ThreadColumn if one in columns) or _NONE


def columns_of_view(view: SavedView) -> list[ThreadColumn] | None:
    """Return the columns that VIEW keeps; None where they are those of each reader."""
    kept = parse_qs(view.query).get(PARAMETER) if view.page == ListPage.THREADS else None
    return columns_read(kept[-1]) if kept else None
