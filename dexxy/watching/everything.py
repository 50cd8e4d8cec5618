"""All facts, and what all processes and machines share of asking for them."""

from django.conf import settings

from dexxy import __version__
from dexxy.watching import arriving, counters, reading, working
from dexxy.watching.facts import OF_GROUPS, Asked, Fact, Group, Measure, asked

INFO = Measure(
    "dexxy_info",
    "Which Dexxy this is, and where its documentation is; alerts lead there.",
    ("version", "docs"),
)


def _info() -> list[Fact]:
    return [Fact(INFO, 1, (__version__, f"{settings.DEXXY_BASE_URL.rstrip('/')}/docs/"))]


GROUPS: tuple[Group, ...] = (
    Group("dexxy", (INFO,), _info),
    *reading.GROUPS,
    *arriving.GROUPS,
    *working.GROUPS,
    *counters.GROUPS,
)


def measures() -> list[Measure]:
    """Return all that can be told."""
    return [*(one for group in GROUPS for one in group.measures), *OF_GROUPS]


def facts_now() -> Asked:
    """Ask for all facts."""
    return asked(GROUPS)
