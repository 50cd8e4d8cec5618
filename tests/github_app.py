"""Fixtures: a GitHub App, an organisation that has it, and people who go to GitHub and back."""

from collections.abc import Callable
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from django.test import Client
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubApp, GitHubInstallation
from dexxy.integrations.services.github.access.app import app_store
from dexxy.integrations.services.github.access.lease import lease_taken
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.app_registration import manifest
from dexxy.integrations.services.github.connecting.installation_link import installation_link
from dexxy.integrations.services.github.connecting.oauth import CALLBACK_PATH
from dexxy.integrations.services.github.scheduling.reconcile import installation_reconcile
from dexxy.integrations.services.github_client import GitHubClient
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World

Link = Callable[..., GitHubInstallation]


@cache
def _key() -> RSAPrivateKey:
    """Make a key once: it takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def app_registered(world: World, owner: Actor) -> App:
    """Register our App from our manifest, as GitHub knows it then."""
    return world.register_app(owner, {**manifest(), "public": True}, _key())


def app_known(world: World, app: App, github: GitHubServer) -> GitHubApp:
    """Store an App as we know it when it was registered."""
    with GitHubClient(
        api_url=github.api_url, graphql_url=github.graphql_url, token=httpx.Auth()
    ) as client:
        code = world.manifest_code(app)
        return app_store(github, client.post(f"app-manifests/{code}/conversions").data)


@pytest.fixture
def at_github(settings: Settings, github: GitHubServer) -> GitHubServer:
    """Let the environment name the simulator."""
    settings.DEXXY_GITHUB_API_URL = github.api_url
    settings.DEXXY_GITHUB_GRAPHQL_URL = github.graphql_url
    settings.DEXXY_GITHUB_WEB_URL = github.web_url
    return github


@pytest.fixture
def colony(world: World) -> Actor:
    """An organisation: `queen` is its owner, `worker` a member."""
    colony = world.add_actor("colony", "Organization")
    colony.members = {world.add_actor("queen"): "admin", world.add_actor("worker"): "member"}
    return colony


@pytest.fixture
def nest(world: World, colony: Actor) -> Repository:
    """A private repository of the organisation, with one issue."""
    nest = world.add_repository(colony, "nest", is_private=True)
    world.open_issue(nest, world.actor("worker"), "Leaks")
    return nest


@pytest.fixture
def hill(world: World, colony: Actor) -> Repository:
    """A public repository of the organisation."""
    return world.add_repository(colony, "hill")


@pytest.fixture
def simulated_app(world: World, colony: Actor, at_github: GitHubServer) -> App:
    """The App as GitHub knows it, registered from our manifest."""
    return app_registered(world, colony)


@pytest.fixture
def github_app(db: None, world: World, simulated_app: App, at_github: GitHubServer) -> GitHubApp:
    """The App as we know it."""
    return app_known(world, simulated_app, at_github)


@pytest.fixture
def installed(
    world: World, simulated_app: App, colony: Actor, nest: Repository, hill: Repository
) -> Installation:
    """The App installed on all of the organisation."""
    return world.install(simulated_app, colony)


def described(installation: Installation) -> dict[str, object]:
    """Write an installation as GitHub does, as far as we look."""
    account = installation.account
    return {
        "id": installation.database_id,
        "app_id": installation.app.database_id,
        "account": {
            "id": account.database_id,
            "login": account.login,
            "type": account.kind,
        },
        "permissions": dict(installation.permissions),
        "suspended_at": installation.suspended_at and installation.suspended_at.isoformat(),
    }


@pytest.fixture
def link(github_app: GitHubApp, alice: User, workspace: Workspace) -> Link:
    """Let a workspace read with an installation, as if its admin had proven to own it."""

    def linked(
        installation: Installation, into: Workspace = workspace, by: User = alice
    ) -> GitHubInstallation:
        data = described(installation)
        return installation_link(viewer=by, workspace=into, app=github_app, data=data).installation

    return linked


@pytest.fixture
def linked(link: Link, installed: Installation) -> GitHubInstallation:
    """The organisation's installation, linked to Alice's and Bob's workspace."""
    return link(installed)


def reconcile(installation: GitHubInstallation) -> None:
    """Compare an installation with GitHub."""
    assert installation.credential is not None
    with lease_taken(installation.credential) as lease:
        installation_reconcile(installation.pk, lease)


class Traveller:
    """Somebody's browser: signed in here, and maybe on GitHub under a login of there."""

    def __init__(self, client: Client, github: SimulatorServer, login: str) -> None:
        self.client, self._github, self._login = client, github, login

    def at_github(self, address: str, do: str = "") -> str:
        """Open a page of GitHub's, press its button DO if it asks; return where that leads."""
        headers = {"X-Simulator-As": self._login}
        response = httpx.get(address, headers=headers)
        if do and response.status_code == 200:
            response = httpx.post(address, headers=headers, data={"do": do})
        assert response.status_code == 302, response.text
        return response.headers["location"]

    def back(self, address: str) -> str:
        """Return what is below our root of an address to which GitHub sends the browser back."""
        parts = urlsplit(address)
        assert parts.path == CALLBACK_PATH
        return f"{parts.path}?{parts.query}"


def query_of(address: str) -> dict[str, str]:
    """Return the parameters of an address."""
    return dict(parse_qsl(urlsplit(address).query))


@pytest.fixture
def travel(simulator: SimulatorServer) -> Callable[..., Traveller]:
    """Make a browser for a user of ours who has a login on GitHub."""

    def traveller(user: User | None, login: str) -> Traveller:
        client = Client()
        if user is not None:
            client.force_login(user)
        return Traveller(client, simulator, login)

    return traveller
