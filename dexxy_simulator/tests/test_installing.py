"""Installing an App on GitHub's pages, and changing that."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import CALLBACK, MANIFEST, NO_CERTIFICATES, Client
from dexxy_simulator.tests.conftest import GitHub
from dexxy_simulator.world import World

PATH = "/apps/dexxy-of-tests/installations/new"


def opened(server: SimulatorServer, login: str, path: str = PATH) -> httpx.Response:
    return Client(server, "")("GET", f"{path}{'&' if '?' in path else '?'}as={login}")


def pressed(
    server: SimulatorServer, login: str, do: str, path: str = PATH, **form: Any
) -> httpx.Response:
    client = Client(server, "", **{"X-Simulator-As": login})
    return client("POST", path, data={"do": do, **form})


def sent_to(response: httpx.Response) -> tuple[str, dict[str, str]]:
    assert response.status_code == 302, response.text
    address = urlsplit(response.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    return f"{address.scheme}://{address.netloc}{address.path}", asked


@pytest.mark.parametrize(
    ("login", "buttons"),
    [
        ("queen", ["install", "cancel", "install", "cancel"]),
        ("worker", ["install", "cancel", "request", "cancel"]),
        ("panjf2000", ["install", "cancel"]),
    ],
)
def test_the_page_offers_what_somebody_may_do(
    server: SimulatorServer, app: App, nest: Repository, login: str, buttons: list[str]
) -> None:
    text = opened(server, login).text

    shown = [part.partition('"')[0] for part in text.split('name="do" value="')[1:]]
    assert shown == buttons
    assert ("nest (private)" in text) is (login == "queen")


def test_installing_on_all_repositories_goes_on_at_the_setup_url(
    server: SimulatorServer, app: App, colony: Actor
) -> None:
    path = f"{PATH}?{urlencode({'state': 'a b'})}"

    response = pressed(server, "queen", "install", path, account="colony", selection="all")

    installation = app.on(colony)
    assert installation is not None
    assert installation.repository_ids is None
    assert sent_to(response) == (
        MANIFEST["setup_url"],
        {
            "installation_id": str(installation.database_id),
            "setup_action": "install",
            "state": "a b",
        },
    )


def test_installing_without_a_state_comes_back_without_one(
    server: SimulatorServer, app: App, colony: Actor, nest: Repository
) -> None:
    form: dict[str, Any] = {"account": "colony", "selection": "selected"}
    form["repository"] = [str(nest.database_id)]

    response = pressed(server, "queen", "install", **form)

    installation = app.on(colony)
    assert installation is not None
    assert installation.repository_ids == {nest.database_id}
    assert sent_to(response)[1].keys() == {"installation_id", "setup_action"}


def test_installing_can_begin_the_web_flow(
    server: SimulatorServer, world: World, app: App, colony: Actor
) -> None:
    app.request_oauth_on_install = True
    path = f"{PATH}?state=s"

    address, asked = sent_to(
        pressed(server, "queen", "install", path, account="colony", selection="all")
    )

    assert address == CALLBACK
    assert asked.keys() == {"code", "installation_id", "setup_action", "state"}
    assert world.grants[asked["code"]].user is world.actor("queen")


def test_a_member_requests_and_there_is_no_installation_yet(
    server: SimulatorServer, world: World, app: App, colony: Actor
) -> None:
    response = pressed(server, "worker", "request", f"{PATH}?state=s", account="colony")

    assert sent_to(response) == (MANIFEST["setup_url"], {"setup_action": "request", "state": "s"})
    (asked,) = world.installation_requests.values()
    assert (asked.account, asked.requester, app.on(colony)) == (
        colony,
        world.actor("worker"),
        None,
    )


def test_granting_a_request_ends_on_githubs_settings(
    server: SimulatorServer, world: World, app: App, colony: Actor
) -> None:
    worker = world.actor("worker")
    assert worker is not None
    world.request_installation(app, colony, worker)

    response = pressed(server, "queen", "install", account="colony", selection="all")

    (installation,) = app.installations.values()
    assert response.headers["location"] == installation.path
    told = world.webhooks.pending[-1].payload
    assert (told["requester"]["login"], told["sender"]["login"]) == ("worker", "queen")


@pytest.mark.parametrize("path", ["/permissions", ""])
def test_a_target_leads_at_once_to_one_account(
    server: SimulatorServer, app: App, colony: Actor, path: str
) -> None:
    text = opened(server, "queen", f"{PATH}{path}?target_id={colony.database_id}").text

    assert text.count("<h2>") == 1
    assert "<h2>colony</h2>" in text


def test_cancelling_leaves_everything_as_it_was(
    server: SimulatorServer, app: App, colony: Actor
) -> None:
    response = pressed(server, "queen", "cancel", account="colony")

    assert response.headers["location"] == "/apps/dexxy-of-tests"
    assert opened(server, "queen", "/apps/dexxy-of-tests").status_code == 200
    assert app.on(colony) is None


@pytest.mark.parametrize(
    ("login", "form", "status"),
    [
        ("worker", {"account": "colony", "selection": "all"}, 403),
        ("panjf2000", {"account": "colony", "selection": "all"}, 404),
        ("queen", {"account": "nobody", "selection": "all"}, 404),
        ("queen", {"account": "colony", "selection": "selected"}, 422),
        ("queen", {"account": "colony", "selection": "selected", "repository": "134018330"}, 422),
    ],
)
def test_nobody_installs_what_is_not_theirs(
    server: SimulatorServer, app: App, login: str, form: dict[str, str], status: int
) -> None:
    assert pressed(server, login, "install", **form).status_code == status
    assert app.installations == {}


def test_a_private_app_is_for_its_owner(server: SimulatorServer, app: App) -> None:
    app.is_public = False

    response = pressed(server, "panjf2000", "install", account="panjf2000", selection="all")

    assert response.status_code == 404
    assert "Install" not in opened(server, "panjf2000").text.partition("</h1>")[2]


def test_other_repositories_can_be_chosen(
    server: SimulatorServer, world: World, installation: Installation, nest: Repository
) -> None:
    second = world.add_repository(nest.owner, "second")
    installation.app.setup_on_update = True
    form = {"selection": "selected", "repository": [str(second.database_id)]}
    page = opened(server, "queen", installation.path)

    response = pressed(server, "queen", "save", installation.path, **form)

    assert f'value="{nest.database_id}" checked' in page.text
    assert installation.repository_ids == {second.database_id}
    number = str(installation.database_id)
    assert sent_to(response)[1] == {"installation_id": number, "setup_action": "update"}


def test_an_owner_suspends_accepts_and_uninstalls(
    server: SimulatorServer, world: World, installation: Installation
) -> None:
    app, path = installation.app, installation.path
    world.change_app(app, permissions={**app.permissions, "contents": "read"})
    seen = [opened(server, "queen", path).text]

    for do in ("suspend", "accept", "unsuspend"):
        assert pressed(server, "queen", do, path).headers["location"] == path
        seen.append(opened(server, "queen", path).text)

    offers = ["Unsuspend" in text for text in seen], ["Accept" in text for text in seen]
    assert offers == ([False, True, True, False], [True, True, False, False])
    assert installation.permissions["contents"] == "read"
    gone = pressed(server, "queen", "uninstall", path)
    assert gone.headers["location"] == "/organizations/colony/settings/installations"
    assert app.installations == {}
    assert opened(server, "queen", path).status_code == 404


@pytest.mark.parametrize("login", ["worker", "panjf2000"])
def test_only_an_owner_sees_the_settings(
    server: SimulatorServer, installation: Installation, login: str
) -> None:
    assert opened(server, login, installation.path).status_code == 404
    assert pressed(server, login, "uninstall", installation.path).status_code == 404


def test_the_installations_of_an_account_are_listed(
    server: SimulatorServer, installation: Installation
) -> None:
    text = opened(server, "queen", "/organizations/colony/settings/installations").text

    assert f'<a href="{installation.path}">Dexxy of Tests</a>' in text


def test_a_user_revokes_an_authorization(server: SimulatorServer, world: World, app: App) -> None:
    queen = world.actor("queen")
    assert queen is not None
    world.grant(app, queen)
    token = world.user_token(app, queen)
    path = "/settings/apps/authorizations"

    page = opened(server, "queen", path)
    pressed(server, "queen", "revoke", path, client_id=app.client_id)

    assert "Dexxy of Tests" in page.text
    assert "Dexxy of Tests" not in opened(server, "queen", path).text
    assert token.value not in world.tokens
    assert world.webhooks.pending[-1].event == "github_app_authorization"


def test_who_is_signed_in_is_remembered(server: SimulatorServer, app: App, colony: Actor) -> None:
    with httpx.Client(base_url=server.url, verify=NO_CERTIFICATES) as browser:
        first = browser.get(PATH).text
        browser.get(f"{PATH}?as=worker")
        second = browser.get(PATH).text

    assert "<option selected>panjf2000</option>" in first
    assert "<option selected>worker</option>" in second


def test_pages_are_no_part_of_the_api(github: GitHub, app: App) -> None:
    assert github.get(f"/api/v3{PATH}").status_code == 404
    assert "x-ratelimit-used" not in github.get(PATH).headers
