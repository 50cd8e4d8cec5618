"""The web flow of OAuth, and what an App sees of a user."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from githubkit_schemas.v2026_03_10 import models

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import CALLBACK, Client, assert_shape
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.world import World

VERIFIER = "a verifier that is long enough to be one, says the standard"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()
PKCE = {"code_challenge": CHALLENGE.rstrip("="), "code_challenge_method": "S256"}


class Browser:
    """Somebody who is signed in at GitHub and goes to the page of the web flow."""

    def __init__(self, server: SimulatorServer, app: App, login: str = "worker") -> None:
        self._client = Client(server, "", **{"X-Simulator-As": login})
        self._app = app

    def open(self, method: str = "GET", do: str | None = None, **asked: str) -> httpx.Response:
        query = urlencode({"client_id": self._app.client_id, "state": "s", **asked})
        form = {"data": {"do": do}} if do else {}
        return self._client(method, f"/login/oauth/authorize?{query}", **form)

    def sent_to(self, method: str = "POST", do: str = "authorize", **asked: str) -> dict[str, str]:
        """Press a button, and return the parameters with which the browser is sent back."""
        response = self.open(method, do, **asked)
        assert response.status_code == 302, response.text
        address = urlsplit(response.headers["location"])
        found = {name: values[0] for name, values in parse_qs(address.query).items()}
        return {"to": f"{address.scheme}://{address.netloc}{address.path}", **found}


@pytest.fixture
def browser(server: SimulatorServer, app: App) -> Browser:
    return Browser(server, app)


def exchange(server: SimulatorServer, app: App, **changes: str) -> dict[str, Any]:
    data = {"client_id": app.client_id, "client_secret": app.client_secret, **changes}
    client = Client(server, "", Accept="application/json")
    response = client("POST", "/login/oauth/access_token", data=data)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


def signed_in(server: SimulatorServer, world: World, app: App, login: str) -> Client:
    user = world.actor(login)
    assert user is not None
    return Client(server, world.user_token(app, user).value)


def test_a_user_agrees_once_and_is_sent_back_with_a_code(browser: Browser) -> None:
    page = browser.open(redirect_uri=CALLBACK)
    back = browser.sent_to(redirect_uri=CALLBACK)
    again = browser.sent_to("GET", redirect_uri=CALLBACK)

    assert (page.status_code, "Authorize Dexxy of Tests" in page.text) == (200, True)
    assert (back["to"], back["state"]) == (again["to"], again["state"]) == (CALLBACK, "s")
    assert back["code"] != again["code"]


@pytest.mark.parametrize(
    ("do", "asked", "error"),
    [
        ("cancel", {}, "access_denied"),
        ("authorize", {"redirect_uri": f"{CALLBACK}/"}, "redirect_uri_mismatch"),
        ("authorize", {"redirect_uri": "http://evil.example"}, "redirect_uri_mismatch"),
        ("authorize", {**PKCE, "code_challenge_method": "plain"}, "invalid_request"),
    ],
)
def test_without_agreement_there_is_an_error_and_no_code(
    browser: Browser, world: World, do: str, asked: dict[str, str], error: str
) -> None:
    back = browser.sent_to(do=do, **asked)

    assert (back["to"], back["error"], back["state"]) == (CALLBACK, error, "s")
    assert world.grants == {}


def test_the_dialect_knows_whether_a_wrong_address_ends_on_a_page(
    browser: Browser, world: World
) -> None:
    world.dialect = Dialect(redirect_mismatch="page")

    response = browser.open(redirect_uri="http://evil.example")

    assert response.status_code == 200
    assert "The redirect_uri is not associated with this application." in response.text


def test_a_code_gives_a_token_of_the_user_and_one_to_refresh_it(
    server: SimulatorServer, app: App, browser: Browser
) -> None:
    code = browser.sent_to(redirect_uri=CALLBACK, **PKCE)["code"]

    answer = exchange(server, app, code=code, redirect_uri=CALLBACK, code_verifier=VERIFIER)

    assert {name: answer[name] for name in answer if name.endswith("_in")} == {
        "expires_in": 28800,
        "refresh_token_expires_in": 15811200,
    }
    assert (answer["access_token"][:4], answer["refresh_token"][:4]) == ("ghu_", "ghr_")
    assert Client(server, answer["access_token"])("GET", "/user").json()["login"] == "worker"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": "nothing"}, "bad_verification_code"),
        ({"code_verifier": "wrong"}, "bad_verification_code"),
        ({"client_secret": "wrong"}, "incorrect_client_credentials"),
        ({"client_id": "wrong"}, "incorrect_client_credentials"),
        ({"redirect_uri": "http://evil.example"}, "redirect_uri_mismatch"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_an_exchange_that_is_wrong_is_an_error_with_the_status_200(
    server: SimulatorServer, app: App, browser: Browser, changes: dict[str, str], error: str
) -> None:
    code = browser.sent_to(**PKCE)["code"]

    answer = exchange(server, app, **{"code": code, "code_verifier": VERIFIER, **changes})

    assert answer.keys() == {"error", "error_description"}
    assert answer["error"] == error


def test_a_code_is_good_once(server: SimulatorServer, app: App, browser: Browser) -> None:
    code = browser.sent_to()["code"]
    exchange(server, app, code=code)

    assert exchange(server, app, code=code)["error"] == "bad_verification_code"


def test_a_code_is_good_for_ten_minutes(
    server: SimulatorServer, app: App, browser: Browser, clock: Clock
) -> None:
    code = browser.sent_to()["code"]
    clock.pass_by(minutes=10)

    assert exchange(server, app, code=code)["error"] == "bad_verification_code"


def test_the_answer_is_a_form_unless_json_is_wanted(
    server: SimulatorServer, app: App, browser: Browser
) -> None:
    sent = {"client_id": app.client_id, "client_secret": app.client_secret, "code": "nothing"}

    response = Client(server, "")("POST", "/login/oauth/access_token", json=sent)

    assert parse_qs(response.text)["error"] == ["bad_verification_code"]


def test_refreshing_ends_both_old_tokens(
    server: SimulatorServer, app: App, browser: Browser, clock: Clock
) -> None:
    old = exchange(server, app, code=browser.sent_to()["code"])
    clock.pass_by(hours=8)
    refreshing = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}

    new = exchange(server, app, **refreshing)

    assert exchange(server, app, **refreshing)["error"] == "bad_refresh_token"
    statuses = [Client(server, one["access_token"]).status("GET", "/user")[0] for one in (old, new)]
    assert statuses == [401, 200]


def test_a_refresh_token_lasts_six_months(
    server: SimulatorServer, app: App, browser: Browser, clock: Clock
) -> None:
    old = exchange(server, app, code=browser.sent_to()["code"])
    clock.pass_by(seconds=15811200)
    refreshing = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}

    assert exchange(server, app, **refreshing)["error"] == "bad_refresh_token"


def test_an_app_checks_and_ends_a_token_by_its_secret(
    server: SimulatorServer, world: World, app: App
) -> None:
    worker = world.actor("worker")
    assert worker is not None
    token = world.user_token(app, worker).value
    basic = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
    client = Client(server, "", Authorization=f"Basic {basic}")
    path, body = f"/applications/{app.client_id}/token", {"access_token": token}

    row = assert_shape(client("POST", path, json=body), models.Authorization)
    ended = client("DELETE", path, json=body).status_code

    assert (row["user"]["login"], ended) == ("worker", 204)
    assert client.status("POST", path, json=body) == (404, "Not Found")
    assert Client(server, token).status("GET", "/user") == (401, "Bad credentials")
    assert Client(server, "").status("POST", path, json=body) == (404, "Not Found")


@pytest.mark.parametrize(
    ("login", "count"), [("queen", 1), ("worker", 1), ("helper", 1), ("outsider", 0)]
)
def test_whoever_reads_something_of_an_installation_sees_it(
    server: SimulatorServer,
    world: World,
    app: App,
    installation: Installation,
    nest: Repository,
    login: str,
    count: int,
) -> None:
    nest.collaborators.add(world.add_actor("helper"))
    world.add_actor("outsider")
    client = signed_in(server, world, app, login)
    path = f"/user/installations/{installation.database_id}/repositories"

    listed = client("GET", "/user/installations")
    repositories = client("GET", path)

    row = assert_shape(listed, models.UserInstallationsGetResponse200)
    assert row["total_count"] == len(row["installations"]) == count
    assert repositories.status_code == (200 if count else 404)
    if count:
        shape = models.UserInstallationsInstallationIdRepositoriesGetResponse200
        (found,) = assert_shape(repositories, shape)["repositories"]
        assert (found["name"], found["permissions"]["admin"]) == ("nest", login == "queen")


def test_installations_are_not_for_personal_tokens(github: Any) -> None:
    response = github.get("/user/installations")

    assert response.status_code == 403
    assert response.json()["message"].startswith("You must authenticate with an access token")


@pytest.mark.parametrize(("login", "role"), [("queen", "admin"), ("worker", "member")])
def test_a_user_has_a_role_in_an_organisation(
    server: SimulatorServer,
    world: World,
    app: App,
    installation: Installation,
    login: str,
    role: str,
) -> None:
    response = signed_in(server, world, app, login)("GET", "/user/memberships/orgs/colony")

    assert assert_shape(response, models.OrgMembership)["role"] == role


def test_a_role_is_shown_to_members_and_with_the_permission_only(
    server: SimulatorServer, world: World, app: App, installation: Installation
) -> None:
    world.add_actor("outsider")
    path = "/user/memberships/orgs/colony"

    assert signed_in(server, world, app, "outsider").status("GET", path)[0] == 404
    installation.permissions = {"metadata": "read"}
    response = signed_in(server, world, app, "worker")("GET", path)
    assert response.status_code == 403
    assert response.headers["X-Accepted-GitHub-Permissions"] == "members=read"


def test_a_users_token_reads_what_both_the_user_and_the_app_read(
    server: SimulatorServer, world: World, app: App, installation: Installation, colony: Actor
) -> None:
    world.add_repository(colony, "uncovered", is_private=True)
    world.add_actor("outsider")
    paths = ["/repos/colony/nest/issues", "/repos/colony/uncovered/issues"]

    seen = {
        login: [signed_in(server, world, app, login).status("GET", path)[0] for path in paths]
        for login in ("worker", "outsider")
    }

    assert seen == {"worker": [200, 404], "outsider": [404, 404]}


def test_an_app_learns_addresses_only_with_the_permission(
    server: SimulatorServer, world: World, app: App
) -> None:
    worker = world.actor("worker")
    assert worker is not None
    worker.emails = {"worker@ants.org": True, "typed@ants.org": False}
    client = signed_in(server, world, app, "worker")
    assert client("GET", "/user/emails").status_code == 403

    app.permissions = {**app.permissions, "emails": "read"}

    emails = assert_shape(client("GET", "/user/emails"), list[models.Email])
    assert [(one["email"], one["verified"], one["primary"]) for one in emails] == [
        ("worker@ants.org", True, True),
        ("typed@ants.org", False, False),
    ]
