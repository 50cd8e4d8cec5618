"""A token of GitHub has one outcome, whether the command, a page or the API takes it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

# Those that people, programs and whoever has a terminal give a token through.
DOORS = ("settings", "first run", "api", "command")
Give = Callable[[str], str]


@pytest.fixture
def hills(workspace: Workspace, at_github: GitHubServer, world: World) -> list[GitHubRepository]:
    """Three repositories that are read with a token: one is named to the command, access to the
    second is lost, and the third is disconnected."""
    owner = world.actor("dexxy-demo")
    assert owner is not None
    world.add_token("ghp_new", owner)
    names = [world.add_repository(owner, name).name_with_owner for name in ("named", "lost", "off")]
    hills = [
        repository_connect_by_token(workspace=workspace, full_name=name, token=DEMO_TOKEN)
        for name in names
    ]
    now = timezone.now()
    GitHubRepository.objects.update(next_sync_at=None, last_synced_at=now)
    lost = GitHubRepository.objects.exclude(pk=hills[0].pk)
    lost.update(sync_status=SyncStatus.DISABLED, access_lost_at=now, sync_error="Lost.")
    GitHubRepository.objects.filter(pk=hills[2].pk).update(is_archived=True)
    AuditEntry.objects.all().delete()
    return hills


@pytest.fixture
def give(
    request: pytest.FixtureRequest,
    client: Client,
    alice: User,
    workspace: Workspace,
    hills: list[GitHubRepository],
) -> Give:
    """Give a token through one of the doors; return why it was refused, or ''."""
    client.force_login(alice)

    def by_form(path: str, token: str) -> str:
        tried = client.post(path, {"do": "try", "token": token})
        if tried.status_code == 200:
            client.post(path, {"do": "use"})
        return str(tried.context.get("error", ""))

    def by_api(token: str) -> str:
        document = (
            "mutation ($id: ID!, $token: String!) { githubConnectToken("
            "input: {workspaceId: $id, token: $token}) { accountLogin } }"
        )
        asked = {"query": document, "variables": {"id": workspace.pk, "token": token}}
        answer = client.post("/graphql/", json.dumps(asked), "application/json").json()
        return "".join(error["message"] for error in answer.get("errors", []))

    def by_command(token: str) -> str:
        place = ("--workspace", workspace.slug, "--token", token)
        try:
            call_command("sync", hills[0].full_name, "--json", *place)
        except DexxyError as error:
            return str(error)
        return ""

    ways: dict[str, Give] = {
        "settings": lambda token: by_form(f"/w/{workspace.slug}/settings/github/", token),
        "first run": lambda token: by_form(f"/start/connect/?workspace={workspace.slug}", token),
        "api": by_api,
        "command": by_command,
    }
    return ways[request.param]


def outcome() -> dict[str, Any]:
    """Return what the installation and the repositories are that nobody named."""
    rows = GitHubRepository.objects.exclude(name="named").order_by("pk")
    return {
        "token": GitHubInstallation.objects.get().access_token.read(),
        "repositories": [
            (one.sync_status, one.sync_error, one.sync_requested, one.next_sync_at is not None)
            for one in rows
        ],
        "audit": list(AuditEntry.objects.values_list("action", "details")),
    }


@pytest.mark.parametrize("give", DOORS, indirect=True)
def test_a_new_token_has_one_outcome_through_each_door(give: Give) -> None:
    assert give("ghp_new") == ""

    assert outcome() == {
        "token": "ghp_new",
        "repositories": [("pending", "", True, True), ("disabled", "Lost.", False, False)],
        "audit": [("github_installation.token_connected", {"account": "dexxy-demo"})],
    }


@pytest.mark.parametrize("give", DOORS, indirect=True)
@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("ghp_dead", "GitHub does not accept this token."),
        ("ghs_program", "This is no personal access token"),
        ("two words", "The token has characters that no token has."),
    ],
)
def test_a_token_that_is_none_is_refused_alike_by_each_door(
    give: Give, token: str, said: str
) -> None:
    before = outcome()

    refusal = give(token)

    assert refusal.startswith(said)
    assert token not in refusal
    assert outcome() == before
