"""In a community of 100,000 messages the page, the API and a naive count give the same numbers."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.messages.figures.scope import EVERYTHING, Window
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import TeamDecision, Thread, ThreadKind
from dexxy.messages.tests.stories import BEGIN
from dexxy.messages.tests.test_figures_naive import CHECKS, Community, Look
from dexxy.sources.models import Source
from tests.factories import make_repository, make_source
from tests.large_community import community_fill

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
THREADS, PEOPLE, LASTING = 17_000, 300, 480 * DAY
SINCE, UNTIL = BEGIN + 365 * DAY, BEGIN + 455 * DAY
PERIOD = f"?period=custom&from={SINCE:%Y-%m-%d}&to={UNTIL - DAY:%Y-%m-%d}"

# One at a time: a query may take twenty seconds in all.
FIELDS = (
    "volume { messages }",
    "participation { people new }",
    "contributors { people { count } team }",
    "newContributors { count }",
    "firstResponse { kind medianSeconds done { count } open { count } never { count } }",
    "reviewDuration { medianSeconds done { count } }",
    "flows { kind new { count } active { count } closed { count } openAfter { count } }",
    "acceptance { merged { count } declined { count } withdrawn { count } }",
    "activityHours { acts people }",
    "issueAge { duration { open { count } } bands }",
)
ASKED = """
query ($workspace: ID!, $since: DateTime!, $until: DateTime!) {
  figures(workspaceId: $workspace, since: $since, until: $until) { FIELD }
}"""


class Large(Community):
    """A community of 100,000 messages, and what is asked about it."""

    def __init__(self, viewer: User, source: Source) -> None:
        workspace, other = source.workspace, make_source(workspace=source.workspace)
        community_fill(
            workspace, [source, other], begin=BEGIN, lasting=LASTING, threads=THREADS, people=PEOPLE
        )
        threads_settle(list(Thread.objects.values_list("pk", flat=True)))
        for one in (source, other):
            repository = make_repository(source=one)
            repository.last_synced_at = UNTIL
            repository.save()
        self.window = Window(since=SINCE, until=UNTIL, now=UNTIL)
        self.filters = EVERYTHING
        self.asked = (viewer, workspace, self.window, self.filters)
        team = TeamDecision.objects.values_list("member", flat=True)
        self.look = Look(self.window, self.filters, dict.fromkeys(team, BEGIN))


@pytest.mark.timeout(1800)
def test_the_page_the_api_and_a_naive_count_give_the_same_numbers(
    client: Client, ask: Ask, alice: User, workspace: Workspace, source: Source
) -> None:
    community = Large(alice, source)
    look = community.look
    assert sum(len(found) for found in look.messages.values()) >= 100_000

    for check in CHECKS:
        check(community)
    client.force_login(alice)
    page = Shown(client, workspace)
    times = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
    api: dict[str, Any] = {}
    for field in FIELDS:
        asked = ASKED.replace("FIELD", field)
        api |= ask(asked, alice, workspace=workspace.pk, **times)["data"]["figures"]

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

        naive = look.waits(look.cohort(kind), look.answers)
        row = page.table("first-response")[2 * place]
        found = api["firstResponse"][place]
        assert int(row["Done"]) == found["done"]["count"] == naive["done"]
        assert int(row["Closed without it"]) == found["never"]["count"] == naive["never"]
        median = naive["median"]
        assert isinstance(median, timedelta)
        assert float(row["Median"]) == found["medianSeconds"] == median.total_seconds()

    row = page.table("review")[0]
    naive = look.waits(look.cohort("pull_request", with_team=True), look.reviewed)
    assert int(row["Done"]) == api["reviewDuration"]["done"]["count"] == naive["done"]
    merged = {row["What became of it"]: row for row in page.table("acceptance")}
    assert int(merged["Merged"]["Pull requests"]) == api["acceptance"]["merged"]["count"]
    assert sum(api["issueAge"]["bands"]) == page.number("issue-age", "Open issues")


class Shown:
    """What the page shows of the period."""

    def __init__(self, client: Client, workspace: Workspace) -> None:
        self.client, self.root = client, f"/w/{workspace.slug}/insights/"

    def number(self, slug: str, name: str) -> int:
        """Return the number of a card that stands below NAME."""
        html = self.client.get(f"{self.root}{slug}/{PERIOD}").content.decode()
        found = re.search(rf"<dt>{name}</dt><dd>(?:<a[^>]*>)?([\d,]+)", html)
        assert found, html
        return int(found[1].replace(",", ""))

    def table(self, slug: str) -> Sequence[dict[str, str]]:
        """Return the table of a card, as its file has it."""
        text = self.client.get(f"{self.root}{slug}.csv{PERIOD}").content.decode()
        return list(csv.DictReader(io.StringIO(text)))
