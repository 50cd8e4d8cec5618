import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    Credential,
    CredentialKind,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    StreamName,
    SyncProblem,
    SyncStatus,
)
from dexxy.members.models import Identity
from dexxy.sources.models import Source
from tests.factories import (
    START,
    make_identity,
    make_repository,
    make_run,
    make_source,
    make_stream,
    make_workspace,
)


def read(client: Client, workspace: Workspace, part: str = "", path: str = "") -> str:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}
    response = client.get(f"/w/{workspace.slug}/repositories/{path}", headers=headers)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


@pytest.fixture(autouse=True)
def signed_in(client: Client, bob: User) -> None:
    client.force_login(bob)


def test_a_sync_shows_its_progress_and_how_long_it_takes(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    GitHubRepository.objects.update(last_synced_at=None)
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
    assert "First sync, 30%" in page
    assert "<b>Reading threads</b>. About 7 minutes left, then people and a count" in page
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

    row = read(client, workspace)
    page = read(client, workspace, path=f"{repository.pk}/")

    assert f'Counted <time datetime="{taken_at.isoformat()}"' in page
    number = '<td class="num">{:,}</td>'.format
    assert f'{number(1234)}{number(1234)}<td><span class="good">complete</span>' in page
    assert f'{number(5)}{number(6)}<td><span class="bad">differs</span>' in page
    assert f'<th scope="row">Replies</th>{number(7)}{number(8)}' in page
    assert '#receipt">1 thread missing</a>' in row
    assert "<progress" not in row + page
    assert 'hx-trigger="every 30s"' in row


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

    assert "Rate limit until <time" in page
    assert f"{until:%H:%M} UTC</time>" in page
    assert '<span class="dot is-warn">' in page
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
    page = read(client, workspace, path=f"{repository.pk}/")
    assert '<b>Issue #5</b> <span lang="en">GitHub answers 502.</span>' in page
    assert "tried 1 time, next <time" in page
    SyncProblem.objects.update(number=0)
    page = read(client, workspace, path=f"{repository.pk}/")
    assert '<b>Issue</b> <span lang="en">GitHub answers 502.</span>' in page
    assert "tried 1 time</span>" in page


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
    path = f"{repository.pk}/"
    page = read(client, workspace, path=path)
    assert "All threads were last compared with GitHub <time" in page
    assert "Nothing new on GitHub <time" in page

    make_stream(repository=repository, name=StreamName.SWEEP_ISSUES, read=250, expected=1000)
    GitHubRepository.objects.update(sweep_began_at=now - timedelta(days=1))
    page = read(client, workspace, path=path)

    assert "All threads are being compared with GitHub. About 3 days left." in page


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


@pytest.mark.parametrize(
    ("status", "code", "changed", "title", "button"),
    [
        (SyncStatus.ERROR, "bad_credentials", {}, "does not accept the token", "Replace the token"),
        (SyncStatus.ERROR, "github_unreachable", {}, "GitHub did not answer.", "Try again"),
        (SyncStatus.ERROR, "sync_crashed", {}, "could not read GitHub’s answer", "Try again"),
        (SyncStatus.ERROR, "repository_replaced", {}, "has this name now", "Disconnect"),
        (SyncStatus.DISABLED, "access_denied", {}, "may no longer read", "Replace the token"),
        (
            SyncStatus.DISABLED,
            "",
            {"deleted_at": timezone.now()},
            "App was removed",
            "Connect GitHub again",
        ),
    ],
)
def test_what_is_wrong_is_said_in_plain_words_with_one_button_that_mends_it(
    client: Client,
    alice: User,
    workspace: Workspace,
    source: Source,
    status: SyncStatus,
    code: str,
    changed: dict[str, Any],
    title: str,
    button: str,
) -> None:
    repository = make_repository(source=source, status=status)
    GitHubInstallation.objects.update(**changed)
    make_run(repository=repository, state=RunState.FAILED, error="502", error_code=code)
    client.force_login(alice)

    for path in ("", "?show=failing", f"{repository.pk}/"):
        page = read(client, workspace, path=path)
        [note] = re.findall(r'<div class="note is-bad" role="alert">.*?</div>', page)
        assert title in note
        assert note.count(f">{button}<") + note.count(f">{button} <") == 1
    assert "No repository needs you" not in page


SAML = (
    "The organization wants the token authorized by its single sign-on (SAML): open {} in a browser"
)
AUTHORIZE = "https://github.com/orgs/owner/sso?authorization_request=A7Q2"


def keep_out(source: Source, code: str, told: str) -> GitHubRepository:
    """Make a repository whose organization keeps Dexxy out."""
    repository = make_repository(source=source, status=SyncStatus.DISABLED, sync_error=told)
    make_run(repository=repository, state=RunState.FAILED, error=told, error_code=code)
    return repository


def notes(client: Client, workspace: Workspace, repository: GitHubRepository) -> Iterator[str]:
    """Yield what each page says of the only repository that fails."""
    for path in ("", "?show=failing", f"{repository.pk}/"):
        page = read(client, workspace, path=path)
        [note] = re.findall(r'<div class="note is-bad" role="alert">.*?</div>', page)
        assert "Access lost" not in page
        assert "Replace the token" not in note
        yield page


def test_a_repository_behind_a_single_sign_on_says_so_and_leads_to_what_opens_it(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = keep_out(source, "single_sign_on_required", SAML.format(AUTHORIZE))

    for page in notes(client, workspace, repository):
        assert "Behind a single sign-on (SAML)" in page
        assert "owner wants the token authorized by its single sign-on (SAML)." in page
        assert "looks again every hour, and goes on by itself" in page
        assert f'href="{AUTHORIZE}" rel="noopener">Authorize the token on GitHub' in page


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com.example.com/orgs/owner/sso",
        "https://github.com@example.com/orgs/owner/sso",
        "http://github.com/orgs/owner/sso",
    ],
)
def test_no_address_but_one_of_the_github_that_is_read_becomes_a_link(
    client: Client, workspace: Workspace, source: Source, address: str
) -> None:
    repository = keep_out(source, "single_sign_on_required", SAML.format(address))
    make_stream(repository=repository, name=StreamName.DISCUSSIONS)
    repository.streams.update(refusal=SAML.format(address))

    for page in notes(client, workspace, repository):
        assert f'href="{address}' not in page
        assert 'href="https://github.com/settings/tokens" rel="noopener">Authorize' in page
        assert page.count("Authorize the token on GitHub") == 1


def test_a_repository_behind_an_ip_allow_list_says_so(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = keep_out(source, "address_not_listed", "It is not on it.")

    for page in notes(client, workspace, repository):
        assert "Behind an IP allow list" in page
        assert "owner lets only the addresses of its IP allow list in." in page
        assert "An owner of owner adds that of this Dexxy to it, on GitHub." in page
        assert page.count(">Try again<") == 1


def test_what_became_of_a_repository_after_its_last_run_counts(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = keep_out(source, "address_not_listed", "It is not on it.")
    GitHubRepository.objects.update(sync_error="Somebody took it out.")

    page = read(client, workspace, path=f"{repository.pk}/")

    assert "Access lost" in page
    assert "IP allow list" not in page


def test_a_list_behind_a_single_sign_on_leads_to_what_opens_it(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    make_stream(repository=repository, name=StreamName.DISCUSSIONS)
    repository.streams.update(refusal=SAML.format(AUTHORIZE))

    page = read(client, workspace, path=f"{repository.pk}/")

    assert f'href="{AUTHORIZE}" rel="noopener">Authorize the token on GitHub' in page
    assert "Up to date" in page


def test_what_only_an_admin_can_mend_says_so_to_a_member(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.ERROR)
    make_run(
        repository=repository,
        state=RunState.FAILED,
        error="Another one.",
        error_code="repository_replaced",
    )

    page = read(client, workspace)

    assert "Only an admin can disconnect it." in page
    assert f"repositories/{repository.pk}/disconnect/" not in page


def test_a_sync_that_somebody_asked_for_is_answered_at_once_and_watched(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    headers = {"HX-Request": "true", "HX-Target": "repositories"}
    path = f"/w/{workspace.slug}/repositories/{repository.pk}/sync/"

    for _twice in range(2):
        answer = client.post(path, headers=headers)
        assert json.loads(answer["HX-Trigger"])["toast"]["value"] == "Sync started: owner/repo."
        assert "Starting…" in answer.content.decode()
        assert 'hx-trigger="every 2s"' in answer.content.decode()


@pytest.mark.parametrize(
    ("unfinished", "words"),
    [
        (StreamName.ISSUES, "Reading threads"),
        (StreamName.COMMENT_EDITS, "Looking for edited comments"),
        (StreamName.RELEASES, "Reading releases"),
        (StreamName.COMMITS, "Reading who wrote commits"),
        (StreamName.SWEEP_ISSUES, "Comparing all threads with GitHub"),
        (None, "Counting against GitHub"),
    ],
)
def test_each_phase_of_a_sync_is_named(
    client: Client,
    workspace: Workspace,
    source: Source,
    unfinished: StreamName | None,
    words: str,
) -> None:
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    for name in StreamName:
        make_stream(repository=repository, name=name, is_done=name != unfinished)
    make_run(repository=repository, state=RunState.RUNNING)

    assert words in read(client, workspace)
    assert words in read(client, workspace, path=f"{repository.pk}/")


def test_profiles_that_are_still_to_be_read_are_counted(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    make_identity(workspace=workspace)
    Identity.objects.update(node_id="U_1")
    make_run(repository=repository, state=RunState.RUNNING)

    page = read(client, workspace, path=f"{repository.pk}/")

    assert "<b>Reading profiles</b>: 1 person left." in page
    assert "Then a count against GitHub." in page


def test_a_list_that_rests_says_why(client: Client, workspace: Workspace, source: Source) -> None:
    repository = make_repository(source=source)
    refusal = "Discussions are for members alone."
    make_stream(repository=repository, name=StreamName.DISCUSSIONS)
    repository.streams.update(refusal=refusal)

    assert "1 list rests" in read(client, workspace)
    assert refusal in read(client, workspace, path=f"{repository.pk}/")


def test_the_history_says_what_each_sync_did(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source)
    other = make_repository(source=make_source(workspace=workspace, name="owner/other"))
    make_run(
        repository=repository,
        counts={"threads": 1200, "messages": 1, "sweep_pages": 2, "stored_opened": 5},
        requests=4,
        points=31,
        finished_at=START + timedelta(seconds=48),
    )
    make_run(repository=repository, state=RunState.FAILED, error="GitHub <502>", requests=1)
    make_run(repository=other, finished_at=START)

    page = read(client, workspace, path="history/")
    assert "Done: 1,200 threads, 1 message, compared with GitHub" in page
    assert "Done: nothing new" in page
    assert '<td class="num wide">48 seconds</td>' in page
    assert "GitHub &lt;502&gt;" in page
    only = read(client, workspace, path=f"history/?repository={repository.pk}")
    assert "Done: nothing new" not in only
    assert "History of owner/repo" in only


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("999999999/", 404),
        (f"{10**18}/", 404),
        ("history/?repository=999999999", 404),
        ("history/?repository=a%00b", 200),
        ("history/?after=a%00b", 400),
        ("?show=a%00b", 200),
    ],
)
def test_an_address_that_leads_nowhere_says_so(
    client: Client, workspace: Workspace, source: Source, path: str, status: int
) -> None:
    make_repository(source=source)
    assert client.get(f"/w/{workspace.slug}/repositories/{path}").status_code == status


def test_a_repository_of_another_workspace_does_not_exist(
    client: Client, alice: User, workspace: Workspace
) -> None:
    other = make_workspace(name="Elsewhere", admin=alice)
    repository = make_repository(source=make_source(workspace=other))

    for path in (f"{repository.pk}/", f"history/?repository={repository.pk}"):
        assert client.get(f"/w/{workspace.slug}/repositories/{path}").status_code == 404


def test_a_repository_before_its_first_sync_has_a_page(
    client: Client, workspace: Workspace, source: Source
) -> None:
    repository = make_repository(source=source, status=SyncStatus.PENDING)
    GitHubRepository.objects.update(last_synced_at=None)

    page = read(client, workspace, path=f"{repository.pk}/")

    assert "Dexxy counts everything against GitHub when the first sync is done." in page
    assert "Nothing was synced yet" in read(client, workspace, path="history/")


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

    with django_assert_num_queries(27):
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
    assert json.loads(answer["HX-Trigger"])["toast"]["value"] == "owner/repo is paused."


def test_all_repositories_are_synced_by_one_button(
    client: Client, workspace: Workspace, source: Source
) -> None:
    path = f"/w/{workspace.slug}/repositories/sync/"
    make_repository(source=source)
    assert "Sync all" not in read(client, workspace)
    make_repository(source=make_source(workspace=workspace))
    assert f'hx-post="{path}" hx-target="#repositories"' in read(client, workspace)

    answer = client.post(path, headers={"HX-Request": "true", "HX-Target": "repositories"})

    assert answer.content.decode().count("Starting…") == 2
    assert json.loads(answer["HX-Trigger"])["toast"]["value"] == "Sync started: 2 repositories."
    GitHubRepository.objects.update(sync_status=SyncStatus.PAUSED)
    refused = client.post(path, follow=True)
    assert "No repository can be synced now" in refused.content.decode()


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
