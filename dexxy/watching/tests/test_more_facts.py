"""What is told of work that waits, of what leaves, of the database, and what was counted."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.common.counts import counts
from dexxy.integrations.models import (
    GitHubRepository,
    RefusedWebhooks,
    RunState,
    RunTrigger,
    SyncProblem,
)
from dexxy.integrations.services.github.api.errors import NotFoundError
from dexxy.integrations.services.github.scheduling.runs import run_fail, run_open
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.messages.changes.noting import members_note
from dexxy.messages.models import ChangeKind, Follower
from dexxy.outgoing.models import Endpoint
from dexxy.people.export_keeping import export_request
from dexxy.people.models import BulkKind, BulkState, BulkTask, Export, Format
from dexxy.sources.models import Source
from dexxy.watching import arriving, counters, reading, working
from dexxy.watching.everything import measures
from dexxy.watching.exposition import as_text
from dexxy.watching.facts import asked
from dexxy.watching.tests.test_facts import minutes_ago, nothing_counted, told
from dexxy.web.watch.requests import noted
from tests.factories import (
    make_endpoint,
    make_identity,
    make_outgoing,
    make_repository,
    make_run,
)
from tests.servers import own_database

__all__ = ["nothing_counted"]

pytestmark = pytest.mark.django_db


def test_what_should_be_read_now_is_counted_with_its_age(connected: GitHubRepository) -> None:
    GitHubRepository.objects.update(next_sync_at=minutes_ago(3))
    SyncProblem.objects.create(repository=connected, thread_kind="issue", number=7)

    assert told(reading.GROUPS, reading.DUE) == {(): 1}
    assert told(reading.GROUPS, reading.DUE_SECONDS)[()] == pytest.approx(180, abs=5)
    assert told(reading.GROUPS, reading.PROBLEMS) == {(): 1}
    GitHubRepository.objects.update(next_sync_at=minutes_ago(-3))
    assert told(reading.GROUPS, reading.DUE) == {(): 0}
    assert told(reading.GROUPS, reading.DUE_SECONDS) == {(): 0}


def test_runs_that_go_on_are_told_by_their_state(source: Source) -> None:
    repository = make_repository(source=source)
    make_run(repository=repository, state=RunState.PAUSED)

    assert told(reading.GROUPS, reading.RUNS_OPEN) == {("running",): 0, ("paused",): 1}


def test_refused_webhooks_of_a_week_are_told_by_their_reason() -> None:
    today = timezone.now().date()
    for days, reason, count in ((0, "bad_signature", 2), (6, "bad_signature", 3), (8, "other", 9)):
        RefusedWebhooks.objects.create(day=today - timedelta(days=days), reason=reason, count=count)

    assert told(arriving.GROUPS, arriving.REFUSED) == {("bad_signature",): 5}


def test_a_follower_that_begins_anew_is_told(source: Source) -> None:
    Follower.objects.create(workspace=source.workspace, name="search", started_to=5)

    assert told(arriving.GROUPS, arriving.STARTING)[("search",)] == 1
    assert told(arriving.GROUPS, arriving.STARTING)[("outgoing",)] == 0


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_holds_the_followers_up_is_told(source: Source) -> None:
    assert told(arriving.GROUPS, arriving.HELD_SECONDS)[()] == 0

    with psycopg.connect(own_database()["DATABASE_URL"]) as other:
        other.execute("SELECT pg_current_xact_id()")
        account = make_identity(workspace=source.workspace)
        members_note(source.workspace_id, ChangeKind.MERGED, [account.pk])
        other.execute("SELECT pg_sleep(0.3)")

        assert told(arriving.GROUPS, arriving.HELD_SECONDS)[()] >= 0.2
        assert told(working.GROUPS, working.TRANSACTION_SECONDS)[()] >= 0.2


def test_endpoints_are_told_by_how_they_are_and_what_waits_for_them(workspace: Workspace) -> None:
    well, failing, paused, disabled = (make_endpoint(workspace=workspace) for _ in range(4))
    Endpoint.objects.filter(pk=failing.pk).update(failing_since=minutes_ago(5))
    Endpoint.objects.filter(pk=paused.pk).update(is_paused=True)
    Endpoint.objects.filter(pk=disabled.pk).update(disabled_at=minutes_ago(5))
    for endpoint, waits in ((well, 2), (failing, 60), (paused, 90)):
        delivery = make_outgoing(endpoint=endpoint)
        type(delivery).objects.filter(pk=delivery.pk).update(next_attempt_at=minutes_ago(waits))

    assert told(working.GROUPS, working.ENDPOINTS) == {
        ("well",): 1,
        ("failing",): 1,
        ("paused",): 1,
        ("disabled",): 1,
    }
    assert told(working.GROUPS, working.OUTGOING) == {(): 2}
    # Those for one that takes nothing wait for it, and for nobody of ours.
    assert told(working.GROUPS, working.OUTGOING_SECONDS)[()] == pytest.approx(120, abs=5)


def test_mails_that_wait_and_that_were_refused_are_told(workspace: Workspace, bob: User) -> None:
    def mail(period: str, minutes: float, **fields: object) -> None:
        made = OutgoingMail.objects.create(
            workspace=workspace, user=bob, kind=MailKind.DIGEST, period=period, **fields
        )
        OutgoingMail.objects.filter(pk=made.pk).update(created_at=minutes_ago(minutes))

    mail("1", 30)
    mail("2", 90, sent_at=minutes_ago(80))
    mail("3", 90, given_up_at=minutes_ago(80), error="550 nobody")
    mail("4", 90, given_up_at=timezone.now() - timedelta(days=8), error="550 nobody")

    assert told(working.GROUPS, working.MAILS) == {("unsent",): 1, ("refused",): 1}
    assert told(working.GROUPS, working.MAIL_SECONDS)[()] == pytest.approx(1800, abs=5)


def test_what_people_wait_for_is_told(workspace: Workspace, bob: User) -> None:
    export_request(viewer=bob, workspace=workspace, what=Export.MEMBERS, form=Format.CSV)
    for state in BulkState.values:
        BulkTask.objects.create(
            workspace=workspace,
            requested_by=bob,
            kind=BulkKind.TAG,
            state=state,
            expires_at=minutes_ago(-60),
        )

    assert told(working.GROUPS, working.EXPORTS) == {(): 1}
    assert told(working.GROUPS, working.TASKS) == {(): 2}


def test_the_database_tells_its_size_and_its_connections() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        [allowed] = cursor.fetchone()

    assert told(working.GROUPS, working.DATABASE_BYTES)[()] > 2**20
    assert told(working.GROUPS, working.CONNECTIONS)[()] >= 1
    assert told(working.GROUPS, working.MOST_CONNECTIONS) == {(): allowed}


@pytest.mark.usefixtures("nothing_counted")
def test_errors_are_counted_where_they_are_met(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)
    client.raise_request_exception = False
    query = f"{{ member(workspaceId: {workspace.pk}, memberId: 999999) {{ member {{ id }} }} }}"

    client.post("/graphql/", {"query": query}, "application/json")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE members_membersummary RENAME TO gone")
    assert client.get(f"/w/{workspace.slug}/people/").status_code == 500
    counts.tell()

    assert told(counters.GROUPS, counters.ERRORS) == {
        ("api", "not_found"): 1,
        ("page", "internal_error"): 1,
    }


@pytest.mark.usefixtures("nothing_counted")
def test_requests_are_counted_by_what_was_asked_for_and_how_it_ended() -> None:
    def away(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        start("503 Service Unavailable", [])
        return [b""]

    for path in ("/w/team/feed/", "/w/team/", "/graphql/"):
        noted(away)({"PATH_INFO": path}, lambda status, headers: None)
    counts.tell()

    assert told(counters.GROUPS, counters.REQUESTS) == {("page", "5xx"): 2, ("api", "5xx"): 1}
    text = as_text(asked(counters.GROUPS).facts).decode()
    assert told(counters.GROUPS, counters.REQUEST_SECONDS)
    assert 'dexxy_http_request_seconds_count{kind="page"} 2.0' in text


@pytest.mark.usefixtures("nothing_counted")
def test_runs_that_fail_and_requests_to_github_are_counted(connected: GitHubRepository) -> None:
    run = repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    run_fail(run_open(connected, RunTrigger.COMMAND), NotFoundError("gone"))
    counts.tell()

    assert told(counters.GROUPS, counters.ERRORS) == {("run", NotFoundError.code): 1}
    requests = told(counters.GROUPS, counters.GITHUB_REQUESTS)
    assert requests[("graphql", "2xx")] >= run.requests - 1 > 0
    assert sum(told(counters.GROUPS, counters.GITHUB_SECONDS).values()) > 0


def test_the_value_of_each_measure_is_tested() -> None:
    from pathlib import Path

    here = Path(__file__).parent
    tests = "".join(path.read_text("utf-8") for path in here.glob("test_*.py"))
    modules = {"arriving": arriving, "reading": reading, "working": working, "counters": counters}

    untested = [
        f"{module}.{name}"
        for module, found in modules.items()
        for name, value in vars(found).items()
        if value in measures()
        and f"{module}.{name}" not in tests
        and value.name != "dexxy_job_seconds"
    ]

    assert untested == []  # JOB_SECONDS: as text, in test_facts.py
