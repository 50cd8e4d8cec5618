"""Organizations behind a single sign-on or a list of addresses: said as what they are."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import Credential, GitHubRepository, RunTrigger
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.tokens import Token
from dexxy_simulator.world import World
from tests.truth import assert_source_equals

TOKEN = "ghp_worker"
SAML = "The organization wants the token authorized by its single sign-on (SAML): open"
ADDRESS = "https://github.com/orgs/colony/sso?authorization_request=A7Q2"


@pytest.fixture
def colony(world: World) -> Actor:
    """An organization with a member, whose token may read what the organization has."""
    colony = world.add_actor("colony", "Organization")
    colony.members = {world.add_actor("worker"): "member"}
    return colony


@pytest.fixture
def token(world: World, colony: Actor) -> Token:
    """The personal token of the member."""
    [member] = colony.members
    return world.add_token(TOKEN, member)


@pytest.fixture
def nest(world: World, colony: Actor, token: Token) -> Repository:
    """A private repository of the organization."""
    nest = world.add_repository(colony, "nest", is_private=True)
    world.comment(world.open_issue(nest, token.owner, "Leaks"), token.owner, "Since Monday")
    return nest


Follow = Callable[[str], GitHubRepository]


@pytest.fixture
def follow(workspace: Workspace, github: GitHubServer) -> Follow:
    def follow(full_name: str) -> GitHubRepository:
        return repository_connect_by_token(
            workspace=workspace, full_name=full_name, token=TOKEN, server=github
        )

    return follow


def outcome(repository: GitHubRepository) -> tuple[str, str]:
    """Sync; return the status of the repository and what its page says."""
    with suppress(DexxyError):  # it is shown
        repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)
    repository.refresh_from_db()
    return repository.sync_status, repository.sync_error


def test_an_organization_behind_single_sign_on_says_so_and_is_active_once_it_is_authorized(
    follow: Follow, world: World, colony: Actor, nest: Repository, token: Token
) -> None:
    own = world.add_repository(token.owner, "own")
    world.open_issue(own, token.owner, "Mine")
    theirs, mine = follow("colony/nest"), follow("worker/own")
    colony.requires_sso = True

    status, says = outcome(theirs)
    assert (status, f"{SAML} {ADDRESS} in a browser" in says) == ("disabled", True)
    assert theirs.runs.latest("pk").error_code == "single_sign_on_required"
    # The same token reads what no organization keeps.
    assert outcome(mine) == ("active", "")
    assert_source_equals(mine.source, own)

    token.sso_ids.add(colony.database_id)
    assert outcome(theirs) == ("active", "")
    assert_source_equals(theirs.source, nest)


def test_what_an_organization_kept_back_goes_on_by_itself_within_an_hour(
    follow: Follow, colony: Actor, nest: Repository, token: Token
) -> None:
    theirs = follow("colony/nest")
    colony.requires_sso = True
    assert outcome(theirs)[0] == "disabled"
    assert theirs.next_sync_at is not None
    assert timezone.now() < theirs.next_sync_at <= timezone.now() + timedelta(hours=1)

    token.sso_ids.add(colony.database_id)
    GitHubRepository.objects.update(next_sync_at=timezone.now())
    credential = Credential.objects.get()
    credential_work(credential_id=credential.pk, seconds=10)

    theirs.refresh_from_db()
    assert (theirs.sync_status, theirs.sync_error, theirs.access_lost_at) == ("active", "", None)
    assert_source_equals(theirs.source, nest)


def test_an_organization_with_a_list_of_addresses_says_so(
    follow: Follow, colony: Actor, nest: Repository
) -> None:
    theirs = follow("colony/nest")
    colony.allows_address = False

    status, says = outcome(theirs)

    assert (status, "Authentication security > IP allow list" in says) == ("disabled", True)
    assert theirs.runs.latest("pk").error_code == "address_not_listed"
    colony.allows_address = True
    assert outcome(theirs) == ("active", "")
    assert_source_equals(theirs.source, nest)


def test_the_list_of_repositories_says_what_a_single_sign_on_keeps_back(
    follow: Follow,
    world: World,
    colony: Actor,
    nest: Repository,
    token: Token,
    alice: User,
    workspace: Workspace,
    client: Client,
) -> None:
    world.add_repository(token.owner, "own")
    follow("worker/own")
    client.force_login(alice)
    page = f"/w/{workspace.slug}/repositories/add/"
    assert "colony/nest" in client.get(page).content.decode()

    colony.requires_sso = True

    shown = client.get(page).content.decode()
    assert "colony/nest" not in shown
    assert "GitHub keeps back the repositories of 1 organization" in shown
    assert "/settings/tokens" in shown
