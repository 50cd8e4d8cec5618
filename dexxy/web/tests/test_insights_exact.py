"""In a community of 100,000 messages the page, the API and a naive count give the same numbers."""
# ruff: noqa: S608
# Only numbers stand in the statements.

import csv
import io
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
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

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
THREADS, PEOPLE, BOTS, TEAM = 21_000, 300, 6, 5
SINCE, UNTIL = BEGIN + 365 * DAY, BEGIN + 455 * DAY
PERIOD = f"?period=custom&from={SINCE:%Y-%m-%d}&to={UNTIL - DAY:%Y-%m-%d}"

_PEOPLE = f"""
SELECT setseed(0.42);
INSERT INTO members_member (workspace_id, display_name, avatar_url, bio, company, location, is_bot,
    tags, notes, created_at, updated_at)
SELECT %(workspace)s, 'Person ' || i, '', '', CASE WHEN i %% 3 = 0 THEN 'Company ' || i %% 20
       ELSE '' END, '', i <= {BOTS}, '{{}}', '', now(), now()
FROM generate_series(1, {PEOPLE}) i;
-- One in ten has a second account.
INSERT INTO members_identity (workspace_id, provider, external_id, node_id, kind, username, name,
    email, avatar_url, url, member_id, home_member_id, version_at, message_count, created_at,
    updated_at)
SELECT m.workspace_id, 'github', m.id || '-' || n, '', CASE WHEN is_bot THEN 'bot' ELSE 'user' END,
       'person-' || m.id || '-' || n, '', '', '', '', m.id, m.id, now(), 0, now(), now()
FROM members_member m CROSS JOIN generate_series(1, 2) n
WHERE m.workspace_id = %(workspace)s AND (n = 1 OR m.id %% 10 = 0);
"""
# Some people come late: who is drawn grows with the time.
_THREADS = f"""
INSERT INTO messages_thread (workspace_id, source_id, kind, number, node_id, title, state,
    state_reason, labels, url, author_id, opened_at, first_activity_at, last_activity_at,
    message_count, version_at, is_archived, archived_reason, moved_to_url, created_at, updated_at)
SELECT %(workspace)s, (%(sources)s::bigint[])[1 + i %% 2], kind, i, '', 'Thread ' || i,
       CASE WHEN luck < 0.3 THEN 'open' WHEN kind = 'pull_request' AND luck < 0.8 THEN 'merged'
            ELSE 'closed' END,
       '', '{{}}', '', CASE WHEN luck BETWEEN 0.5 AND 0.52 THEN NULL ELSE
           (%(accounts)s::bigint[])[
               1 + floor(least(1, 0.3 + age) * random() ^ 2 * %(people)s)::int] END,
       opened, opened, opened, 0, opened, false, '', '', now(), now()
FROM (SELECT i, i::float / {THREADS} AS age, random() AS luck,
             (ARRAY['issue', 'issue', 'pull_request', 'discussion'])[1 + floor(4 * random())::int]
                 AS kind,
             %(begin)s + i * interval '480 days' / {THREADS} AS opened
      FROM generate_series(1, {THREADS}) i) t
"""
_MESSAGES = """
INSERT INTO messages_message (workspace_id, source_id, thread_id, thread_kind, kind, external_id,
    author_id, body, url, occurred_at, version_at, details, in_feed, is_archived, archived_reason,
    created_at, updated_at)
SELECT workspace_id, source_id, id, kind, did, n,
       CASE WHEN n = 0 THEN author_id WHEN luck < 0.02 OR (did = 'closed' AND kind = 'discussion')
            THEN NULL
            ELSE (%(accounts)s::bigint[])[1 + floor(random() ^ 2 * %(people)s)::int] END,
       '', '', opened_at + n * interval '5 hours' + luck * interval '4 hours' * least(n, 1),
       opened_at,
       CASE WHEN luck > 0.98 THEN '{"minimized": "spam"}'::jsonb ELSE '{}' END,
       did NOT IN ('ready', 'drafted'), luck BETWEEN 0.6 AND 0.61 AND did = 'comment',
       CASE WHEN luck BETWEEN 0.6 AND 0.61 AND did = 'comment' THEN 'deleted' ELSE '' END,
       now(), now()
FROM (
    SELECT t.*, n, luck,
           CASE WHEN n = 0 THEN 'opened'
                WHEN n = last AND state <> 'open' AND last > 0
                     THEN CASE state WHEN 'merged' THEN 'merged' ELSE 'closed' END
                WHEN kind = 'pull_request' AND n = 1 AND luck < 0.1 THEN 'ready'
                WHEN kind = 'pull_request' AND luck < 0.4 THEN 'review'
                WHEN kind <> 'discussion' AND n = last - 1 AND n > 1 AND luck < 0.2 THEN 'reopened'
                WHEN kind <> 'discussion' AND n = last - 2 AND n > 0 AND luck < 0.2 THEN 'closed'
                ELSE 'comment' END AS did
    FROM (SELECT t.*, floor(9 * random())::int + 1 AS last FROM messages_thread t
          WHERE t.workspace_id = %(workspace)s) t
    CROSS JOIN LATERAL (SELECT n, random() AS luck FROM generate_series(0, last) n) m
) m
"""
_ENDS = """
UPDATE messages_thread t SET closed_at = m.at, merged_at = CASE state WHEN 'merged' THEN m.at END
FROM (SELECT thread_id, max(occurred_at) AS at FROM messages_message
      WHERE kind IN ('closed', 'merged') GROUP BY 1) m
WHERE m.thread_id = t.id AND t.state <> 'open'
"""
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
        params: dict[str, Any] = {
            "workspace": workspace.pk,
            "sources": [source.pk, other.pk],
            "begin": BEGIN,
        }
        with connection.cursor() as cursor:
            cursor.execute(_PEOPLE, params)
            accounts = list(workspace.identities.order_by("pk").values_list("pk", flat=True))
            params |= {"accounts": accounts, "people": len(accounts)}
            for statement in (_THREADS, _MESSAGES, _ENDS):
                cursor.execute(statement, params)
            cursor.execute("ANALYZE messages_message")
        team = list(workspace.members.filter(is_bot=False).order_by("pk")[:TEAM])
        for member in team:
            TeamDecision.objects.create(
                workspace=workspace, member=member, is_on_team=True, since=BEGIN
            )
        threads_settle(list(Thread.objects.values_list("pk", flat=True)))
        for one in (source, other):
            repository = make_repository(source=one)
            repository.last_synced_at = UNTIL
            repository.save()
        self.window = Window(since=SINCE, until=UNTIL, now=UNTIL)
        self.filters = EVERYTHING
        self.asked = (viewer, workspace, self.window, self.filters)
        self.look = Look(self.window, self.filters, {member.pk: BEGIN for member in team})


@pytest.mark.timeout(600)
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
