"""When people act, in the words of the definitions: see `vectors.py`."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.messages.figures.rhythm import activity_hours, bot_activity, bursts, week_of
from dexxy.messages.figures.scope import Window, WindowError
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.models import MessageKind
from dexxy.messages.tests.vectors import Case, tell, vectors
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_release, make_thread

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture
def told(vector: str, alice: User, source: Source) -> Case:
    return tell(vector, alice, source)


def window_of(since: datetime, until: datetime, zone: str = "UTC") -> Window:
    return Window(since=since, until=until, now=until, zone=zone)


def act(source: Source, *times: datetime) -> None:
    """Let somebody do something at each of the times."""
    author = make_identity(workspace=source.workspace)
    thread = make_thread(source=source, author=author, opened_at=times[0])
    for at in times:
        make_message(thread=thread, kind=MessageKind.COMMENT, author=author, occurred_at=at)


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T00:30Z 2026-03-29T01:30Z", "Sun01 1, Sun03 1"),
        ("Europe/Berlin", "2026-10-25T00:30Z 2026-10-25T01:30Z", "Sun02 2"),
        ("Asia/Kolkata", "2026-01-04T18:29Z 2026-01-04T18:31Z", "Mon00 1, Sun23 1"),
    ],
)
def test_activity_dates_and_times(
    alice: User, workspace: Workspace, source: Source, zone: str, at: str, expected: str
) -> None:
    times = [datetime.fromisoformat(one) for one in at.split()]
    act(source, *times)
    window = window_of(times[0], times[-1] + timedelta(seconds=1), zone)

    found = activity_hours(alice, workspace, window)

    hours = [f"{DAYS[one.weekday - 1]}{one.hour:02} {one.acts}" for one in found.hours or ()]
    assert ", ".join(hours) == expected
    assert (found.acts, found.people) == (2, 1)


@pytest.mark.parametrize(("people", "is_shown"), [("A B C D", False), ("A B C D E", True)])
def test_hours_are_shown_from_five_people_on(
    alice: User, source: Source, people: str, is_shown: bool
) -> None:
    stories = " | ".join(f"I {one} opens 0" for one in people.split())

    found = shown(activity_hours(*tell(f"{stories}; now 9", alice, source).asked))

    assert (found.hours is not None) is is_shown


@pytest.mark.parametrize(
    ("weeks", "limit", "is_burst"),
    [
        ("10 10 10 10 10 10 10 10 10 10 10 10 17", 16.3, True),
        ("10 10 10 10 10 10 10 10 10 10 10 10 16", 16.3, False),
        ("0 0 0 0 0 0 0 0 0 0 0 0 9", 0, False),
        ("0 0 0 0 0 0 0 0 0 0 0 0 10", 0, True),
        ("10 10 10 10 10 30", None, False),
        ("99 0 0 0 0 0 0 0 0 0 0 0 0 10", 0, True),
    ],
)
def test_burstiness(weeks: str, limit: float | None, is_burst: bool) -> None:
    found = week_of(date(2026, 1, 5), [int(one) for one in weeks.split()])

    assert (None if found.limit is None else round(found.limit, 1)) == limit
    assert found.is_burst is is_burst


def test_weeks_are_complete_and_begin_on_the_monday_of_the_zone(
    alice: User, workspace: Workspace, source: Source
) -> None:
    # In Auckland it is Monday eleven hours before and more.
    late_sunday = MONDAY - timedelta(hours=1)
    act(source, MONDAY - timedelta(days=3), late_sunday, MONDAY + WEEK, MONDAY + 2 * WEEK)
    window = window_of(MONDAY - WEEK, MONDAY + 2 * WEEK, "Pacific/Auckland")

    found = bursts(alice, workspace, window)

    assert [(one.begins_on, one.acts) for one in found.weeks] == [
        (date(2026, 1, 5), 1),
        (date(2026, 1, 12), 1),
    ]


def test_releases_are_marked_beside_the_weeks_in_which_they_came(
    alice: User, workspace: Workspace, source: Source
) -> None:
    act(source, *[MONDAY + n * WEEK - timedelta(days=2) for n in range(3)])
    for tag, at in {
        "v1": MONDAY - timedelta(hours=11),  # in Auckland it is Monday
        "v2": MONDAY + timedelta(days=6, hours=18),
        "v3": MONDAY + WEEK + timedelta(days=1),
        "later": MONDAY + 3 * WEEK,
    }.items():
        release = make_release(source=source, tag=tag)
        release.published_at, release.name = at, "Second" if tag == "v2" else ""
        release.save()
    window = window_of(MONDAY - WEEK, MONDAY + 3 * WEEK, "Pacific/Auckland")

    found = bursts(alice, workspace, window)

    assert [[one.name for one in week.releases] for week in found.weeks] == [
        ["v1"],
        ["Second", "v3"],
        [],
    ]


def test_a_week_is_judged_by_weeks_before_the_window(
    alice: User, workspace: Workspace, source: Source
) -> None:
    act(source, *[MONDAY + n * WEEK for n in range(12)], *[MONDAY + 12 * WEEK] * 10)
    window = window_of(MONDAY + 11 * WEEK, MONDAY + 13 * WEEK)

    found = bursts(alice, workspace, window)

    assert [(one.acts, one.limit, one.is_burst) for one in found.weeks] == [
        (1, None, False),
        (10, 3.0, True),
    ]


def test_nothing_has_no_weeks(alice: User, workspace: Workspace) -> None:
    assert bursts(alice, workspace, window_of(MONDAY, MONDAY + WEEK)).weeks == []


@vectors("""
    I A opens 0, b1 says 1, g says 2, b1 says 3, T closes 4; now 9 => bots 2, of 3, b1 2
    I b1 opens 0, b1 closes 1; now 9 => bots 1, of 1
    I A opens 0, T says 1; now 9 => bots 0, of 2
""")
def test_bot_activity(told: Case) -> None:
    found = bot_activity(*told.asked)

    said = found.bots[0].said if found.bots else 0
    assert told.agrees(bots=found.ratio.part, of=found.ratio.of, b1=said)


@pytest.mark.parametrize(("times", "is_suspect"), [(4, False), (5, True)])
def test_who_often_answers_others_within_seconds_may_be_a_bot(
    alice: User, source: Source, times: int, is_suspect: bool
) -> None:
    quick = ["I A opens 0, X says 0.001, b1 says 0.001"] * times
    slow = ["I A opens 0, B says 0.01"] * 5
    own = ["I C opens 0, C says 0"] * 5
    case = tell(f"{' | '.join([*quick, *slow, *own])}; now 9", alice, source)

    found = bot_activity(*case.asked)

    suspect = case.teller.people["X"].member_id
    assert [one.member_id for one in found.suspects] == ([suspect] if is_suspect else [])


@pytest.mark.parametrize("zone", ["", "Nowhere/Near", "../etc/passwd"])
def test_a_zone_that_is_none_is_refused(alice: User, workspace: Workspace, zone: str) -> None:
    with pytest.raises(WindowError):
        activity_hours(alice, workspace, window_of(MONDAY, MONDAY + WEEK, zone))


def test_a_window_without_length_is_refused(alice: User, workspace: Workspace) -> None:
    with pytest.raises(WindowError):
        activity_hours(alice, workspace, window_of(MONDAY, MONDAY))
