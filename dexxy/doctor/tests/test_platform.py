from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_rq import get_connection, get_queue
from pytest_django import Settings
from rq import Worker
from rq.serializers import JSONSerializer

from dexxy.config.version import version_told
from dexxy.doctor import State, platform
from dexxy.integrations.models import Credential, GitHubRepository
from dexxy.messages.models import Change
from dexxy.sources.models import Source
from tests.factories import make_message, make_repository, make_thread


def test_it_says_which_dexxy_this_is() -> None:
    finding = platform.version()

    assert finding.state is State.OK
    assert finding.says.startswith(f"Dexxy {version_told()}, on Python 3.")


def test_a_database_that_is_up_to_date_is_well(db: None) -> None:
    finding = platform.database()

    assert finding.state is State.OK
    assert finding.says.startswith("PostgreSQL ")


def test_a_migration_that_was_not_run_is_named_with_its_command(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'integrations'")

    finding = platform.database()

    assert finding.state is State.FAILED
    assert finding.says.startswith("It is of an older Dexxy: it lacks ")
    assert finding.fix == (
        "`dexxy upgrade` backs it up and brings it up to date, `dexxy upgrade --check` says"
        " what that does."
    )


def test_erasures_that_only_the_database_knows_are_said(settings: Settings, tmp_path: Path) -> None:
    settings.DEXXY_ERASURE_JOURNAL = None
    alone = platform.erasures()
    settings.DEXXY_ERASURE_JOURNAL = tmp_path / "erasures.jsonl"
    beside = platform.erasures()
    settings.DEXXY_ERASURE_JOURNAL = tmp_path / "nowhere" / "erasures.jsonl"
    nowhere = platform.erasures()

    assert [one.state for one in (alone, beside, nowhere)] == [
        State.NOTICE,
        State.OK,
        State.FAILED,
    ]
    assert alone.says.endswith("brings back who was erased.")
    assert alone.fix.startswith("Let DEXXY_ERASURE_JOURNAL name a file on another disk")
    assert beside.says == f"Each is also written into {tmp_path}/erasures.jsonl."
    assert nowhere.says.startswith("Nobody can be erased: ")


def test_a_queue_without_a_worker_is_not_well() -> None:
    findings = list(platform.queue())

    assert [finding.name for finding in findings] == [
        f"Workers for {name}" for name in settings.RQ_QUEUES
    ]
    assert {finding.state for finding in findings} == {State.FAILED}
    assert findings[0].says == "None is running, with 0 jobs waiting."
    assert findings[0].fix.startswith("Start one: `dexxy worker deliveries`.")


@pytest.mark.usefixtures("idle_worker")
def test_a_queue_with_a_worker_is_well() -> None:
    findings = list(platform.queue())

    assert {finding.says for finding in findings} == {"1 running, 0 jobs waiting."}


def test_one_job_is_one_job() -> None:
    queue = get_queue("sync")
    queue.enqueue("dexxy.integrations.tasks.drain_deliveries")

    says = {finding.name: finding.says for finding in platform.queue()}

    assert says["Workers for sync"] == "None is running, with 1 job waiting."


def test_a_repository_that_nobody_reads_says_to_start_the_scheduler(source: Source) -> None:
    repository = make_repository(source=source, next_sync_at=timezone.now() - timedelta(minutes=7))
    connect(repository)

    finding = platform.schedule()

    assert finding.state is State.FAILED
    assert finding.says == f"{repository.full_name} has been due for 7 minutes."


def test_a_repository_that_has_just_become_due_is_well(source: Source) -> None:
    connect(make_repository(source=source, next_sync_at=timezone.now()))

    assert platform.schedule().state is State.OK


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("http://localhost:8000", State.NOTICE),
        ("https://localhost", State.NOTICE),
        ("http://10.0.0.1", State.NOTICE),
        ("https://dexxy.example.org", State.OK),
    ],
)
def test_only_a_public_address_gets_webhooks(settings: Settings, url: str, state: State) -> None:
    settings.DEXXY_BASE_URL = url

    assert platform.address().state is state


def test_a_server_in_the_house_sends_webhooks_to_its_neighbours(settings: Settings) -> None:
    settings.DEXXY_GITHUB_API_URL = "https://github.example.org/api/v3"
    settings.DEXXY_BASE_URL = "http://10.0.0.1"

    assert platform.address().state is State.OK


def connect(repository: GitHubRepository) -> None:
    installation = repository.installation
    installation.access_token = "ghp_token"
    installation.credential = Credential.objects.create(server="github", kind="user", account_id=1)
    installation.save()


@pytest.fixture
def idle_worker() -> Iterator[Worker]:
    worker = Worker(
        list(settings.RQ_QUEUES), connection=get_connection("sync"), serializer=JSONSerializer
    )
    worker.register_birth()  # type: ignore[no-untyped-call]
    yield worker
    worker.register_death()  # type: ignore[no-untyped-call]


@pytest.mark.django_db(transaction=True)
def test_who_holds_followers_up_is_named(source: Source) -> None:
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_current_xact_id()")
        make_message(thread=make_thread(source=source))
        assert platform.followers().state is State.OK
        Change.objects.update(noted_at=timezone.now() - timedelta(minutes=7))

        finding = platform.followers()

        assert finding.state is State.FAILED
        pid = other.info.backend_pid
        assert f"process {pid} in the database {connection.settings_dict['NAME']}" in finding.says
        assert f"pg_terminate_backend({pid})" in finding.fix
    assert platform.followers().state is State.OK


def test_assistants_need_nothing_where_they_may_not_ask() -> None:
    assert platform.assistants().state is State.OK


def test_assistants_who_may_ask_and_are_not_answered_are_not_well(settings: Settings) -> None:
    settings.DEXXY_MCP_PORT = 1

    finding = platform.assistants()

    assert finding.state is State.FAILED
    assert finding.says == "Nobody answers them at port 1."
    assert finding.fix.startswith("Start `dexxy mcp --http`")
