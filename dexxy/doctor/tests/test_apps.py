from collections.abc import Iterator

import httpx
import pytest
from django.db import connection
from pytest_django import Settings

from dexxy.doctor import Finding, State, apps, installations
from dexxy.integrations.models import GitHubApp, GitHubInstallation
from dexxy.integrations.services.github.access.app import app_store
from dexxy.integrations.services.github.access.app_settings import AppSettings
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.app_registration import EVENTS, manifest
from dexxy.integrations.services.github_client import GitHubClient
from dexxy_simulator.faults import Fault
from dexxy_simulator.faults.bodies import date_off
from dexxy_simulator.model import Actor, App, Installation
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World

PUBLIC = "https://dexxy.example.org"


@pytest.fixture
def at_public_address(settings: Settings) -> None:
    settings.DEXXY_BASE_URL = PUBLIC


def found(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_without_an_app_it_says_where_to_register_one(db: None) -> None:
    (finding,) = apps.apps()

    assert finding.state is State.NOTICE
    assert finding.fix.endswith("/setup/github/.")


@pytest.mark.usefixtures("at_public_address", "github_app")
def test_an_app_that_github_knows_is_well() -> None:
    findings = found(apps.apps())

    assert {name: finding.state for name, finding in findings.items()} == {
        "GitHub App": State.OK,
        "Clock": State.OK,
        "Permissions and events of the App": State.OK,
        "Webhook address": State.OK,
        "Webhook deliveries": State.NOTICE,
    }


@pytest.mark.usefixtures("github_app")
def test_without_a_public_address_nothing_is_said_of_webhooks() -> None:
    assert set(found(apps.apps())) == {
        "GitHub App",
        "Clock",
        "Permissions and events of the App",
    }


def test_a_key_that_github_does_not_take_is_not_well(github_app: GitHubApp) -> None:
    github_app.app_id += 1
    github_app.save()

    (finding,) = apps.apps()

    assert finding.state is State.FAILED
    assert "signature" in finding.fix


@pytest.mark.usefixtures("github_app")
def test_an_app_that_does_not_ask_for_enough_says_for_what(simulated_app: App) -> None:
    asked = dict(simulated_app.permissions)
    del asked["discussions"]
    simulated_app.permissions = asked

    finding = found(apps.apps())["Permissions and events of the App"]

    assert finding.says == "It does not ask for: Discussions: read."


@pytest.mark.usefixtures("github_app")
def test_an_app_that_people_shall_sign_in_by_needs_more(settings: Settings) -> None:
    settings.DEXXY_SIGN_IN_GITHUB = True

    findings = found(apps.apps())

    says = findings["Permissions and events of the App"].says
    assert says == "It does not ask for: Email addresses: read (of accounts, for signing in)."
    address = "http://localhost:8000/accounts/github/login/callback/"
    assert findings["Sign-in by GitHub"].says == f"GitHub has to send people back to {address}."


@pytest.mark.usefixtures("github_app")
@pytest.mark.parametrize(("seconds", "says"), [(90, "slow"), (-90, "fast")])
def test_a_clock_that_is_off_says_in_which_direction(
    simulator: SimulatorServer, seconds: int, says: str
) -> None:
    simulator.faults.add(Fault(date_off(seconds)))

    finding = found(apps.apps())["Clock"]

    assert finding.state is State.FAILED
    assert says in finding.says


@pytest.mark.usefixtures("at_public_address", "github_app")
def test_webhooks_that_go_elsewhere_are_not_well(settings: Settings) -> None:
    settings.DEXXY_BASE_URL = "https://moved.example.org"

    finding = found(apps.apps())["Webhook address"]

    assert finding.says == f"GitHub sends to {PUBLIC}/webhooks/github/."
    assert finding.fix == "Set the App's webhook URL to https://moved.example.org/webhooks/github/."


@pytest.mark.usefixtures("github_app")
def test_an_app_of_before_there_was_a_public_address_has_to_be_registered_again(
    settings: Settings,
) -> None:
    assert GitHubApp.objects.get().webhook_secret.read() == ""
    settings.DEXXY_BASE_URL = PUBLIC

    findings = found(apps.apps())

    assert set(findings) == {
        "GitHub App",
        "Clock",
        "Permissions and events of the App",
        "Webhook secret",
    }
    assert findings["Permissions and events of the App"].state is State.OK
    assert findings["Webhook secret"].state is State.FAILED
    assert f"again at {PUBLIC}/setup/github/" in findings["Webhook secret"].fix


@pytest.mark.usefixtures("at_public_address")
def test_an_app_of_the_environment_without_a_secret_is_given_one_there(
    github_app: GitHubApp, settings: Settings
) -> None:
    settings.DEXXY_GITHUB_APP = AppSettings(
        github_app.app_id, github_app.client_id, "secret", github_app.private_key.read(), ""
    )

    finding = found(apps.apps())["Webhook secret"]

    assert finding.fix.startswith("Set DEXXY_GITHUB_WEBHOOK_SECRET")


@pytest.mark.usefixtures("at_public_address")
def test_an_app_of_before_is_looked_at_as_long_as_something_is_read_by_it(
    linked: GitHubInstallation, world: World, colony: Actor, at_github: GitHubServer
) -> None:
    GitHubApp.objects.update(webhook_secret="")
    newer = world.register_app(colony, {**manifest(), "name": "newer", "public": True})
    with GitHubClient(
        api_url=at_github.api_url, graphql_url=at_github.graphql_url, token=httpx.Auth()
    ) as client:
        code = world.manifest_code(newer)
        app_store(at_github, client.post(f"app-manifests/{code}/conversions").data)

    findings = found(apps.apps())

    assert linked.app is not None
    assert findings["GitHub App"].says.startswith("GitHub knows it as newer")
    assert findings["Webhook address"].state is State.OK
    assert findings[f"Webhook secret ({linked.app.slug})"].state is State.FAILED
    GitHubInstallation.objects.update(workspace=None)
    assert not any(linked.app.slug in name for name in found(apps.apps()))


def test_an_app_whose_secrets_no_key_opens_stops_nothing_else(github_app: GitHubApp) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubapp SET private_key = 'unreadable'")

    (finding,) = apps.apps()

    assert finding.state is State.FAILED
    assert finding.says == "Its secrets cannot be read."


def test_a_connection_that_can_be_read_is_well(linked: GitHubInstallation) -> None:
    (finding,) = installations.installations()

    assert finding.state is State.OK
    assert finding.says.startswith("GitHub lets Dexxy read colony")


@pytest.mark.usefixtures("linked")
def test_a_connection_that_grants_too_little_says_what_is_missing(db: None) -> None:
    GitHubInstallation.objects.update(permissions={"metadata": "read", "issues": "write"})

    (finding,) = installations.installations()

    assert finding.state is State.FAILED
    assert finding.says.endswith(
        "does not grant: Pull requests: read, Discussions: read, Members: read."
    )


def test_a_connection_that_sends_too_little_says_about_what(
    linked: GitHubInstallation, installed: Installation, settings: Settings
) -> None:
    settings.DEXXY_BASE_URL = PUBLIC
    GitHubApp.objects.update(webhook_secret="secret")
    installed.events = [event for event in EVENTS if event != "discussion_comment"]

    (finding,) = installations.installations()

    assert finding.state is State.FAILED
    assert finding.says.endswith("about: Discussion comment events.")
    GitHubApp.objects.update(webhook_secret="")
    (finding,) = installations.installations()
    assert finding.state is State.OK


def test_a_suspended_connection_says_who_can_end_it(linked: GitHubInstallation) -> None:
    linked.is_suspended = True
    linked.save()

    (finding,) = installations.installations()

    assert finding.says.endswith("suspended the App.")


def test_a_connection_that_github_refuses_stands_with_the_reason(
    linked: GitHubInstallation, installed: Installation, world: World
) -> None:
    world.uninstall(installed)

    (finding,) = installations.installations()

    assert finding.state is State.FAILED
    assert finding.says.endswith("cannot be read.")
