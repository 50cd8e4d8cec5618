"""When people act: at which hours, in which weeks more than usual; and bots beside them."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import sqrt
from statistics import mean, pstdev
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.acts import ACTS, IN_WINDOW, MESSAGES
from dexxy.messages.figures.scope import EVERYTHING, WHO, FigureFilters, Window, scope_of
from dexxy.messages.figures.small_numbers import LEAST_PEOPLE, Figure, Ratio, ratio

WEEK = timedelta(weeks=1)
# How many complete weeks before it a week is compared with.
WEEKS_BEFORE = 12
LEAST_BURST = 10
# Who answers so soon and so often may be a bot.
QUICK = timedelta(seconds=10)
OFTEN = 5

_HOURS = f"""
{WHO}
SELECT extract(isodow FROM at)::int, extract(hour FROM at)::int, count(*)
FROM (SELECT m.occurred_at AT TIME ZONE %(zone)s AS at FROM {ACTS} AND {IN_WINDOW}) act
GROUP BY 1, 2 ORDER BY 1, 2
"""
_HOW_MANY = f"{WHO} SELECT count(DISTINCT author.member_id) FROM {ACTS} AND {IN_WINDOW}"
_WEEKS = f"""
{WHO}
SELECT date_trunc('week', m.occurred_at AT TIME ZONE %(zone)s)::date, count(*)
FROM {ACTS} AND m.occurred_at >= %(first)s AND m.occurred_at < %(last)s
GROUP BY 1
"""
_FIRST_ACT = f"{WHO} SELECT m.occurred_at FROM {ACTS} ORDER BY m.occurred_at LIMIT 1"
_RELEASES = f"""
{WHO}
SELECT date_trunc('week', r.published_at AT TIME ZONE %(zone)s)::date, r.id,
       coalesce(nullif(r.name, ''), r.tag), r.published_at
FROM messages_release r JOIN source ON source.id = r.source_id
WHERE r.workspace_id = %(workspace)s AND NOT r.is_archived
  AND (%(sources)s::bigint[] IS NULL OR r.source_id = ANY(%(sources)s))
  AND r.published_at >= %(first)s AND r.published_at < %(last)s
ORDER BY r.published_at, r.id
"""
_SAID_BY_BOTS = f"""
{WHO}
SELECT CASE WHEN author.is_bot THEN author.member_id END, count(*)
FROM {MESSAGES} AND {IN_WINDOW} AND author.id IS NOT NULL
 AND m.kind IN ('opened', 'comment', 'reply', 'review', 'review_comment')
GROUP BY 1 ORDER BY 2 DESC, 1
"""
# People who answer others like a machine: within seconds of the opening, many times.
_QUICK = f"""
{WHO}
SELECT said.member_id, count(*)
FROM (SELECT m.thread_id, m.occurred_at, author.member_id FROM {ACTS} AND {IN_WINDOW}
      AND m.kind IN ('comment', 'reply', 'review', 'review_comment')) said
JOIN messages_thread t ON t.id = said.thread_id
LEFT JOIN account opener ON opener.id = t.author_id
WHERE opener.member_id IS DISTINCT FROM said.member_id
  AND said.occurred_at >= t.opened_at AND said.occurred_at - t.opened_at <= %(quick)s
GROUP BY 1 HAVING count(*) >= %(often)s
ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """Acts in one hour of the week.

    Args:
        weekday: 1 is Monday, 7 Sunday.
        hour: 0 to 23.
    """

    weekday: int
    hour: int
    acts: int


@dataclass(frozen=True, kw_only=True)
class Hours(Figure):
    """When to be around: acts by weekday and hour in the workspace's zone.

    Args:
        hours: those in which there was an act; None where too few people act to show it.
        acts: of how many.
        people: by how many.
    """

    hours: Sequence[Hour] | None
    acts: int
    people: int

    def unshown(self) -> Collection[str]:
        return () if self.people >= LEAST_PEOPLE else ("hours",)


class Released(NamedTuple):
    """What was released.

    Args:
        name: its tag where it has none.
    """

    release_id: int
    name: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Week:
    """A complete week.

    Args:
        begins_on: its Monday.
        limit: above how many acts it is unusual; None if too few weeks are known to tell.
        is_burst: it is.
        releases: those of the week, the oldest first, which may be why.
    """

    begins_on: date
    acts: int
    limit: float | None
    is_burst: bool
    releases: Sequence[Released] = ()


@dataclass(frozen=True, kw_only=True)
class Bursts(Figure):
    """The complete weeks of a window, the oldest first."""

    weeks: Sequence[Week]


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot, and how much it said."""

    member_id: int
    said: int


@dataclass(frozen=True, kw_only=True)
class BotActivity(Figure):
    """How much bots say.

    Args:
        ratio: messages said by bots, of all whose author is known.
        bots: the list behind it, the one that says most first.
        suspects: people who may be bots, for somebody to decide: each with how often they answered
            others within seconds.
    """

    ratio: Ratio
    bots: Sequence[Bot]
    suspects: Sequence[Bot]


def activity_hours(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Hours:
    """Return the acts of a window by weekday and hour (M19).

    Nobody's own zone is known: never read it as work at night.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    hours = [Hour(*row) for row in scope.fetch(_HOURS)]
    [(people,)] = scope.fetch(_HOW_MANY)
    return Hours(hours=hours, acts=sum(one.acts for one in hours), people=people)


def bursts(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Bursts:
    """Return the complete weeks of a window, and which of them were unusual (M20).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    zone = ZoneInfo(window.zone)
    found = scope.fetch(_FIRST_ACT)
    if not found:
        return Bursts(weeks=[])
    # Weeks before anything was said are no quiet weeks.
    known_since = _monday(found[0][0], zone, or_after=True)
    shown_since = max(known_since, _monday(window.since, zone, or_after=True))
    end = _monday(window.ends_at, zone)
    begin = max(known_since, shown_since - WEEKS_BEFORE * WEEK)
    times = {"first": _midnight(begin, zone), "last": _midnight(end, zone)}
    counts = dict(scope.fetch(_WEEKS, **times))
    released = defaultdict(list)
    for monday, *release in scope.fetch(_RELEASES, **times):
        released[monday].append(Released(*release))
    mondays = [begin + n * WEEK for n in range(max(0, (end - begin) // WEEK))]
    acts = [counts.get(monday, 0) for monday in mondays]
    weeks = [week_of(mondays[n], acts[: n + 1]) for n in range(len(mondays))]
    return Bursts(
        weeks=[
            replace(week, releases=released[week.begins_on])
            for week in weeks
            if week.begins_on >= shown_since
        ]
    )


def week_of(begins_on: date, acts: Sequence[int]) -> Week:
    """Judge the last one of weeks by the twelve before it.

    The root of the mean is the noise that counts have anyway: without it, one act more than usual
    would be a burst of a steady project.

    Args:
        acts: of complete weeks, the oldest first.
    """
    *before, now = acts
    before = before[-WEEKS_BEFORE:]
    if len(before) < WEEKS_BEFORE:
        return Week(begins_on, now, None, is_burst=False)
    usual = mean(before)
    limit = usual + 2 * max(pstdev(before), sqrt(usual))
    return Week(begins_on, now, limit, is_burst=now > limit and now >= LEAST_BURST)


def bot_activity(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> BotActivity:
    """Return how much of what was said in a window bots said (M21).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    rows = scope.fetch(_SAID_BY_BOTS)
    suspects = [Bot(*row) for row in scope.fetch(_QUICK, quick=QUICK, often=OFTEN)]
    bots = [Bot(member, said) for member, said in rows if member is not None]
    of = sum(said for _, said in rows)
    return BotActivity(ratio=ratio(sum(bot.said for bot in bots), of), bots=bots, suspects=suspects)


def _monday(at: datetime, zone: ZoneInfo, *, or_after: bool = False) -> date:
    """Return the Monday of the week of a time; or the next one, if a week has begun by then."""
    day = at.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    return monday + WEEK if or_after and _midnight(monday, zone) < at else monday


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
