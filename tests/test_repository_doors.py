"""What people do with a repository, through each door: one start, one outcome, one audit entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import uuid4

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.models import Credential, GitHubRepository, RunState, SyncRun, SyncStatus
from dexxy.integrations.services.github.api.errors import GitHubServerError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.scheduling.runs import run_fail, run_finish
from dexxy.integrations.services.github_sync import credential_work
from dexxy.sources.models import Source
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.factories import make_run
from tests.simulated import RECORDED

Ask = Callable[..., dict[str, Any]]
# When a repository is due, seen from now.
Due = Literal["now", "later", "never"]

FOLLOW = """mutation ($id: ID!, $number: BigInt!) {
  githubConnectRepo(input: {workspaceId: $id, githubId: $number}) { repository { id } } }"""
ACTIONS = {
    "pause": """mutation ($id: ID!) {
      githubSetRepoSyncPaused(repositoryId: $id, paused: true) { repository { id } } }""",
    "resume": """mutation ($id: ID!) {
      githubSetRepoSyncPaused(repositoryId: $id, paused: false) { repository { id } } }""",
    "sync": "mutation ($id: ID!) { githubSyncRepo(repositoryId: $id) { repository { id } } }",
    "disconnect": """mutation ($id: ID!) {
      githubDisconnectRepo(repositoryId: $id) { repository { id } } }""",
}
NOT_FOUND = "There is no such repository."
PAUSED = f"{RECORDED} is paused. Resume it first."
LOST = f"Access to {RECORDED} was lost, so nothing of it is read."


@dataclass(frozen=True)
class Outcome:
    """What a repository is after somebody did something.

    Args:
        entry: what the audit log says of it, or '' where it says nothing.
        error: what the person reads, or ''.
    """

    status: str
    due: Due
    entry: str = ""
    error: str = ""
    is_archived: bool = False


@pytest.fixture
def begin(connected: GitHubRepository) -> Callable[[str], None]:
    """Put the repository into one of its states; `archived` is one that was active before."""

    def put(start: str) -> None:
        AuditEntry.objects.all().delete()
        if start == "none":
            GitHubRepository.objects.all().delete()
            Source.objects.all().delete()
            return
        if start == "syncing":
            # What says so and has no reader was interrupted, and would be made due.
            until = timezone.now() + timedelta(hours=1)
            Credential.objects.update(lease_token=uuid4(), lease_until=until)
        is_read = start in {"active", "error", "paused", "disabled", "archived"}
        is_due = start in {"pending", "syncing", "active", "error"}
        GitHubRepository.objects.update(
            sync_status="active" if start == "archived" else start,
            is_archived=start == "archived",
            last_synced_at=timezone.now() if is_read else None,
            next_sync_at=timezone.now() + timedelta(hours=1) if is_due else None,
            sync_error="It went wrong." if start in {"error", "disabled"} else "",
            access_lost_at=timezone.now() if start == "disabled" else None,
        )
        Source.objects.update(is_archived=start == "archived")

    return put


def outcome(error: str = "") -> Outcome:
    """Read what the repository is now."""
    repository = GitHubRepository.objects.get()
    assert repository.source.is_archived == repository.is_archived
    next_at = repository.next_sync_at
    due: Due = "never" if next_at is None else "now" if next_at <= timezone.now() else "later"
    entry = AuditEntry.objects.first()
    return Outcome(
        status=repository.sync_status,
        due=due,
        entry=entry.action.removeprefix("github_repository.") if entry else "",
        error=error,
        is_archived=repository.is_archived,
    )


@pytest.fixture
def follow(
    client: Client, ask: Ask, alice: User, workspace: Workspace, github: GitHubServer, door: str
) -> Callable[[int], None]:
    """Follow the recorded repository through one of the doors, as Alice where one signs in."""

    def by_page(number: int) -> None:
        client.force_login(alice)
        path = f"/w/{workspace.slug}/repositories/add/"
        response = client.post(path, {"repository": str(number)})
        told = get_messages(response.wsgi_request)
        assert [str(one) for one in told if one.level_tag == "error"] == []

    def by_api(number: int) -> None:
        assert "errors" not in ask(FOLLOW, alice, id=workspace.pk, number=number)

    def by_token(number: int) -> None:
        repository_connect_by_token(
            workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=github
        )

    return {"page": by_page, "api": by_api, "token": by_token}[door]


@pytest.mark.parametrize("door", ["page", "api", "token"])
@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("none", Outcome("pending", "now", "connected")),
        ("pending", Outcome("pending", "later")),
        ("syncing", Outcome("syncing", "later")),
        ("active", Outcome("active", "later")),
        ("error", Outcome("pending", "now", "connected")),
        ("paused", Outcome("pending", "now", "connected")),
        ("disabled", Outcome("pending", "now", "connected")),
        ("archived", Outcome("pending", "now", "connected")),
    ],
)
def test_a_repository_is_followed_through_each_door_alike(
    connected: GitHubRepository,
    begin: Callable[[str], None],
    follow: Callable[[int], None],
    alice: User,
    door: str,
    start: str,
    expected: Outcome,
) -> None:
    begin(start)

    follow(connected.github_id)

    assert outcome() == expected
    repository = GitHubRepository.objects.get()
    assert (repository.sync_error, repository.access_lost_at) == ("", None)
    # What happened meanwhile nobody has told us: all of it is looked at again.
    is_again = start in {"error", "paused", "disabled", "archived"}
    assert (repository.next_sweep_at is not None) == is_again
    assert list(GitHubRepository.objects.due()) == ([repository] if expected.due == "now" else [])
    entries = AuditEntry.objects.filter(action="github_repository.connected")
    actors = [entry.actor for entry in entries]
    assert actors == ([None if door == "token" else alice] if expected.entry else [])


@pytest.fixture
def act(
    client: Client, ask: Ask, alice: User, bob: User, workspace: Workspace, door: str
) -> Callable[[str, int], str]:
    """Do something with a repository through one of the doors. Returns what is said.

    Which repositories there are is for Alice to say, all else for Bob, too.
    """

    def who(action: str) -> User:
        return alice if action == "disconnect" else bob

    def by_page(action: str, pk: int) -> str:
        client.force_login(who(action))
        response = client.post(f"/w/{workspace.slug}/repositories/{pk}/{action}/")
        if response.status_code == 404:
            return NOT_FOUND
        told = get_messages(response.wsgi_request)
        return "".join(str(one) for one in told if one.level_tag == "error")

    def by_api(action: str, pk: int) -> str:
        errors = ask(ACTIONS[action], who(action), id=pk).get("errors", [])
        return "".join(error["message"] for error in errors)

    return {"page": by_page, "api": by_api}[door]


def _same(start: str, due: Due, error: str = "") -> Outcome:
    """Return what a start is when nothing has changed."""
    if start == "archived":
        return Outcome("active", due, error=error, is_archived=True)
    return Outcome(start, due, error=error)


OUTCOMES: Mapping[str, Mapping[str, Outcome]] = {
    "pause": {
        "pending": Outcome("paused", "never", "paused"),
        "syncing": Outcome("paused", "never", "paused"),
        "active": Outcome("paused", "never", "paused"),
        "error": Outcome("paused", "never", "paused"),
        "paused": _same("paused", "never"),
        "disabled": _same("disabled", "never", LOST),
        "archived": _same("archived", "never", NOT_FOUND),
    },
    "resume": {
        "pending": _same("pending", "later"),
        "syncing": _same("syncing", "later"),
        "active": _same("active", "later"),
        "error": _same("error", "later"),
        "paused": Outcome("pending", "now", "resumed"),
        "disabled": _same("disabled", "never"),
        "archived": _same("archived", "never", NOT_FOUND),
    },
    "sync": {
        "pending": Outcome("pending", "now", "sync_requested"),
        "syncing": Outcome("syncing", "now", "sync_requested"),
        "active": Outcome("active", "now", "sync_requested"),
        "error": Outcome("error", "now", "sync_requested"),
        "paused": _same("paused", "never", PAUSED),
        "disabled": Outcome("disabled", "now", "sync_requested"),
        "archived": _same("archived", "never", NOT_FOUND),
    },
    "disconnect": {
        "pending": Outcome("pending", "never", "disconnected", is_archived=True),
        "syncing": Outcome("syncing", "never", "disconnected", is_archived=True),
        "active": Outcome("active", "never", "disconnected", is_archived=True),
        "error": Outcome("error", "never", "disconnected", is_archived=True),
        "paused": Outcome("paused", "never", "disconnected", is_archived=True),
        "disabled": Outcome("disabled", "never", "disconnected", is_archived=True),
        "archived": _same("archived", "never", NOT_FOUND),
    },
}


@pytest.mark.parametrize("door", ["page", "api"])
@pytest.mark.parametrize(
    ("action", "start"), [(action, start) for action in OUTCOMES for start in OUTCOMES[action]]
)
def test_an_action_has_one_outcome_through_each_door(
    connected: GitHubRepository,
    begin: Callable[[str], None],
    act: Callable[[str, int], str],
    alice: User,
    bob: User,
    action: str,
    start: str,
) -> None:
    begin(start)

    error = act(action, connected.pk)

    expected = OUTCOMES[action][start]
    assert outcome(error) == expected
    entries = AuditEntry.objects.values_list("actor", "target_id")
    actor = alice if action == "disconnect" else bob
    assert list(entries) == ([(actor.pk, str(connected.pk))] if expected.entry else [])


def test_a_member_neither_adds_nor_disconnects_through_any_door(
    client: Client, ask: Ask, bob: User, workspace: Workspace, connected: GitHubRepository
) -> None:
    client.force_login(bob)
    root = f"/w/{workspace.slug}/repositories"
    number = str(connected.github_id)

    pages = [
        client.post(f"{root}/add/", {"repository": number}),
        client.post(f"{root}/{connected.pk}/disconnect/"),
    ]
    answers = [
        ask(FOLLOW, bob, id=workspace.pk, number=connected.github_id),
        ask(ACTIONS["disconnect"], bob, id=connected.pk),
    ]

    assert [page.status_code for page in pages] == [403, 403]
    said = [error["message"] for answer in answers for error in answer["errors"]]
    assert said == ["Only an administrator of the workspace may do that."] * 2
    assert not GitHubRepository.objects.get().is_archived


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_sync_that_somebody_asked_for_says_so_and_the_next_does_not(
    connected: GitHubRepository, begin: Callable[[str], None], act: Callable[[str, int], str]
) -> None:
    begin("active")
    credential_id = connected.installation.credential_id
    assert credential_id is not None

    act("sync", connected.pk)
    credential_work(credential_id=credential_id, seconds=0)
    asked = SyncRun.objects.get()
    SyncRun.objects.update(state=RunState.DONE, finished_at=timezone.now())
    credential_work(credential_id=credential_id, seconds=0)

    assert (asked.trigger, SyncRun.objects.latest("pk").trigger) == ("manual", "schedule")
    assert SyncRun.objects.count() == 2


@pytest.mark.parametrize("door", ["page"])
@pytest.mark.parametrize("fails", [True, False])
def test_a_sync_that_was_asked_for_during_another_is_that_one(
    connected: GitHubRepository,
    begin: Callable[[str], None],
    act: Callable[[str, int], str],
    fails: bool,
) -> None:
    begin("syncing")
    run = make_run(repository=connected, state=RunState.RUNNING)

    act("sync", connected.pk)
    if fails:
        run_fail(run, GitHubServerError("It broke."))
    else:
        run_finish(run)

    connected.refresh_from_db()
    assert not connected.sync_requested
    assert outcome().due == "later"


@pytest.mark.parametrize("action", ["pause", "disconnect"])
@pytest.mark.parametrize("door", ["page"])
def test_a_sync_that_was_asked_for_is_forgotten_with_what_stops_it(
    connected: GitHubRepository,
    begin: Callable[[str], None],
    act: Callable[[str, int], str],
    action: str,
) -> None:
    begin("active")
    act("sync", connected.pk)

    act(action, connected.pk)

    connected.refresh_from_db()
    assert not connected.sync_requested


@pytest.mark.parametrize("status", SyncStatus)
def test_each_status_is_tried_by_these_tests(status: SyncStatus) -> None:
    assert all(status.value in starts for starts in OUTCOMES.values())
