"""From "Connect GitHub" to GitHub and back, for those who may and those who try."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import Membership, User, Workspace
from dexxy.integrations.models import GitHubApp, GitHubInstallation, OAuthState
from dexxy.integrations.services.github.access.installations import installation_delete
from dexxy.integrations.services.github.connecting import oauth
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy.integrations.services.github.connecting.oauth import CALLBACK_PATH
from dexxy.integrations.services.github.connecting.ownership import installations_of_user
from dexxy.integrations.services.github_client import GitHubClient
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.tokens import UserToken
from dexxy_simulator.world import World
from tests.github_app import Traveller, query_of

Travel = Callable[..., Traveller]
CONNECT = "/integrations/github/connect/"


def start(traveller: Traveller, workspace: Workspace, **more: Any) -> str:
    """Press "Connect GitHub", and return the address of GitHub's to which that leads."""
    response = traveller.client.post(CONNECT, {"workspace": workspace.pk, **more})
    assert response.status_code == 302, response.content
    return response["location"]


def come_back(traveller: Traveller, authorize: str, do: str = "authorize") -> Any:
    """Sign in at GitHub, and open what it sends the browser back to."""
    response = traveller.client.get(traveller.back(traveller.at_github(authorize, do)))
    location = response.get("location", "")
    return traveller.client.get(location) if location.startswith("/") else response


def installed_at(installation: Installation, install: str, **more: Any) -> str:
    """Return where GitHub sends the browser after the App was installed on its page INSTALL."""
    state = query_of(install)["state"]
    query = {"installation_id": installation.database_id, "setup_action": "install", **more}
    return f"{CALLBACK_PATH}?{urlencode({**query, 'state': state})}"


@pytest.fixture
def queen(travel: Travel, alice: User) -> Traveller:
    """Alice, who owns the organisation on GitHub."""
    return travel(alice, "queen")


def test_the_whole_way_from_the_button_to_a_connected_workspace(
    queen: Traveller,
    github_app: GitHubApp,
    workspace: Workspace,
    installed: Installation,
    world: World,
) -> None:
    install = start(queen, workspace)
    assert install.startswith(f"{github_app.html_url}/installations/new?state=")

    authorize = queen.client.get(installed_at(installed, install))["location"]
    page = come_back(queen, authorize)

    assert (page.status_code, b"GitHub is connected" in page.content) == (200, True)
    row = GitHubInstallation.objects.get()
    assert (row.workspace, row.installation_id) == (workspace, installed.database_id)
    # The person's token served its purpose.
    assert [one for one in world.tokens.values() if isinstance(one, UserToken)] == []


def test_the_sign_in_carries_a_challenge_and_comes_back_to_our_address(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    query = query_of(start(queen, workspace, installation_id=installed.database_id))

    assert query["client_id"] == github_app.client_id
    assert query["redirect_uri"] == f"http://localhost:8000{CALLBACK_PATH}"
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert OAuthState.objects.get().state_hash != query["state"]


def test_an_installation_that_a_webhook_told_of_needs_no_installing(
    queen: Traveller, linked: GitHubInstallation, workspace: Workspace, alice: User
) -> None:
    installation_disconnect(viewer=alice, workspace=workspace)

    page = come_back(queen, start(queen, workspace))

    assert b"GitHub is connected" in page.content
    linked.refresh_from_db()
    assert linked.workspace == workspace


def test_somebody_with_the_app_nowhere_is_led_to_install_it(
    travel: Travel,
    linked: GitHubInstallation,
    github_app: GitHubApp,
    workspace: Workspace,
    alice: User,
    world: World,
) -> None:
    world.add_actor("stranger")
    stranger = travel(alice, "stranger")

    response = come_back(stranger, start(stranger, workspace))

    assert response["location"].startswith(f"{github_app.html_url}/installations/new?")


def test_of_several_accounts_the_person_chooses_one(
    queen: Traveller,
    linked: GitHubInstallation,
    workspace: Workspace,
    world: World,
    installed: Installation,
) -> None:
    owner = world.actor("queen")
    assert owner is not None
    own = world.install(installed.app, owner)

    page = come_back(queen, start(queen, workspace))
    assert (b">colony<" in page.content, b">queen<" in page.content) == (True, True)
    come_back(queen, start(queen, workspace, installation_id=own.database_id), do="")

    assert GitHubInstallation.objects.get().account_login == "queen"


def test_an_enterprise_which_has_no_login_stands_in_nobody_s_way(
    queen: Traveller,
    linked: GitHubInstallation,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = installations_of_user

    def with_enterprise(client: GitHubClient, app: GitHubApp) -> list[dict[str, Any]]:
        # https://docs.github.com/en/rest/apps/installations: `account` may be an enterprise
        found = {"id": 7, "app_id": app.app_id, "account": {"id": 3, "slug": "hive", "name": "H"}}
        return [*original(client, app), found]

    monkeypatch.setattr(oauth, "installations_of_user", with_enterprise)

    page = come_back(queen, start(queen, workspace))
    assert (b">colony<" in page.content, b">hive<" in page.content) == (True, True)
    refused = come_back(queen, start(queen, workspace, installation_id=7), do="")

    assert (refused.status_code, b"Only an owner of hive" in refused.content) == (403, True)


def test_a_member_of_the_organisation_is_refused(
    travel: Travel,
    github_app: GitHubApp,
    workspace: Workspace,
    bob: User,
    installed: Installation,
    world: World,
) -> None:
    worker = travel(bob, "worker")

    page = come_back(worker, start(worker, workspace, installation_id=installed.database_id))

    assert page.status_code == 403
    assert b"Only an owner of colony" in page.content
    assert not GitHubInstallation.objects.exists()
    assert [one for one in world.tokens.values() if isinstance(one, UserToken)] == []


def test_a_collaborator_cannot_link_somebody_s_own_account(
    travel: Travel,
    github_app: GitHubApp,
    workspace: Workspace,
    alice: User,
    world: World,
    simulated_app: App,
    ants: Repository,
) -> None:
    installation = world.install(simulated_app, ants.owner)
    helper = world.add_actor("helper")
    ants.collaborators.add(helper)
    traveller = travel(alice, "helper")

    page = come_back(
        traveller, start(traveller, workspace, installation_id=installation.database_id)
    )

    assert page.status_code == 403
    assert not GitHubInstallation.objects.exists()


def test_without_the_permission_to_see_members_an_organisation_is_refused(
    queen: Traveller,
    github_app: GitHubApp,
    workspace: Workspace,
    installed: Installation,
) -> None:
    installed.permissions = {"metadata": "read", "issues": "read"}

    page = come_back(queen, start(queen, workspace, installation_id=installed.database_id))

    assert page.status_code == 403
    assert b"Members: read" in page.content
    assert not GitHubInstallation.objects.exists()


@pytest.mark.parametrize("number", ["999999", "1", "x", "9" * 40])
def test_a_forged_installation_is_refused(
    queen: Traveller,
    github_app: GitHubApp,
    workspace: Workspace,
    installed: Installation,
    number: str,
) -> None:
    install = start(queen, workspace, elsewhere="yes")
    response = queen.client.get(installed_at(installed, install, installation_id=number))
    if response.status_code == 302:
        response = come_back(queen, response["location"])

    assert response.status_code in {400, 403}
    assert not GitHubInstallation.objects.exists()


def test_a_state_works_once(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    location = queen.back(
        queen.at_github(start(queen, workspace, installation_id=installed.database_id), "authorize")
    )
    assert queen.client.get(location).status_code == 302

    again = queen.client.get(location)

    assert (again.status_code, b"answered already" in again.content) == (400, True)
    assert b"This was done already</h1>" in again.content
    assert b"GitHub is not connected" not in again.content


def test_what_is_shown_after_connecting_can_be_reloaded(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    location = queen.back(
        queen.at_github(start(queen, workspace, installation_id=installed.database_id), "authorize")
    )

    result = queen.client.get(location)["location"]

    assert result == f"/integrations/github/connected/{workspace.slug}/new/"
    for _ in range(2):
        page = queen.client.get(result)
        assert (page.status_code, b"GitHub is connected" in page.content) == (200, True)


def test_what_a_workspace_is_connected_to_is_shown_to_its_members_while_it_is(
    travel: Travel, linked: GitHubInstallation, workspace: Workspace, alice: User, charlie: User
) -> None:
    result = f"/integrations/github/connected/{workspace.slug}/new/"

    assert travel(charlie, "queen").client.get(result).status_code == 404
    assert travel(None, "queen").client.get(result).status_code == 401
    installation_disconnect(viewer=alice, workspace=workspace)
    gone = travel(alice, "queen").client.get(result)
    assert gone["location"] == f"/w/{workspace.slug}/repositories/"


def test_a_state_lasts_an_hour(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    authorize = start(queen, workspace, installation_id=installed.database_id)
    OAuthState.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    page = come_back(queen, authorize)

    assert (page.status_code, b"longer than an hour" in page.content) == (400, True)
    assert not GitHubInstallation.objects.exists()


@pytest.mark.parametrize("who", ["bob", "charlie"])
def test_the_state_of_somebody_else_is_refused_and_stays_theirs(
    queen: Traveller,
    travel: Travel,
    github_app: GitHubApp,
    workspace: Workspace,
    installed: Installation,
    request: pytest.FixtureRequest,
    who: str,
) -> None:
    location = queen.back(
        queen.at_github(start(queen, workspace, installation_id=installed.database_id), "authorize")
    )
    thief = travel(request.getfixturevalue(who), "queen")

    page = thief.client.get(location)

    assert (page.status_code, b"did not begin this" in page.content) == (400, True)
    assert not GitHubInstallation.objects.exists()
    assert queen.client.get(location).status_code == 302


def test_a_state_of_another_session_is_refused(
    queen: Traveller,
    travel: Travel,
    github_app: GitHubApp,
    workspace: Workspace,
    installed: Installation,
    alice: User,
) -> None:
    authorize = start(queen, workspace, installation_id=installed.database_id)

    page = come_back(travel(alice, "queen"), authorize)

    assert page.status_code == 400
    assert not GitHubInstallation.objects.exists()


@pytest.mark.usefixtures("github_app")
@pytest.mark.parametrize("query", ["state=x", "state=x&code=y", "state=x&error=access_denied"])
def test_a_state_that_nobody_made_is_refused(queen: Traveller, query: str) -> None:
    assert queen.client.get(f"{CALLBACK_PATH}?{query}").status_code == 400


def test_whoever_left_the_workspace_meanwhile_is_refused(
    travel: Travel, github_app: GitHubApp, workspace: Workspace, bob: User, installed: Installation
) -> None:
    traveller = travel(bob, "queen")
    authorize = start(traveller, workspace, installation_id=installed.database_id)
    Membership.objects.filter(user=bob).delete()

    page = come_back(traveller, authorize)

    assert page.status_code == 404
    assert not GitHubInstallation.objects.exists()


def test_a_code_of_another_sign_in_is_refused(
    queen: Traveller,
    github_app: GitHubApp,
    workspace: Workspace,
    installed: Installation,
    simulated_app: App,
    world: World,
) -> None:
    authorize = start(queen, workspace, installation_id=installed.database_id)
    attacker = world.actor("worker")
    assert attacker is not None
    # Made for the same App and address, but not with our challenge.
    address = query_of(authorize)["redirect_uri"]
    injected = world.grant(simulated_app, attacker, address, challenge="x" * 43)

    query = urlencode({"code": injected, "state": query_of(authorize)["state"]})
    page = queen.client.get(f"{CALLBACK_PATH}?{query}")

    assert (page.status_code, b"did not confirm" in page.content) == (400, True)
    assert not GitHubInstallation.objects.exists()


def test_cancelled_on_github_nothing_changes(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    authorize = start(queen, workspace, installation_id=installed.database_id)

    page = come_back(queen, authorize, do="cancel")

    assert (page.status_code, b"You cancelled it" in page.content) == (200, True)
    assert not GitHubInstallation.objects.exists()


@pytest.mark.parametrize("with_state", [True, False])
def test_a_request_to_the_owners_waits_for_them(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, with_state: bool
) -> None:
    state = query_of(start(queen, workspace))["state"] if with_state else ""
    query = urlencode({"setup_action": "request", **({"state": state} if state else {})})

    page = queen.client.get(f"{CALLBACK_PATH}?{query}")

    assert (page.status_code, b"An owner has to agree" in page.content) == (200, True)


def test_whoever_comes_by_themselves_is_asked_and_nothing_is_linked(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    query = urlencode(
        {"installation_id": installed.database_id, "setup_action": "install", "code": "x"}
    )

    page = queen.client.get(f"{CALLBACK_PATH}?{query}")

    assert (page.status_code, b"Connect this installation?" in page.content) == (200, True)
    assert not GitHubInstallation.objects.exists()
    assert not OAuthState.objects.exists()

    come_back(queen, start(queen, workspace, installation_id=installed.database_id))
    assert GitHubInstallation.objects.get().workspace == workspace


def test_a_change_on_github_makes_the_installation_due(
    queen: Traveller, linked: GitHubInstallation, installed: Installation
) -> None:
    GitHubInstallation.objects.update(reconcile_at=None)
    query = urlencode({"installation_id": installed.database_id, "setup_action": "update"})

    page = queen.client.get(f"{CALLBACK_PATH}?{query}")

    assert b"has changed" in page.content
    linked.refresh_from_db()
    assert linked.reconcile_at is not None


def test_a_change_that_is_told_again_and_again_is_looked_at_once_a_minute(
    queen: Traveller, linked: GitHubInstallation, installed: Installation
) -> None:
    query = urlencode({"installation_id": installed.database_id, "setup_action": "update"})
    queen.client.get(f"{CALLBACK_PATH}?{query}")
    asked = GitHubInstallation.objects.get().reconcile_asked_for
    assert asked is not None
    for _ in range(3):
        # It was looked at, and is not due for an hour.
        GitHubInstallation.objects.update(reconcile_at=timezone.now() + timedelta(hours=1))

        queen.client.get(f"{CALLBACK_PATH}?{query}")

        assert GitHubInstallation.objects.get().reconcile_at == asked + timedelta(minutes=1)


def test_a_change_of_somebody_else_s_installation_is_nothing_to_an_outsider(
    travel: Travel, charlie: User, linked: GitHubInstallation, installed: Installation
) -> None:
    GitHubInstallation.objects.update(reconcile_at=None)
    query = urlencode({"installation_id": installed.database_id, "setup_action": "update"})

    page = travel(charlie, "queen").client.get(f"{CALLBACK_PATH}?{query}")

    assert b"Connect this installation?" in page.content
    linked.refresh_from_db()
    assert linked.reconcile_at is None


def test_an_installation_of_another_workspace_stays_there(
    travel: Travel,
    linked: GitHubInstallation,
    installed: Installation,
    charlie: User,
    workspace: Workspace,
) -> None:
    theirs = charlie.memberships.get().workspace
    traveller = travel(charlie, "queen")

    page = come_back(traveller, start(traveller, theirs, installation_id=installed.database_id))

    assert (page.status_code, b"Another workspace" in page.content) == (409, True)
    assert GitHubInstallation.objects.get().workspace == workspace


def test_reinstalled_it_says_so(
    queen: Traveller,
    linked: GitHubInstallation,
    installed: Installation,
    workspace: Workspace,
    world: World,
    colony: Actor,
) -> None:
    world.uninstall(installed)
    installation_delete(linked)
    anew = world.install(installed.app, colony)

    authorize = queen.client.get(installed_at(anew, start(queen, workspace)))["location"]
    page = come_back(queen, authorize)

    assert b"goes on where it stopped" in page.content
    linked.refresh_from_db()
    assert (linked.installation_id, linked.deleted_at) == (anew.database_id, None)


def test_an_app_that_signs_people_in_while_it_is_installed_works_too(
    queen: Traveller,
    github_app: GitHubApp,
    simulated_app: App,
    workspace: Workspace,
    installed: Installation,
    world: World,
) -> None:
    owner = world.actor("queen")
    assert owner is not None
    install = start(queen, workspace)
    code = world.grant(simulated_app, owner, simulated_app.callback_urls[0])

    page = queen.client.get(installed_at(installed, install, code=code), follow=True)

    assert b"GitHub is connected" in page.content
    assert GitHubInstallation.objects.get().workspace == workspace


def test_a_secret_that_github_does_not_take_is_named(
    queen: Traveller, github_app: GitHubApp, workspace: Workspace, installed: Installation
) -> None:
    github_app.client_secret = "wrong"
    github_app.save()

    page = come_back(queen, start(queen, workspace, installation_id=installed.database_id))

    assert (page.status_code, b"client secret" in page.content) == (400, True)


def test_without_an_app_the_page_says_who_can_help(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    page = client.post(CONNECT, {"workspace": workspace.pk})

    assert (page.status_code, b"/setup/github/" in page.content) == (400, True)


@pytest.mark.usefixtures("github_app")
def test_outsiders_and_nobody_begin_nothing(
    client: Client, charlie: User, workspace: Workspace
) -> None:
    assert client.post(CONNECT, {"workspace": workspace.pk}).status_code == 401
    assert client.get(f"{CALLBACK_PATH}?state=x&code=y").status_code == 401
    assert client.get(f"{CALLBACK_PATH}?installation_id=1").status_code == 401
    client.force_login(charlie)
    assert client.post(CONNECT, {"workspace": workspace.pk}).status_code == 404
    assert client.post(CONNECT, {"workspace": "x"}).status_code == 404
    assert not OAuthState.objects.exists()


@pytest.mark.usefixtures("github_app")
def test_who_comes_from_github_without_being_signed_in_is_led_back_after_it(
    client: Client, alice: User
) -> None:
    back = f"{CALLBACK_PATH}?installation_id=1&setup_action=install"

    page = client.get(back).content.decode()

    login = re.search(r'href="(/accounts/login/\?[^"]+)"', page.partition("<main")[2])
    assert login is not None
    assert query_of(login[1]) == {"next": back}


def test_beginning_needs_the_token_of_a_page(alice: User, workspace: Workspace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post(CONNECT, {"workspace": workspace.pk}).status_code == 403
    assert client.get(CONNECT).status_code == 405
