"""What a personal access token may read is said before it is stored, first and later."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.model import Repository
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

FARM = "dexxy-demo/farm"


@pytest.fixture
def dialect() -> Dialect:
    """In others GitHub may refuse a list that is switched off."""
    return USUAL


@pytest.fixture
def farm(world: World) -> Repository:
    """A private repository of whoever made the token."""
    owner = world.actor("dexxy-demo")
    assert owner is not None
    return world.add_repository(owner, "farm", is_private=True)


def tried(client: Client, path: str, token: str = DEMO_TOKEN) -> str:
    answer = client.post(path, {"do": "try", "token": token})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(
    ("rights", "says", "says_not"),
    [
        ({"scopes": frozenset({"repo"})}, "It reads public and private repositories.", "needs:"),
        (
            {"scopes": frozenset({"repo", "admin:org", "gist"})},
            "It may do more than Dexxy needs: admin:org, gist.",
            "lacks the scope",
        ),
        (
            {"scopes": frozenset({"public_repo"})},
            "For private ones it lacks the scope repo.",
            "public and private",
        ),
        ({}, f'reads everything of <bdi class="break">{FARM}', "may not read"),
        (
            {"denied": frozenset({"discussions"})},
            f"Of <bdi>{FARM}</bdi> it may not read: Discussions.",
            "reads everything",
        ),
        (
            {"repository_ids": frozenset[int]()},
            "reads everything of",  # what is public needs no right
            FARM,
        ),
    ],
)
def test_what_a_token_may_read_is_said_before_it_is_stored(
    client: Client,
    alice: User,
    workspace: Workspace,
    at_github: GitHubServer,
    world: World,
    farm: Repository,
    rights: dict[str, Any],
    says: str,
    says_not: str,
) -> None:
    for name, value in rights.items():
        setattr(world.tokens[DEMO_TOKEN], name, value)
    client.force_login(alice)

    page = tried(client, f"/start/connect/?workspace={workspace.slug}")

    assert says in page
    assert says_not not in page
    assert "requests are left in this hour." in page
    assert not GitHubInstallation.objects.exists()


def test_a_token_that_reads_less_than_the_last_one_says_so_before_it_takes_its_place(
    client: Client,
    ask: Callable[..., dict[str, Any]],
    alice: User,
    workspace: Workspace,
    connected: GitHubRepository,
    at_github: GitHubServer,
    world: World,
    farm: Repository,
) -> None:
    repository_connect_by_token(workspace=workspace, full_name=FARM, token=DEMO_TOKEN)
    GitHubRepository.objects.filter(full_name=FARM).update(node_id=farm.node_id)
    world.add_token("ghp_less", farm.owner, scopes=frozenset({"public_repo"}))
    client.force_login(alice)
    path = f"/w/{workspace.slug}/settings/github/"

    page = tried(client, path, "ghp_less")

    assert "For private ones it lacks the scope repo." in page
    assert f'It does not read <bdi class="break">{FARM}</bdi>, which is connected here' in page
    assert "ghp_less" not in page
    assert GitHubInstallation.objects.get().access_token.read() == DEMO_TOKEN

    done = client.post(path, {"do": "use"}, follow=True).content.decode()

    assert "Dexxy reads GitHub as dexxy-demo now." in done
    assert GitHubInstallation.objects.get().access_token.read() == "ghp_less"
    # It was taken once.
    assert client.post(path, {"do": "use"}).status_code == 422
    document = """mutation ($id: ID!) { githubConnectToken(
      input: {workspaceId: $id, token: "ghp_less"}) { accountLogin unread } }"""
    answer = ask(document, alice, id=workspace.pk)
    assert answer["data"]["githubConnectToken"] == {"accountLogin": "dexxy-demo", "unread": [FARM]}
