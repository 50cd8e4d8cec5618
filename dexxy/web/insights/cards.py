"""What a card of the page of figures is made of."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise

from dexxy.accounts.models import User, Workspace
from dexxy.common.spreadsheet import as_text
from dexxy.messages.figures.periods import CUSTOM, USUAL, Period
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.steps import Step, window_before
from dexxy.messages.insights import Comparison
from dexxy.web.charts.heat import Heat
from dexxy.web.charts.plot import Plot
from dexxy.web.charts.shares import Shares
from dexxy.web.insights import words
from dexxy.web.wording import numbers

# A page that shows more of a table helps nobody: two years have so many weeks.
_SHOWN_ROWS = 110


@dataclass(frozen=True)
class Asked:
    """What the page is asked for.

    Args:
        query: the parameters that say so, for links to the same.
        compare: what it is shown beside.
        with_team: threads that the team opened count in how soon others are answered.
    """

    viewer: User
    workspace: Workspace
    period: Period
    window: Window
    filters: FigureFilters
    query: Mapping[str, Any] = field(default_factory=dict)
    compare: Comparison = Comparison.BEFORE
    with_team: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether nobody has chosen its period."""
        return not any(name in self.query for name in ("period", "from", "to"))

    @property
    def is_compared(self) -> bool:
        """Whether it is shown beside the period before."""
        return self.compare is Comparison.BEFORE

    @property
    def figure(self) -> tuple[User, Workspace, Window, FigureFilters]:
        """What each figure is given."""
        return self.viewer, self.workspace, self.window, self.filters

    @property
    def figure_before(self) -> tuple[User, Workspace, Window, FigureFilters]:
        """The same of the period before."""
        return self.viewer, self.workspace, window_before(self.window), self.filters

    @property
    def query_string(self) -> str:
        """What stands behind an address that asks for the same."""
        return f"?{urlencode(self.query, doseq=True)}" if self.query else ""

    @property
    def feed(self) -> str:
        """The address of the feed of what people said and did; '' where it cannot show that."""
        return self._feed({"bots": "no"})

    @property
    def feed_of_bots(self) -> str:
        """The same of what bots said."""
        return self._feed({}, "is:bot", "type:opened", "type:comment", "type:review")

    def _feed(self, given: Mapping[str, str], *terms: str) -> str:
        if self.filters.organizations:
            return ""
        days = f"since:{self.period.first.isoformat()}", f"until:{self.period.last.isoformat()}"
        query = {
            **given,
            "q": " ".join([*terms, *days]),
            "source": list(self.filters.source_ids),
            "thread": [str(kind) for kind in self.filters.kinds],
        }
        return f"{reverse('feed', args=[self.workspace.slug])}?{urlencode(query, doseq=True)}"

    def of_days(self, first: date, last: date) -> "Asked":
        """Return what asks for some days alone, for links to them."""
        period = Period(CUSTOM, first, last, self.period.zone)
        days = {"period": [CUSTOM], "from": [first.isoformat()], "to": [last.isoformat()]}
        return replace(self, period=period, query={**self.query, **days})

    def in_step(self, step: Step, number: int | None, slug: str, rows: str) -> "Count | None":
        """Return a number of a step: it counts a list of the figure of its days alone."""
        if number is None:
            return None
        days = self.of_days(step.first, step.last)
        return Count(number, address=days.address("insights_rows", slug, rows) if number else "")

    def address(self, name: str, *parts: object) -> str:
        """Return an address of this workspace that asks for the same."""
        return reverse(name, args=[self.workspace.slug, *parts]) + self.query_string


@dataclass(frozen=True)
class Fact:
    """A number of a card.

    Args:
        value: as it is shown.
        rows: which list of the card it counts; '' where it counts none.
        address: another page with its rows.
        change: since the period before.
    """

    name: str
    value: str
    rows: str = ""
    address: str = ""
    change: words.Change | None = None


@dataclass(frozen=True)
class Count:
    """A number in a table, with what it counts.

    Args:
        rows: which list of the card; '' for none.
        address: another page with its rows.
    """

    number: int
    rows: str = ""
    address: str = ""


@dataclass(frozen=True)
class Table:
    """The numbers behind a chart.

    Args:
        head: the columns, the first of which names the row.
        rows: counts, facts, numbers, times, texts, or None for nothing.
        names_people: it does, so it is a file alone: the lists show who they are.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[object]]
    names_people: bool = False

    def shown(self) -> Sequence[tuple[object, Sequence[tuple[str, str, str]]]]:
        """Return each row as it is shown: its name, and the other columns with what they count."""
        return [
            (
                row[0],
                [
                    (_shown(value), getattr(value, "rows", ""), getattr(value, "address", ""))
                    for value in row[1:]
                ],
            )
            for row in self.rows[:_SHOWN_ROWS]
        ]

    @property
    def more(self) -> int:
        """How many rows are not shown."""
        return max(0, len(self.rows) - _SHOWN_ROWS)

    def csv(self) -> str:
        """Write the table for a spreadsheet; times are in seconds."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(self.head)
        writer.writerows([_cell(value) for value in row] for row in self.rows)
        return buffer.getvalue()


def _nothing(_pk: int) -> str:
    return ""


@dataclass(frozen=True)
class Rows:
    """A list behind a number: threads or people, by their primary keys.

    Args:
        name: what the list is of.
        beside: says what stands beside one, by its primary key: few of them are shown.
    """

    name: str
    ids: Sequence[int]
    is_people: bool = False
    beside: Callable[[int], str] = _nothing


@dataclass(frozen=True)
class Drawn:
    """A card, ready to be shown.

    Args:
        notes: what to know about the numbers: who is left out, and why something is missing.
        rows: the lists behind its numbers, by their names in addresses.
        empty: what to say instead of all that, where there is nothing.
        people: the list of people that the card itself shows the beginning of.
        is_table: the table is what the card shows, and not folded away.
    """

    facts: Sequence[Fact] = ()
    chart: Plot | Shares | Heat | None = None
    table: Table | None = None
    notes: Sequence[str] = ()
    rows: Mapping[str, Rows] = field(default_factory=dict)
    empty: str = ""
    people: str = ""
    is_table: bool = False


@dataclass(frozen=True)
class Card:
    """A figure of the page.

    Args:
        slug: its name in addresses.
        definition: what it counts, in plain words.
        count: draws it.
        anchor: where docs/reference/figures.md tells the rest.
        usual: the period of it where none is asked for.
    """

    slug: str
    title: str | Promise
    definition: str | Promise
    count: Callable[[Asked], Drawn]
    anchor: str
    usual: str = USUAL

    def draw(self, asked: Asked) -> Drawn:
        """Draw what is asked for, beside the period before unless that is not wanted."""
        drawn = self.count(asked)
        if asked.is_compared:
            return drawn
        return replace(drawn, facts=[replace(fact, change=None) for fact in drawn.facts])


def _shown(value: object) -> str:
    if isinstance(value, Fact):
        return value.value
    if isinstance(value, Count):
        return words.number(value.number)
    if value is None:
        return words.NONE
    if isinstance(value, timedelta):
        return words.lasting(value)
    if isinstance(value, float):
        return numbers.number(value, 1)
    return words.number(value) if isinstance(value, int) else str(value)


def _cell(value: object) -> object:
    if isinstance(value, Fact):
        return as_text(value.value)
    if isinstance(value, Count):
        return value.number
    if isinstance(value, timedelta):
        return value / timedelta(seconds=1)
    if isinstance(value, str):
        return as_text(value)
    return "" if value is None else value
