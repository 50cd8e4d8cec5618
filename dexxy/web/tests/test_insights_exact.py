"""In a generated community the page, the API and a naive count give the same numbers.

The figures are compared with the looks at every message of `test_figures_naive.py`, and then what
page and API say with the figures. The queue is walked by its rules, thread by thread.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.messages.figures import concentration, durations, flow, people, rhythm
from dexxy.messages.figures.outcomes import Durations
from dexxy.messages.figures.scope import EVERYTHING, Window
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import TeamDecision, Thread, ThreadKind
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN
from dexxy.messages.tests.test_figures_naive import CHECKS, Community, Look
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.sources.models import Source
from tests.factories import make_release, make_repository, make_source
from tests.large_community import community_fill

DAY = timedelta(days=1)
LASTING = 480 * DAY
SINCE, UNTIL = BEGIN + 365 * DAY, BEGIN + 455 * DAY
PERIOD = f"?period=custom&from={SINCE:%Y-%m-%d}&to={UNTIL - DAY:%Y-%m-%d}"
SIZES = pytest.mark.parametrize(
    ("threads", "messages"),
    [
        (300, 1_500),
        pytest.param(17_000, 100_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)

DURATION = "kind medianSeconds done { count } open { count } never { count } withdrawn { count }"
# One at a time: a query may take twenty seconds in all.
FIELDS = (
    "volume { messages }",
    "participation { people new }",
    "contributors { people { count } team }",
    "newContributors { count }",
    f"firstResponse {{ {DURATION} }}",
    f"teamResponse {{ {DURATION} }}",
    f"timeToClose {{ opened {{ duration {{ {DURATION} }} byBots }}"
    f" closed {{ duration {{ {DURATION} }} }} }}",
    f"issueAge {{ duration {{ {DURATION} }} bands }}",
    f"reviewDuration {{ {DURATION} }}",
    f"mergeDuration {{ duration {{ {DURATION} }} isYoung }}",
    f"timeToAnswer {{ duration {{ {DURATION} leftOut {{ reason count }} }} byOpener unanswered"
    " unknown }",
    "flows { kind new { count } active { count } closed { count } openAfter { count } }",
    "closureRatio { part of }",
    "acceptance { merged { count } declined { count } withdrawn { count } }",
    "mergeReviews { reviewed { count } others { count } selfMerged { count } }",
    "occasionalContributors { people { count } others { count } recent { count } }",
    "inactiveContributors { people { count } others { count } }",
    "conversion { converted { people { count } others { count } recent { count } }"
    " cameBack { people { count } others { count } recent { count } } }",
    "absenceFactor { factor of acts }",
    "elephantFactor { factor of acts }",
    "activityHours { acts people }",
    "weeks { beginsOn acts limit isBurst releases { name } }",
    "botActivity { ratio { part of } bots { count } suspects { count } }",
)
ASKED = """
query ($workspace: ID!, $since: DateTime!, $until: DateTime!) {
  figures(workspaceId: $workspace, since: $since, until: $until) { FIELD }
}"""
QUEUE = """
query ($workspace: ID!, $filters: WaitingFilterInput) {
  waitingSummary(workspaceId: $workspace, filters: $filters) { total }
}"""


class Made(Community):
    """A generated community, and what is asked about it."""

    def __init__(self, viewer: User, source: Source, threads: int) -> None:
        workspace, other = source.workspace, make_source(workspace=source.workspace)
        community_fill(
            workspace,
            [source, other],
            begin=BEGIN,
            lasting=LASTING,
            threads=threads,
            people=20 + threads // 60,
        )
        threads_settle(list(Thread.objects.values_list("pk", flat=True)))
        for one in (source, other):
            repository = make_repository(source=one)
            repository.last_synced_at = UNTIL
            repository.save()
            release = make_release(source=one)
            release.published_at = SINCE + 20 * DAY
            release.save()
        # What is 90 days older than that is the old pile, unless somebody asked since.
        Source.objects.update(created_at=BEGIN + 200 * DAY)
        self.window = Window(since=SINCE, until=UNTIL, now=UNTIL)
        self.filters = EVERYTHING
        self.asked = (viewer, workspace, self.window, self.filters)
        team = TeamDecision.objects.values_list("member", flat=True)
        self.look = Look(self.window, self.filters, dict.fromkeys(team, BEGIN))


class Page:
    """What the page shows of the period."""

    def __init__(self, client: Client, workspace: Workspace) -> None:
        self.client, self.root = client, f"/w/{workspace.slug}/"

    def number(self, slug: str, name: str) -> int:
        """Return the number of a card that stands below NAME."""
        return int(self.text(slug, name).replace(",", ""))

    def text(self, slug: str, name: str) -> str:
        """Return what stands below NAME in a card."""
        html = self.client.get(f"{self.root}insights/{slug}/{PERIOD}").content.decode()
        found = re.search(rf"<dt>{name}</dt><dd>(?:<a[^>]*>)?([^<]+)", html)
        assert found, html
        return found[1]

    def table(self, slug: str) -> Sequence[dict[str, str]]:
        """Return the table of a card, as its file has it."""
        text = self.client.get(f"{self.root}insights/{slug}.csv{PERIOD}").content.decode()
        return list(csv.DictReader(io.StringIO(text)))

    def column(self, slug: str, name: str) -> list[int]:
        """Return a column of that table."""
        return [int(row[name]) for row in self.table(slug)]

    def durations(self, slug: str) -> list[list[float | None]]:
        """Return what a table says of threads that something is waited for in."""
        names = ("Done", "Still waiting", "Closed without it", "Closed by the opener before")
        return [
            [*(int(row[name]) for name in names), float(row["Median"]) if row["Median"] else None]
            for row in self.table(slug)
        ]


def told(found: Durations) -> list[float | None]:
    """Return the same of a figure."""
    median = shown(found).median
    counts = [found.done, found.open, found.never, found.withdrawn]
    return [*counts, None if median is None else median.total_seconds()]


def sent(found: Mapping[str, Any]) -> list[float | None]:
    """Return the same of what the API said."""
    names = ("done", "open", "never", "withdrawn")
    return [*(found[name]["count"] for name in names), found["medianSeconds"]]


def counts(found: Mapping[str, Any], *names: str) -> list[int]:
    """Return how many each list of the API has."""
    return [found[name]["count"] for name in names]


@SIZES
def test_the_page_the_api_and_a_naive_count_give_the_same_numbers(
    client: Client,
    ask: Ask,
    alice: User,
    workspace: Workspace,
    source: Source,
    threads: int,
    messages: int,
) -> None:
    community = Made(alice, source, threads)
    assert sum(len(found) for found in community.look.messages.values()) >= messages

    for check in CHECKS:
        check(community)

    client.force_login(alice)
    page = Page(client, workspace)
    times = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
    api: dict[str, Any] = {}
    for field in FIELDS:
        asked = ASKED.replace("FIELD", field)
        api |= ask(asked, alice, workspace=workspace.pk, **times)["data"]["figures"]
    for compare in COMPARISONS:
        compare(community, page, api)
    same_queue(community, page, ask, alice)


def same_activity(community: Made, page: Page, api: Mapping[str, Any]) -> None:
    """Compare M12, M13, M19 and what is written."""
    look = community.look
    acts = [act for one in look.threads for act in one.acts if look.inside(act.at)]
    messages = sum(
        act.in_feed
        and act.is_said
        and not act.is_bot
        and (act.who is not None or (one.kind, act.kind) != ("discussion", "closed"))
        for one in look.threads
        for act in one.acts
        if look.inside(act.at)
    )
    people = {act.who for act in acts if act.is_act}
    assert page.number("messages", "Messages") == messages
    assert sum(step["messages"] for step in api["volume"]) == messages
    assert page.number("people", "Active people") == len(people)
    assert api["contributors"]["people"]["count"] == len(people)
    assert api["activityHours"] == {"acts": sum(a.is_act for a in acts), "people": len(people)}
    new = sum(step["new"] for step in api["participation"])
    assert page.number("newcomers", "New people") == api["newContributors"]["count"] == new > 0


def same_flows(community: Made, page: Page, api: Mapping[str, Any]) -> None:
    """Compare M5, M6 and M9."""
    look = community.look
    for place, kind in enumerate(ThreadKind):
        slug = {"issue": "issues", "discussion": "discussions"}.get(kind, "pull-requests")
        opened = [one for one in look.threads if one.kind == kind and not one.is_bot]
        fresh = sum(look.inside(one.row.opened_at) for one in opened)
        after = sum(one.row.opened_at < UNTIL and one.state_at(UNTIL) is None for one in opened)
        assert page.number(slug, "Opened") == api["flows"][place]["new"]["count"] == fresh
        assert page.number(slug, "Open after") == api["flows"][place]["openAfter"]["count"] == after
        assert page.number(slug, "Closed") == api["flows"][place]["closed"]["count"]
        steps = page.table(slug)
        assert sum(int(step["Opened"]) for step in steps) == fresh
        assert int(steps[-1]["Open after"]) == after
    closed = flow.closure_ratio(*community.asked).ratio
    assert api["closureRatio"] == {"part": closed.part, "of": closed.of}
    share = page.text("pull-requests", "Closed of all that were open")
    assert share == f"{round(100 * closed.part / closed.of)}%"


def same_durations(community: Made, page: Page, api: Mapping[str, Any]) -> None:
    """Compare M1 to M4, M7, M8 and M22."""
    look, asked = community.look, community.asked
    for place, kind in enumerate(ThreadKind):
        naive = look.waits(look.cohort(kind), look.answers)
        found = durations.time_to_first_response(*asked)[kind]
        assert (found.n, found.done) == (naive["n"], naive["done"])
        assert page.durations("first-response")[2 * place] == told(found)
        assert sent(api["firstResponse"][place]) == told(found)
        found = durations.team_response_time(*asked)[kind]
        assert page.durations("first-response")[2 * place + 1] == told(found)
        assert sent(api["teamResponse"][place]) == told(found)
    closings = [
        told(part.durations)
        for one in durations.time_to_close(*asked).values()
        for part in (one.opened, one.closed)
    ]
    assert page.durations("time-to-close") == closings
    assert [
        sent(one[part]["duration"]) for one in api["timeToClose"] for part in ("opened", "closed")
    ] == closings
    ages = durations.issue_age(*asked)
    assert page.column("issue-age", "Issues") == api["issueAge"]["bands"] == list(ages.bands)
    assert page.number("issue-age", "Open issues") == ages.durations.n
    reviews = told(durations.review_duration(*asked))
    assert page.durations("review") == [sent(api["reviewDuration"])] == [reviews]
    merges = told(durations.merge_duration(*asked))
    assert page.durations("merge") == [sent(api["mergeDuration"]["duration"])] == [merges]
    answers = durations.time_to_answer(*asked)
    assert page.durations("answers") == [told(answers.durations)]
    found = api["timeToAnswer"]
    assert sent(found["duration"]) == told(answers.durations)
    left_out = {one["reason"]: one["count"] for one in found["duration"]["leftOut"]}
    assert left_out["category"] > 0
    assert found["unanswered"] == answers.unanswered
    assert (found["byOpener"], found["unknown"]) == (answers.by_opener, answers.unknown)
    assert answers.unknown > 0


def same_pull_requests(community: Made, page: Page, api: Mapping[str, Any]) -> None:
    """Compare M10 and M11."""
    accepted = flow.acceptance_ratio(*community.asked)
    reviews = flow.merge_reviews(*community.asked)
    numbers = [len(one) for one in (accepted.merged, accepted.declined, accepted.withdrawn)]
    assert page.column("acceptance", "Pull requests") == numbers
    assert counts(api["acceptance"], "merged", "declined", "withdrawn") == numbers
    numbers = [len(one) for one in (reviews.reviewed, reviews.others, reviews.self_merged)]
    assert page.column("merge-reviews", "Pull requests") == numbers
    assert counts(api["mergeReviews"], "reviewed", "others", "selfMerged") == numbers


def same_people(community: Made, page: Page, api: Mapping[str, Any]) -> None:
    """Compare M14 to M18."""
    asked = community.asked
    few = people.occasional_contributors(*asked)
    numbers = [len(one) for one in (few.occasional, few.regular, few.new)]
    assert page.column("occasional", "People") == numbers
    assert counts(api["occasionalContributors"], "people", "others", "recent") == numbers
    quiet = people.inactive_contributors(*asked)
    numbers = [len(one) for one in (quiet.inactive, quiet.active)]
    assert page.column("quiet", "People") == numbers
    assert counts(api["inactiveContributors"], "people", "others") == numbers
    became = people.conversion_rate(*asked)
    steps = {"converted": became.converted, "cameBack": became.came_back}
    for row, (name, step) in zip(page.table("conversion"), steps.items(), strict=True):
        assert step is not None
        numbers = [len(one) for one in (step.taken, step.not_taken, step.recent)]
        assert [int(row[one]) for one in ("Took it", "Did not", "Too new to tell")] == numbers
        assert counts(api["conversion"][name], "people", "others", "recent") == numbers
    absence = concentration.absence_factor(*asked)
    numbers = [absence.factor or 0, len(absence.people), absence.acts]
    assert page.column("absence", "Number") == numbers
    assert list(api["absenceFactor"].values()) == numbers
    elephant = concentration.elephant_factor(*asked)
    assert page.column("elephant", "Contributions") == [one.acts for one in elephant.organizations]
    assert api["elephantFactor"] == {
        "factor": shown(elephant).factor,
        "of": len(elephant.organizations),
        "acts": elephant.known.part,
    }


def same_rhythm(community: Made, page: Page, api: Mapping[str, Any]) -> None:
    """Compare M20 and M21."""
    weeks = rhythm.bursts(*community.asked).weeks
    assert [(one["beginsOn"], one["acts"], one["isBurst"]) for one in api["weeks"]] == [
        (week.begins_on.isoformat(), week.acts, week.is_burst) for week in weeks
    ]
    table = page.table("bursts")
    assert [(row["Week of"], int(row["Contributions"]), bool(row["Unusual"])) for row in table] == [
        (week.begins_on.isoformat(), week.acts, week.is_burst) for week in weeks
    ]
    released = [[one.name for one in week.releases] for week in weeks]
    assert sum(map(len, released)) == 2
    assert [row["Releases"] for row in table] == [", ".join(names) for names in released]
    assert [[one["name"] for one in week["releases"]] for week in api["weeks"]] == released
    bots = rhythm.bot_activity(*community.asked)
    assert api["botActivity"] == {
        "ratio": {"part": bots.ratio.part, "of": bots.ratio.of},
        "bots": {"count": len(bots.bots)},
        "suspects": {"count": len(bots.suspects)},
    }
    assert sum(page.column("bots", "Messages")) == bots.ratio.part > 0
    assert page.number("bots", "Bots") == len(bots.bots)


COMPARISONS: Sequence[Callable[[Made, Page, Mapping[str, Any]], None]] = (
    same_activity,
    same_flows,
    same_durations,
    same_pull_requests,
    same_people,
    same_rhythm,
)


def same_queue(community: Made, page: Page, ask: Ask, viewer: User) -> None:
    """Compare how many wait: the queue looks at everything that is stored, whatever the window."""
    workspace = community.asked[1]
    threads = list(Thread.objects.values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))
    everything = replace(community.window, now=BEGIN + 2 * LASTING)
    look = Look(everything, EVERYTHING, community.look.team)
    for kind in (None, *ThreadKind):
        waiting = [
            one
            for one in look.threads
            if (kind is None or one.kind == kind)
            and (owed := look.owed_since(one))
            and not is_old(one.row, owed[1])
        ]
        filters = {"kinds": [kind.name]} if kind else {}
        found = ask(QUEUE, viewer, workspace=workspace.pk, filters=filters)["data"]
        query = urlencode({"q": f"kind:{kind}"}) if kind else ""
        context = page.client.get(f"{page.root}?{query}").context
        assert len(waiting) > 0
        assert found["waitingSummary"]["total"] == len(waiting)
        assert context["summary"].total == len(waiting)
        if kind is None:
            assert context["number"] == len(waiting)


def is_old(thread: Thread, asked_at: Any) -> bool:
    """Tell whether it belongs to the old pile."""
    connected = BEGIN + 200 * DAY
    return thread.opened_at < connected - 90 * DAY and asked_at <= connected
