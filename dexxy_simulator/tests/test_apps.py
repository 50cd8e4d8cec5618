"""GitHub Apps: registering, proving, installing, and what their tokens may read."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from githubkit_schemas.v2026_03_10 import models

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import MANIFEST, Client, assert_shape, later, minted, proof
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.world import World

ADMIN = {"X-Simulator-As": "queen"}


# --- registering ---


def register(server: SimulatorServer, manifest: dict[str, Any], **form: str) -> httpx.Response:
    path = "/organizations/colony/settings/apps/new?state=s%20t"
    data = {"manifest": json.dumps(manifest), **form}
    return Client(server, "", **ADMIN)("POST", path, data=data)


def test_a_manifest_becomes_an_app_after_a_click(
    server: SimulatorServer, world: World, colony: Actor
) -> None:
    page = register(server, MANIFEST)
    back = register(server, MANIFEST, do="create", name="Dexxy Renamed")

    assert (page.status_code, back.status_code) == (200, 302)
    assert "Create GitHub App" in page.text
    (app,) = world.apps.values()
    assert (app.slug, app.owner, app.events) == (
        "dexxy-renamed",
        colony,
        sorted(MANIFEST["default_events"]),
    )
    location = urlsplit(back.headers["location"])
    assert f"{location.scheme}://{location.netloc}{location.path}" == MANIFEST["redirect_url"]
    assert parse_qs(location.query).keys() == {"code", "state"}
    assert parse_qs(location.query)["state"] == ["s t"]


def test_a_manifest_without_a_name_asks_for_one(
    server: SimulatorServer, world: World, colony: Actor
) -> None:
    manifest = {name: value for name, value in MANIFEST.items() if name != "name"}

    asked = register(server, manifest)
    register(server, manifest, do="create", name="Given by hand")

    assert 'name="name" value=""' in asked.text
    assert [one.slug for one in world.apps.values()] == ["given-by-hand"]


def test_the_code_of_a_registration_gives_the_secrets_once(
    server: SimulatorServer, world: World, app: App
) -> None:
    code = world.manifest_code(app)
    path = f"/app-manifests/{code}/conversions"

    first = Client(server, "")("POST", path)

    assert first.status_code == 201
    row = assert_shape(first, models.AppManifestsCodeConversionsPostResponse201)
    assert (row["client_secret"], row["webhook_secret"]) == (app.client_secret, app.hook.secret)
    assert row["pem"].startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    assert Client(server, "").status("POST", path) == (404, "Not Found")


def test_the_code_of_a_registration_is_good_for_an_hour(
    server: SimulatorServer, world: World, app: App, clock: Clock
) -> None:
    code = world.manifest_code(app)
    clock.pass_by(hours=1)

    answer = Client(server, "").status("POST", f"/app-manifests/{code}/conversions")

    assert answer == (404, "Not Found")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, "Name must be present and at most 34 characters"),
        ({"name": "x" * 35}, "Name must be present and at most 34 characters"),
        ({"url": None}, "URL can&#x27;t be blank"),
        ({"hook_attributes": {}}, "Hook URL can&#x27;t be blank"),
        ({"default_permissions": {}}, "Default events unsupported: discussion and "),
        ({"default_events": ["installation"]}, "Default events unsupported: installation"),
        ({"default_permissions": {"issues": "all"}}, "Default permission level all is not valid"),
        ({"callback_urls": ["http://x"] * 11}, "Callback URLs are limited to 10"),
    ],
)
def test_a_manifest_that_github_refuses_makes_no_app(
    server: SimulatorServer, world: World, colony: Actor, change: dict[str, Any], problem: str
) -> None:
    manifest = {**MANIFEST, **change}

    response = register(server, manifest, do="create", name=manifest["name"])

    assert response.status_code == 422
    assert problem in response.text
    assert world.apps == {}


def test_a_name_is_taken_once(server: SimulatorServer, app: App) -> None:
    response = register(server, MANIFEST)

    assert "Name is already taken" in response.text


def test_only_an_owner_registers_for_an_organisation(
    server: SimulatorServer, colony: Actor
) -> None:
    path = "/organizations/colony/settings/apps/new?as=worker"

    assert Client(server, "")("GET", path).status_code == 404


# --- proving ---


def test_the_app_shows_itself_to_itself(as_app: Client, installation: Installation) -> None:
    row = assert_shape(as_app("GET", "/app"), models.Integration)

    assert (row["slug"], row["installations_count"]) == ("dexxy-of-tests", 1)


@pytest.mark.parametrize("issuer", ["client_id", "database_id"])
def test_a_proof_names_the_app_by_either_id(
    server: SimulatorServer, world: World, app: App, issuer: str
) -> None:
    token = proof(world, app, iss=str(getattr(app, issuer)))

    assert Client(server, token)("GET", "/app").status_code == 200


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"exp": 0}, 401, "'Expiration time' claim ('exp') must be"),
        ({"exp": 601}, 401, "'Expiration time' claim ('exp') is too far in the future"),
        ({"exp": None}, 401, "'Expiration time' claim ('exp') must be"),
        ({"iat": 1}, 401, "'Issued at' claim ('iat') must be"),
        ({"iat": None}, 401, "'Issued at' claim ('iat') must be"),
        ({"iss": "nobody"}, 404, "Integration not found"),
    ],
)
def test_a_proof_with_wrong_claims_is_refused(
    server: SimulatorServer,
    world: World,
    app: App,
    claims: dict[str, Any],
    status: int,
    message: str,
) -> None:
    now = later(world)
    changes = {
        name: now + value if isinstance(value, int) else value for name, value in claims.items()
    }

    answer = Client(server, proof(world, app, **changes)).status("GET", "/app")

    assert answer[0] == status
    assert answer[1].startswith(message)


def test_a_clock_that_is_fast_makes_a_proof_too_old(
    server: SimulatorServer, world: World, app: App, clock: Clock
) -> None:
    token = proof(world, app)
    clock.pass_by(minutes=9)

    assert Client(server, token).status("GET", "/app")[0] == 401


def test_a_proof_by_another_key_is_refused(
    server: SimulatorServer, world: World, app: App, colony: Actor
) -> None:
    other = world.register_app(colony, {**MANIFEST, "name": "Other"})
    token = proof(world, other, iss=app.client_id)

    answer = Client(server, token).status("GET", "/app")

    assert answer == (401, "A JSON web token could not be decoded")


def test_only_a_proof_opens_what_is_the_apps(
    server: SimulatorServer, world: World, installation: Installation
) -> None:
    client = minted(server, world, installation)

    assert client.status("GET", "/app") == (401, "A JSON web token could not be decoded")


# --- installations ---


def test_installations_are_found_by_number_account_and_repository(
    as_app: Client, installation: Installation, world: World, app: App, nest: Repository
) -> None:
    everywhere = world.install(app, world.repository("panjf2000/ants").owner)  # type: ignore[union-attr]
    paths = [
        f"/app/installations/{installation.database_id}",
        "/orgs/colony/installation",
        "/repos/colony/nest/installation",
        "/users/panjf2000/installation",
        "/repos/panjf2000/ants/installation",
    ]

    rows = [assert_shape(as_app("GET", path), models.Installation) for path in paths]
    listed = assert_shape(as_app("GET", "/app/installations"), list[models.Installation])

    numbers = [installation.database_id, everywhere.database_id]
    assert [row["id"] for row in rows] == [numbers[0]] * 3 + [numbers[1]] * 2
    assert [row["repository_selection"] for row in listed] == ["selected", "all"]
    assert [row["id"] for row in listed] == numbers


@pytest.mark.parametrize(
    "path",
    [
        "/app/installations/1",
        "/users/colony/installation",
        "/orgs/panjf2000/installation",
        "/repos/panjf2000/ants/installation",
        "/repos/colony/gone/installation",
    ],
)
def test_there_is_no_installation_elsewhere(
    as_app: Client, installation: Installation, path: str
) -> None:
    assert as_app.status("GET", path) == (404, "Not Found")


def test_a_request_of_a_member_is_listed_until_it_is_granted(
    as_app: Client, world: World, app: App, colony: Actor
) -> None:
    worker = world.actor("worker")
    assert worker is not None
    world.request_installation(app, colony, worker)
    asked = as_app("GET", "/app/installation-requests")
    world.install(app, colony)

    (row,) = assert_shape(asked, list[models.IntegrationInstallationRequest])
    assert (row["account"]["login"], row["requester"]["login"]) == ("colony", "worker")
    assert as_app("GET", "/app/installation-requests").json() == []


@pytest.mark.parametrize(("version", "status"), [("2022-11-28", 204), ("2026-03-10", 202)])
def test_an_app_uninstalls_itself_and_its_tokens_end(
    server: SimulatorServer,
    as_app: Client,
    world: World,
    installation: Installation,
    version: str,
    status: int,
) -> None:
    client = minted(server, world, installation)
    path = f"/app/installations/{installation.database_id}"

    response = as_app("DELETE", path, headers={"X-GitHub-Api-Version": version})

    assert response.status_code == status
    assert as_app.status("POST", f"{path}/access_tokens") == (404, "Not Found")
    assert client.status("GET", "/installation/repositories") == (401, "Bad credentials")


def test_a_suspended_installation_gets_and_uses_no_token(
    server: SimulatorServer, as_app: Client, world: World, installation: Installation
) -> None:
    client = minted(server, world, installation)
    path = f"/app/installations/{installation.database_id}"
    refusal = (403, "This installation has been suspended")

    assert as_app("PUT", f"{path}/suspended").status_code == 204
    shown = as_app("GET", path).json()
    refused = [
        as_app.status("POST", f"{path}/access_tokens"),
        client.status("GET", "/repos/panjf2000/ants"),
    ]
    assert as_app("DELETE", f"{path}/suspended").status_code == 204

    assert (shown["suspended_at"], shown["suspended_by"]["login"]) == (
        "2026-11-23T12:00:00Z",
        "colony",
    )
    assert refused == [refusal] * 2
    assert client.status("GET", "/repos/colony/nest") == (200, "")


def test_a_suspension_ends_by_the_side_that_began_it(
    server: SimulatorServer, as_app: Client, world: World, installation: Installation
) -> None:
    path = f"/app/installations/{installation.database_id}/suspended"
    queen = Client(server, "", **ADMIN)

    world.suspend(installation, world.actor("queen"))
    by_app = as_app.status("DELETE", path)[0]
    world.unsuspend(installation)
    as_app("PUT", path)
    page = queen("GET", installation.path).text

    assert by_app == 403
    assert installation.suspended_at is not None
    assert "Unsuspend" not in page
    assert "Suspend" not in page


# --- tokens ---


@pytest.mark.parametrize(
    ("stateless", "header", "length"),
    [
        (True, {}, 516),
        (False, {}, 40),
        (True, {"X-GitHub-Stateless-S2S-Token": "disabled"}, 40),
        (False, {"X-GitHub-Stateless-S2S-Token": "enabled"}, 516),
    ],
)
def test_a_token_has_one_of_two_formats(
    as_app: Client,
    world: World,
    installation: Installation,
    stateless: bool,
    header: dict[str, str],
    length: int,
) -> None:
    world.dialect = Dialect(stateless_tokens=stateless)
    path = f"/app/installations/{installation.database_id}/access_tokens"

    response = as_app("POST", path, headers=header)

    assert response.status_code == 201
    row = assert_shape(response, models.InstallationToken)
    assert row["token"].startswith("ghs_")
    assert len(row["token"]) == length
    assert row["expires_at"] == "2026-11-23T13:00:00Z"


def test_a_token_ends_after_an_hour_and_when_it_says_so(
    server: SimulatorServer, world: World, installation: Installation, clock: Clock
) -> None:
    first, second = (minted(server, world, installation) for _ in range(2))
    path = "/installation/repositories"

    assert first("DELETE", "/installation/token").status_code == 204
    assert first.status("GET", path) == (401, "Bad credentials")
    clock.pass_by(minutes=59)
    assert second.status("GET", path)[0] == 200
    clock.pass_by(minutes=1)
    assert second.status("GET", path) == (401, "Bad credentials")


def test_a_token_can_be_narrowed(
    server: SimulatorServer,
    as_app: Client,
    world: World,
    installation: Installation,
    colony: Actor,
    nest: Repository,
) -> None:
    other = world.add_repository(colony, "other", is_private=True)
    world.select_repositories(installation, [nest, other])
    path = f"/app/installations/{installation.database_id}/access_tokens"
    body = {"repositories": ["nest"], "permissions": {"pull_requests": "read"}}

    row = assert_shape(as_app("POST", path, json=body), models.InstallationToken)

    client = Client(server, row["token"])
    assert [one["name"] for one in row["repositories"]] == ["nest"]
    assert row["permissions"] == {"metadata": "read", "pull_requests": "read"}
    assert client.status("GET", "/repos/colony/nest/pulls")[0] == 200
    assert client.status("GET", "/repos/colony/other") == (404, "Not Found")
    listed = client("GET", "/installation/repositories").json()
    assert [one["name"] for one in listed["repositories"]] == ["nest"]


@pytest.mark.parametrize(
    "body",
    [
        {"repositories": ["ants"]},
        {"repository_ids": [1]},
        {"permissions": {"issues": "write"}},
        {"permissions": {"contents": "read"}},
    ],
)
def test_a_token_cannot_be_widened(
    as_app: Client, installation: Installation, body: dict[str, Any]
) -> None:
    path = f"/app/installations/{installation.database_id}/access_tokens"

    assert as_app.status("POST", path, json=body)[0] == 422


@pytest.mark.parametrize(
    ("permissions", "status", "message"),
    [
        (None, 401, "Bad credentials"),
        (None, 403, "Bad credentials"),
        ({"issues": "read"}, 401, "Bad credentials"),
        ({"issues": "read"}, 403, "Resource not accessible by integration"),
    ],
)
def test_a_new_token_is_not_known_everywhere_at_once(
    server: SimulatorServer,
    world: World,
    installation: Installation,
    clock: Clock,
    permissions: Any,
    status: Any,
    message: str,
) -> None:
    world.dialect = Dialect(fresh_token_status=status)
    world.token_lag = timedelta(seconds=3)
    client = Client(server, world.mint(installation, permissions).value)
    path = "/installation/repositories"

    fresh = client.status("GET", path)
    clock.pass_by(seconds=3)

    # Only of a part of the permissions it may be said that they are not there yet.
    assert fresh == (status if permissions else 401, message)
    assert client.status("GET", path)[0] == 200


# --- what a token reads ---


def test_the_repositories_of_an_installation_come_in_pages(
    server: SimulatorServer, world: World, installation: Installation, colony: Actor
) -> None:
    for number in range(3):
        world.add_repository(colony, f"n{number}")
    world.select_repositories(installation, None)

    response = minted(server, world, installation)("GET", "/installation/repositories?per_page=3")

    body = assert_shape(response, models.InstallationRepositoriesGetResponse200)
    assert (body["total_count"], len(body["repositories"])) == (4, 3)
    assert body["repository_selection"] == "all"
    assert response.links["next"]["url"].endswith("/installation/repositories?per_page=3&page=2")


def test_an_installation_reads_its_repositories_and_what_is_public(
    server: SimulatorServer, world: World, installation: Installation, colony: Actor
) -> None:
    world.add_repository(colony, "secret", is_private=True)
    client = minted(server, world, installation)

    statuses = [
        client.status("GET", f"/repos/{name}/issues")[0]
        for name in ("colony/nest", "panjf2000/ants", "colony/secret")
    ]

    assert statuses == [200, 200, 404]


@pytest.mark.parametrize(
    ("path", "accepted"),
    [("issues", "issues=read; pull_requests=read"), ("pulls", "pull_requests=read")],
)
def test_without_the_permission_a_private_repository_is_refused(
    server: SimulatorServer, world: World, installation: Installation, path: str, accepted: str
) -> None:
    installation.permissions = {"metadata": "read"}

    response = minted(server, world, installation)("GET", f"/repos/colony/nest/{path}")

    assert response.status_code == 403
    assert response.json()["message"] == "Resource not accessible by integration"
    assert response.headers["X-Accepted-GitHub-Permissions"] == accepted


NEST = 'repository(owner: "colony", name: "nest")'


def test_graphql_refuses_what_is_not_permitted_and_shows_the_rest(
    server: SimulatorServer, world: World, installation: Installation, nest: Repository
) -> None:
    installation.permissions = {"metadata": "read", "pull_requests": "read"}
    client = minted(server, world, installation)
    issue = next(iter(nest.issues.values()))
    fields = "issues(first: 1) { totalCount } pullRequests(first: 1) { totalCount }"
    node = f'node(id: "{issue.node_id}") {{ id }}'

    answer = client.query(f"{{ {NEST} {{ {fields} }} {node} }}")

    assert answer["data"] is not None
    assert answer["data"]["node"] is None
    assert [(one["type"], one["path"], one["message"]) for one in answer["errors"]] == [
        ("FORBIDDEN", path, "Resource not accessible by integration")
        for path in (["repository", "issues"], ["node"])
    ]


@pytest.mark.parametrize(("strict", "errors"), [(False, 0), (True, 1)])
def test_the_dialect_knows_whether_graphql_shows_public_data_to_any_app(
    server: SimulatorServer, world: World, installation: Installation, strict: bool, errors: int
) -> None:
    world.dialect = Dialect(graphql_needs_permissions_for_public=strict)
    document = (
        '{ repository(owner: "panjf2000", name: "ants") { issues(first: 1) { totalCount } } }'
    )

    answer = minted(server, world, installation).query(document)

    assert len(answer.get("errors", ())) == errors


def test_an_installation_is_its_bot_and_no_user(
    server: SimulatorServer, world: World, installation: Installation
) -> None:
    client = minted(server, world, installation)

    assert client.query("{ viewer { login } }")["data"] == {"viewer": {"login": "dexxy-of-tests"}}
    assert client.status("GET", "/user") == (403, "Resource not accessible by integration")
    assert client.status("GET", "/user/installations")[0] == 403


def test_each_installation_has_its_own_limits(
    server: SimulatorServer, world: World, app: App, installation: Installation
) -> None:
    other = world.install(app, world.repository("panjf2000/ants").owner)  # type: ignore[union-attr]
    clients = [minted(server, world, one) for one in (installation, installation, other)]

    used = [
        client("GET", "/repos/panjf2000/ants").headers["x-ratelimit-used"] for client in clients
    ]

    assert used == ["1", "2", "1"]


@pytest.mark.parametrize(("repositories", "limit"), [(20, 5000), (21, 5050), (200, 12500)])
def test_many_repositories_raise_the_limits(
    server: SimulatorServer,
    world: World,
    app: App,
    colony: Actor,
    repositories: int,
    limit: int,
) -> None:
    for number in range(repositories):
        world.add_repository(colony, f"n{number}")
    client = minted(server, world, world.install(app, colony))

    response = client("GET", "/repos/colony/n1")

    assert response.headers["x-ratelimit-limit"] == str(limit)
