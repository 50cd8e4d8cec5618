from datetime import date, datetime, timedelta

import pytest

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.members.models import IdentityKind
from dexxy.messages.figures.scope import Window
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.insights import TimeRangeError, insights
from dexxy.messages.models import MessageKind, Thread
from dexxy.messages.tests.stories import Teller
from dexxy.sources.models import Source
from tests.factories import START, make_identity, make_message, make_source, make_thread

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def window(since: datetime, until: datetime) -> Window:
    return Window(since=since, until=until, now=until)


def test_figures_count_people_and_leave_bots_out(
    alice: User, workspace: Workspace, source: Source
) -> None:
    old, new = make_identity(workspace=workspace), make_identity(workspace=workspace)
    second_account = make_identity(workspace=workspace, member=old.member)
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    thread = make_thread(source=source, author=old, opened_at=START - DAY)
    make_message(thread=thread, author=old, occurred_at=START - DAY)
    make_message(thread=thread, author=old, occurred_at=START)
    make_message(thread=thread, author=second_account, occurred_at=START + HOUR)
    make_message(thread=thread, author=new, occurred_at=START + DAY)
    make_message(thread=thread, author=bot, occurred_at=START + DAY)
    make_message(thread=thread, occurred_at=START + DAY)
    hidden = make_source(workspace=workspace, is_archived=True)
    make_message(thread=make_thread(source=hidden), author=new, occurred_at=START)

    found = insights(alice, workspace, window(START, START + 2 * DAY))

    assert [(day.date, day.messages, day.people) for day in found.steps] == [
        (date(2026, 1, 1), 2, 1),
        (date(2026, 1, 2), 2, 1),
    ]
    assert (found.new_people, found.returning_people) == (1, 1)
    assert found.top_people == [(old.member, 2), (new.member, 1)]


def test_the_median_is_that_of_the_figures_and_counts_who_still_waits(
    alice: User, workspace: Workspace, source: Source
) -> None:
    asker, helper = make_identity(workspace=workspace), make_identity(workspace=workspace)
    for hours in (1, 2, 9, 11):
        thread = make_thread(source=source, author=asker)
        make_message(thread=thread, author=asker, kind=MessageKind.OPENED, occurred_at=START)
        make_message(thread=thread, author=asker, occurred_at=START)
        make_message(thread=thread, author=helper, occurred_at=START + hours * HOUR)
    make_thread(source=source, author=asker)
    threads_settle(list(Thread.objects.values_list("pk", flat=True)))

    found = insights(alice, workspace, window(START, START + DAY))

    assert found.median_first_answer == 9 * HOUR
    assert (found.threads, found.unanswered_threads) == (5, 1)


def test_a_time_without_anything_has_no_figures(alice: User, workspace: Workspace) -> None:
    found = insights(alice, workspace, window(START, START + DAY))

    assert (found.steps, found.top_people, found.median_first_answer) == ([], [], None)
    assert (found.new_people, found.returning_people, found.threads) == (0, 0, 0)


def test_a_time_that_is_none_or_too_long_is_refused(
    alice: User, charlie: User, workspace: Workspace
) -> None:
    for until in (START, START - DAY, START + timedelta(days=367)):
        with pytest.raises(TimeRangeError):
            insights(alice, workspace, window(START, until))
    with pytest.raises(WorkspaceNotFoundError):
        insights(charlie, workspace, window(START, START + DAY))


ASKED = """
query ($workspace: ID!, $sources: [ID!], $bucket: InsightsBucket!, $compare: InsightsComparison!) {
  insights(workspaceId: $workspace, since: "2026-01-08", until: "2026-01-15", sourceIds: $sources,
           bucket: $bucket, compare: $compare) {
    days { date messages } newPeople returningPeople threads p90FirstAnswerSeconds
    funnel { acted { count } opened { count } } hours { acts people hours { hour } }
    before { days { date messages } newPeople threads before { threads } }
  }
}"""


def test_the_api_tells_figures_of_some_repositories_by_week_beside_those_of_the_time_before(
    ask: Ask, alice: User, workspace: Workspace, source: Source
) -> None:
    teller = Teller(source, team={"T": None})
    teller.tell("I A opens 1d, T says 2d | I A opens 9d | I B opens 10d")
    teller.source = make_source(workspace=workspace)
    teller.tell("I C opens 9d")

    def told(**asked: object) -> dict[str, object]:
        given = {"workspace": workspace.pk, "bucket": "DAY", "compare": "NONE", **asked}
        found: dict[str, object] = ask(ASKED, alice, **given)["data"]["insights"]
        return found

    everything = told()
    assert everything["days"] == [
        {"date": "2026-01-10", "messages": 2},
        {"date": "2026-01-11", "messages": 1},
    ]
    assert (everything["newPeople"], everything["before"]) == (2, None)
    assert told(sources=[str(source.pk)], bucket="WEEK", compare="BEFORE") == {
        "days": [{"date": "2026-01-05", "messages": 2}],
        "newPeople": 1,
        "returningPeople": 1,
        "threads": 2,
        "p90FirstAnswerSeconds": None,
        "funnel": {"acted": {"count": 2}, "opened": {"count": 2}},
        "hours": {"acts": 2, "people": 2, "hours": None},
        "before": {
            "days": [{"date": "2025-12-29", "messages": 2}],
            "newPeople": 2,
            "threads": 1,
            "before": None,
        },
    }
