import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    Credential,
    CredentialKind,
    GitHubRepository,
    RunState,
    StreamName,
    SyncProblem,
    SyncStatus,
)
from dexxy.sources.models import Source
from tests.factories import make_repository, make_run, make_source, make_stream


def read(client: Client, workspace: Workspace, part: str = "") -> str:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}
    response = client.get(f"/w/{workspace.slug}/repositories/", headers=headers)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture(autouse=True)
def signed_in(client: Client, bob: User) -> None:
    client.force_login(bob)


def test_a_sync_shows_its_progress_and_how_long_it_takes(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    make_stream(repository=repository, name=StreamName.ISSUES, read=1200, expected=4000)
    make_stream(repository=repository, name=StreamName.DISCUSSIONS, read=7, is_done=True)
    make_run(
        repository=repository,
        state=RunState.RUNNING,
        started_at=timezone.now() - timedelta(hours=3),
        requests=1,
        points=25,
        pace={"steps": 12, "requests": 10, "seconds": 150, "threads": 1000},
    )

    page = read(client, workspace)

    assert re.search(r'<progress class="meter" id="s\d+" max="100" value="30">', page)
    assert "1,200 of 4,000" in page
    assert "7, done" in page
    assert "About 7 minutes left, then people and a count against GitHub." in page
    assert "this sync: 1 request, 25 points of GitHub’s budget" in page
    assert 'hx-trigger="every 2s"' in page


def test_a_finished_sync_shows_its_receipt_and_rests(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    make_stream(repository=repository, read=3, expected=3, is_done=True)
    taken_at = timezone.now() - timedelta(minutes=5)
    make_run(
        repository=repository,
        receipt={
            "issue": {"here": 1234, "github": 1234, "taken_at": taken_at.isoformat()},
            "pull_request": {"here": 5, "github": 6, "taken_at": timezone.now().isoformat()},
            "reply": {"here": 7, "github": 8, "taken_at": timezone.now().isoformat()},
        },
    )

    page = read(client, workspace)

    assert f'<caption>Counted <time datetime="{taken_at.isoformat()}"' in page
    number = '<td class="num">{:,}</td>'.format
    assert f'{number(1234)}{number(1234)}<td><span class="good">complete</span>' in page
    assert f'{number(5)}{number(6)}<td><span class="bad">differs</span>' in page
    assert f'<th scope="row">Replies</th>{number(7)}{number(8)}' in page
    assert '<span class="warn">Differs</span>' in page
    assert "<progress" not in page
    assert 'hx-trigger="every 30s"' in page


def test_a_pause_of_github_s_shows_until_when_it_lasts(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    until = timezone.now() + timedelta(minutes=20)
    installation = repository.installation
    installation.credential = Credential.objects.create(
        server="github", kind=CredentialKind.USER, account_id=1, paused_until=until
    )
    installation.save()

    page = read(client, workspace)

    assert "Paused until <time" in page
    assert f"{until:%H:%M} UTC</time> by GitHub’s rate limit" in page
    assert 'hx-trigger="every 30s"' in page


def test_a_failed_sync_shows_what_to_do(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(
        source=source, status=SyncStatus.ERROR, sync_error="Make a new token <now>."
    )
    make_run(repository=repository, state=RunState.FAILED, error="Make a new token <now>.")
    SyncProblem.objects.create(
        repository=repository, thread_kind="issue", number=5, error="GitHub answers 502."
    )

    page = read(client, workspace)

    assert '<span class="bad strong">Failed</span>' in page
    assert page.count("Make a new token &lt;now&gt;.") == 1
    assert "1 thread cannot be read" in page
    assert "Issue #5: GitHub answers 502." in page


def test_the_page_says_how_often_it_asks(
    client: Client, workspace: Workspace, source: Source, settings: Settings
) -> None:
    make_repository(source=source)

    asks = "Dexxy asks GitHub for what is new every"
    assert f"{asks} 10 minutes to 3 hours, by how much happens." in read(client, workspace)
    settings.DEXXY_SYNC_INTERVAL = 7200
    assert f"{asks} 10 minutes to 2 hours, by how much happens." in read(client, workspace)
    settings.DEXXY_SYNC_INTERVAL = 300
    assert f"{asks} 5 minutes." in read(client, workspace)


def test_the_page_says_when_all_was_compared_and_how_long_that_still_takes(
    client: Client, workspace: Workspace, source: Source
) -> None:
    now = timezone.now()
    repository = make_repository(source=source)
    repository.swept_at = now - timedelta(hours=3)
    repository.last_synced_at, repository.glanced_at = now - timedelta(hours=2), now
    repository.save()
    page = read(client, workspace)
    assert "All threads were last compared with GitHub <time" in page
    assert ", nothing new <time" in page

    make_stream(repository=repository, name=StreamName.SWEEP_ISSUES, read=250, expected=1000)
    GitHubRepository.objects.update(sweep_began_at=now - timedelta(days=1))
    page = read(client, workspace)

    assert "All threads are being compared with GitHub, since <time" in page
    assert "; about 3 days left." in page


def test_the_page_says_why_a_credential_is_paused(
    client: Client, workspace: Workspace, source: Source
) -> None:
    installation = make_repository(source=source).installation
    installation.credential = Credential.objects.create(
        server="github",
        kind=CredentialKind.USER,
        account_id=1,
        paused_until=timezone.now() + timedelta(minutes=20),
        pause_reason="The last tenth is left to you.",
    )
    installation.save()

    assert "The last tenth is left to you." in read(client, workspace)


def test_a_repository_that_is_followed_again_does_not_say_that_it_was_disconnected(
    client: Client, workspace: Workspace, source: Source
) -> None:
    make_run(
        repository=make_repository(source=source),
        state=RunState.STOPPED,
        error="The repository was disconnected.",
    )

    assert "was disconnected" not in read(client, workspace)


def test_an_empty_page_says_how_to_connect(client: Client, workspace: Workspace) -> None:
    assert "dexxy sync OWNER/REPO --token TOKEN" in read(client, workspace)


def test_htmx_gets_only_the_list(client: Client, workspace: Workspace, source: Source) -> None:
    make_repository(source=source)

    page = read(client, workspace, part="repositories")

    assert page.startswith('<div id="repositories"')
    assert "owner/repo" in page


@pytest.mark.parametrize("size", [1, 8])
def test_the_page_costs_the_same_queries_however_many_there_are(
    client: Client,
    workspace: Workspace,
    size: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(size):
        repository = make_repository(
            source=make_source(workspace=workspace, name=f"owner/{number}")
        )
        make_stream(repository=repository)
        make_run(repository=repository)

    with django_assert_num_queries(15):
        page = read(client, workspace)

    assert page.count('<tr id="r') == size


def test_an_action_by_htmx_answers_with_the_list_and_a_toast(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    headers = {"HX-Request": "true", "HX-Target": "repositories"}

    answer = client.post(
        f"/w/{workspace.slug}/repositories/{repository.pk}/pause/", headers=headers
    )

    assert answer.content.decode().startswith('<div id="repositories"')
    assert json.loads(answer["HX-Trigger"]) == {"toast": {"value": "owner/repo is paused."}}


def test_an_action_without_a_script_leads_back_to_its_row(
    client: Client, workspace: Workspace, source: Source
) -> None:
    row = f"#r{make_repository(source=source).pk}"
    at = f"/w/{workspace.slug}/repositories/"
    path = f"{at}{row[2:]}/sync/"

    def led_to(referer: str) -> str:
        return str(client.post(path, headers={"Referer": referer})["Location"])

    assert led_to(f"http://testserver{at}?page=2#top") == f"{at}?page=2{row}"
    assert led_to("https://elsewhere.example/phish/") == f"{at}{row}"
    assert led_to("http://testserver//elsewhere.example/") == f"{at}{row}"
