"""Facts: numbers that are asked for at this moment, of what all processes share.

They come in groups. A group has its own time, and one that fails or takes too long is left out and
named, so that what is slow hides nothing else.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from time import monotonic

import structlog
from django.db import DatabaseError, InterfaceError
from redis.exceptions import RedisError

from dexxy.common.sql import TooSlowError, deadline, time_limit

log = structlog.get_logger()

# Seconds that the database may take for one question of a group, and all groups together.
LONGEST_QUESTION, LONGEST_ASKING = 1.0, 5.0


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@dataclass(frozen=True)
class Measure:
    """Something that is told, and in which unit.

    Args:
        name: as Prometheus has it: with its unit at the end, and `_total` of a counter.
        labels: of which each has a few values that are known beforehand, or so many at most.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Kind = Kind.GAUGE


@dataclass(frozen=True)
class Fact:
    """What a measure is now.

    Args:
        labels: its values in the order of the measure's labels.
        step: of a histogram: the upper end of a step, of which VALUE counts what lies in it alone;
            or `sum`.
    """

    measure: Measure
    value: float
    labels: tuple[str, ...] = ()
    step: str = ""

    def named(self) -> dict[str, str]:
        """Return the labels with their names."""
        named = dict(zip(self.measure.labels, self.labels, strict=True))
        return {**named, "step": self.step} if self.step else named


@dataclass(frozen=True)
class Group:
    """Facts that are asked for together.

    Args:
        measures: all that it may tell.
        ask: returns them; it may raise what the database or the queue raises.
    """

    name: str
    measures: tuple[Measure, ...]
    ask: Callable[[], Iterable[Fact]]


GROUP_IS_THERE = Measure(
    "dexxy_watch_group_up",
    "Whether the facts of a group could be asked for: 0 where they are left out.",
    ("group",),
)
GROUP_SECONDS = Measure(
    "dexxy_watch_group_seconds", "How long it took to ask for the facts of a group.", ("group",)
)
OF_GROUPS = (GROUP_IS_THERE, GROUP_SECONDS)


@dataclass(frozen=True)
class Asked:
    """What came of asking for all groups.

    Args:
        missing: the names of the groups that are left out.
    """

    facts: list[Fact] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def asked(groups: Iterable[Group]) -> Asked:
    """Ask for the facts of GROUPS, one after the other."""
    found = Asked()
    with deadline(LONGEST_ASKING):
        for group in groups:
            _ask(group, found)
    return found


def _ask(group: Group, found: Asked) -> None:
    began = monotonic()
    try:
        with time_limit(LONGEST_QUESTION):
            told = list(group.ask())
    except (DatabaseError, InterfaceError, RedisError, TooSlowError) as error:
        log.warning("facts are missing", group=group.name, error=str(error).partition("\n")[0])
        found.missing.append(group.name)
        told = []
    found.facts.extend(told)
    is_there = group.name not in found.missing
    found.facts.append(Fact(GROUP_IS_THERE, float(is_there), (group.name,)))
    found.facts.append(Fact(GROUP_SECONDS, monotonic() - began, (group.name,)))


def as_json(facts: Iterable[Fact]) -> list[Mapping[str, object]]:
    """Return FACTS as programs read them: a name, its labels, a number."""
    return [
        {"name": fact.measure.name, "labels": fact.named(), "value": fact.value} for fact in facts
    ]
