"""Cases of the definitions of figures: stories, what they are asked about, and what comes out.

`I A opens 0, T closes 5; now 9, window 2 8 => n 1, median 5`: hours since the beginning, or days
with a `d` behind. The window goes from 0 to now where none is given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.messages.figures.scope import Window
from dexxy.messages.models import Thread
from dexxy.messages.tests.stories import Teller, moment
from dexxy.sources.models import Source


@dataclass
class Case:
    """A story that was told.

    Args:
        expected: name -> what comes out, as it is written.
    """

    viewer: User
    source: Source
    window: Window
    expected: Mapping[str, str]
    teller: Teller
    threads: list[Thread] = field(default_factory=list)

    @property
    def asked(self) -> tuple[User, Workspace, Window]:
        """What each figure is given."""
        return self.viewer, self.source.workspace, self.window

    def agrees(self, /, **found: object) -> bool:
        """Compare what was found with what is expected, name by name."""
        assert {name: _written(found[name]) for name in self.expected} == self.expected
        return True


def tell(vector: str, viewer: User, source: Source) -> Case:
    """Tell the story of a case."""
    asked, _, expected = vector.partition(" => ")
    stories, _, settings = asked.partition("; ")
    now, window, since = "", ("0", ""), None
    teller = Teller(source)
    for setting in filter(None, settings.split(", ")):
        name, *values = setting.split()
        if name == "now":
            now = values[0]
        elif name == "window":
            window = (values[0], values[1])
        elif name == "team":
            since = moment(values[2])
        elif name == "org":
            teller.organizations[values[0]] = values[1]
    teller.team = {"T": since, "U": None}
    threads = teller.tell(stories)
    until = window[1] or now
    return Case(
        viewer,
        source,
        Window(since=moment(window[0]), until=moment(until), now=moment(now or until)),
        dict(one.rsplit(" ", 1) for one in filter(None, expected.split(", "))),
        teller,
        threads,
    )


def vectors(text: str) -> pytest.MarkDecorator:
    """Return the mark that tries each case in TEXT, one a line."""
    return pytest.mark.parametrize("vector", list(lines(text)))


def lines(text: str) -> Iterable[str]:
    """Return the cases in TEXT."""
    return filter(None, (line.strip() for line in text.splitlines()))


def _written(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, timedelta):
        value = value / timedelta(hours=1)
    return f"{value:g}" if isinstance(value, int | float) else str(value)
