"""Bars, stacked bars and lines over days or weeks, as shapes for a template to draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from dexxy.web.charts.scale import WIDTH, thinned, top_of, written, y_of

_GAP = 2.0  # between stacked parts
_BAR, _BAR_BESIDE = 0.62, 0.42  # of the room that each step has


@dataclass(frozen=True)
class Series:
    """Numbers of one kind, one a step.

    Args:
        name: as the legend says it.
        look: c1, c2 or c3.
        values: None where there is none.
    """

    name: str
    look: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Bar:
    """A rectangle; its sizes are written as SVG wants them."""

    x: str
    y: str
    width: str
    height: str
    look: str
    title: str


@dataclass(frozen=True)
class Line:
    """A path, with a dot where a number has no neighbour."""

    path: str
    look: str
    dots: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Mark:
    """A line from top to bottom at a step, with what happened then.

    Args:
        x: as SVG wants it.
    """

    x: str
    title: str


@dataclass(frozen=True)
class Plot:
    """A chart over steps.

    Args:
        sentence: what it shows, in words.
        marks: the labels at its left, from above.
        labels: those below it, one a step; '' where there is no room.
        legend: look and name of each series.
        happened: what is marked beside the numbers.
    """

    sentence: str
    marks: Sequence[str]
    labels: Sequence[str]
    legend: Sequence[tuple[str, str]]
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = field(default=())
    happened: Sequence[Mark] = ()

    @property
    def template(self) -> str:
        """What draws it."""
        return "web/charts/plot.html"


Say = Callable[[float], str]


def beside(series: Sequence[Series], steps: Sequence[str], sentence: str, say: Say) -> Plot:
    """Draw a bar for each number, those of one step beside each other.

    Args:
        steps: the name of each step.
        say: writes a number.
    """
    top = top_of(value or 0 for one in series for value in one.values)
    room = WIDTH / max(1, len(steps))
    width = room * (_BAR if len(series) == 1 else _BAR_BESIDE)
    margin = (room - width * len(series)) / 2
    bars = [
        _bar(index * room + margin + width * number, width - 1, (0, value), top, one.look,
             f"{name}, {one.name}: {say(value)}")
        for number, one in enumerate(series)
        for index, (name, value) in enumerate(zip(steps, one.values, strict=True))
        if value is not None
    ]  # fmt: skip
    return _plot(series, steps, sentence, say, top, bars=bars)


def stacked(series: Sequence[Series], steps: Sequence[str], sentence: str, say: Say) -> Plot:
    """Draw the numbers of each step on top of each other, the first series at the bottom."""
    values = [[value or 0 for value in one.values] for one in series]
    top = top_of(sum(at_step) for at_step in zip(*values, strict=True))
    room = WIDTH / max(1, len(steps))
    bars = []
    for index, name in enumerate(steps):
        below = 0.0
        for one in series:
            if not (value := one.values[index]):
                continue
            x, width = index * room + room * (1 - _BAR) / 2, room * _BAR
            title = f"{name}, {one.name}: {say(value)}"
            bars.append(_bar(x, width, (below, below + value), top, one.look, title))
            below += value
    return _plot(series, steps, sentence, say, top, bars=bars)


def lines(series: Sequence[Series], steps: Sequence[str], sentence: str, say: Say) -> Plot:
    """Draw a line for each series; it is broken where there is no number."""
    top = top_of(value or 0 for one in series for value in one.values)
    room = WIDTH / max(1, len(steps))
    drawn = []
    for one in series:
        path, dots, is_open = [], [], False
        values = list(one.values)
        for index, value in enumerate(values):
            if value is None:
                is_open = False
                continue
            x, y = written((index + 0.5) * room), written(y_of(value, top))
            path.append(f"{'L' if is_open else 'M'}{x} {y}")
            has_next = index + 1 < len(values) and values[index + 1] is not None
            if not is_open and not has_next:
                dots.append((x, y, f"{steps[index]}, {one.name}: {say(value)}"))
            is_open = True
        drawn.append(Line(" ".join(path), one.look, dots))
    return _plot(series, steps, sentence, say, top, lines=drawn)


def marked(plot: Plot, name: str, happened: Sequence[str]) -> Plot:
    """Mark what happened at the steps of a chart.

    Args:
        name: what the marks are, for the legend.
        happened: what to say of each step; '' where nothing did.
    """
    room = WIDTH / max(1, len(happened))
    marks = [
        Mark(written((step + 0.5) * room), title) for step, title in enumerate(happened) if title
    ]
    legend = [*plot.legend, ("is-mark", name)] if marks else plot.legend
    return replace(plot, happened=marks, legend=legend)


def _bar(
    x: float, width: float, between: tuple[float, float], top: float, look: str, title: str
) -> Bar:
    low, high = y_of(between[0], top), y_of(between[1], top)
    # A gap between the parts, so that colour is not all that parts them.
    height = max(0.0, low - high - (_GAP if between[0] else 0))
    return Bar(written(x), written(high), written(width), written(height), look, title)


def _plot(
    series: Sequence[Series],
    steps: Sequence[str],
    sentence: str,
    say: Say,
    top: float,
    *,
    bars: Sequence[Bar] = (),
    lines: Sequence[Line] = (),
) -> Plot:
    return Plot(
        sentence=sentence,
        marks=[say(top), say(top / 2), say(0)],
        labels=thinned(steps),
        legend=[(one.look, one.name) for one in series] if len(series) > 1 else [],
        bars=bars,
        lines=lines,
    )
