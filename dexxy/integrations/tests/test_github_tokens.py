"""Tokens of the App: made, kept, renewed in time, and given up."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.db import connection, connections
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubApp, GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.access import tokens as github_tokens
from dexxy.integrations.services.github.access.app import AppRefusedError, app_jwt
from dexxy.integrations.services.github.access.tokens import (
    NotConnectedError,
    TokenBusyError,
    installation_client,
    installation_token,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.faults import Fault, secondary_limit, status
from dexxy_simulator.model import Installation
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World


def ends_in(installation: GitHubInstallation, **span: float) -> None:
    ends = timezone.now() + timedelta(**span)
    GitHubInstallation.objects.filter(pk=installation.pk).update(token_expires_at=ends)


def mints(simulator: SimulatorServer) -> int:
    return simulator.requests.count("installation_token")


def test_the_proof_of_the_app_lasts_nine_minutes_and_began_a_minute_ago(
    github_app: GitHubApp,
) -> None:
    now = timezone.now().replace(microsecond=0)

    claims = jwt.decode(app_jwt(github_app, now), options={"verify_signature": False})

    assert claims["iat"] == int(now.timestamp()) - 60
    assert claims["exp"] == int(now.timestamp()) + 540


@pytest.mark.parametrize(("server", "issuer"), [("github", "client_id"), ("github:x", "app_id")])
def test_the_app_calls_itself_by_what_its_server_knows(
    github_app: GitHubApp, server: str, issuer: str
) -> None:
    github_app.server = server

    claims = jwt.decode(app_jwt(github_app), options={"verify_signature": False})

    assert claims["iss"] == str(getattr(github_app, issuer))


def pem(key: RSAPrivateKey | EllipticCurvePrivateKey, password: bytes = b"") -> str:
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked).decode()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "-----BEGIN nothing",
        pem(generate_private_key(SECP256R1())),
        pem(generate_rsa_key(65537, 2048), password=b"secret"),
    ],
    ids=["empty", "no PEM", "not RSA", "with a password"],
)
def test_a_key_that_is_none_is_named_in_one_line(github_app: GitHubApp, key: str) -> None:
    github_app.private_key = key

    with pytest.raises(AppRefusedError, match="private key cannot be read"):
        app_jwt(github_app)


@pytest.mark.parametrize("stateless", [True, False])
def test_a_token_is_made_once_and_kept_encrypted(
    linked: GitHubInstallation, simulator: SimulatorServer, world: World, stateless: bool
) -> None:
    world.dialect = Dialect(stateless_tokens=stateless)

    token = installation_token(linked)

    assert installation_token(linked) == token
    assert mints(simulator) == 1
    assert (len(token) > 500) is stateless
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_githubinstallation")
        assert token not in cursor.fetchone()[0]


def test_a_token_is_renewed_five_minutes_before_its_end(
    linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    first = installation_token(linked)

    ends_in(linked, minutes=5, seconds=5)
    assert installation_token(linked) == first
    ends_in(linked, minutes=5, seconds=-5)
    assert installation_token(linked) != first
    assert mints(simulator) == 2


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_need_a_token_at_once_one_asks_for_it(
    linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    simulator.latency = 0.3

    def get(_: int) -> str:
        try:
            return installation_token(linked)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(get, range(8)))

    assert len(tokens) == 1
    assert mints(simulator) == 1


def test_while_another_process_asks_the_old_token_still_serves(
    linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    old = installation_token(linked)
    ends_in(linked, minutes=2)
    GitHubInstallation.objects.update(token_refreshing_since=timezone.now())

    assert installation_token(linked) == old
    assert mints(simulator) == 1


def test_whoever_waits_for_another_process_in_vain_is_told_so(
    linked: GitHubInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    GitHubInstallation.objects.update(token_refreshing_since=timezone.now())
    monkeypatch.setattr(github_tokens, "LOOK_AT_MOST", 0.0)

    with pytest.raises(TokenBusyError):
        installation_token(linked)


def test_a_process_that_died_while_it_asked_is_replaced(
    linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    long_ago = timezone.now() - timedelta(seconds=github_tokens.CLAIM_SECONDS + 1)
    GitHubInstallation.objects.update(token_refreshing_since=long_ago)

    installation_token(linked)

    assert mints(simulator) == 1


def test_a_new_token_that_github_does_not_know_everywhere_yet_is_tried_again(
    linked: GitHubInstallation,
    simulator: SimulatorServer,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    world.token_lag = timedelta(hours=1)

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            world.token_lag = timedelta(0)

    monkeypatch.setattr(github_tokens, "sleep", sleep)

    with installation_client(linked) as client:
        assert client.get("installation/repositories").data["total_count"] == 2

    assert waited == [1.0, 2.0]
    assert mints(simulator) == 1


def test_a_new_token_that_stays_unknown_is_replaced_once(
    linked: GitHubInstallation,
    simulator: SimulatorServer,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(github_tokens, "sleep", waited.append)
    world.token_lag = timedelta(hours=1)

    with installation_client(linked) as client, pytest.raises(errors.BadCredentialsError):
        client.get("installation/repositories")

    assert waited == [1.0, 2.0, 4.0]
    assert mints(simulator) == 2


@pytest.mark.parametrize(
    ("message", "waits"),
    [
        ("Resource not accessible by integration", []),
        ("Although you appear to have the correct authorization credentials", [1.0, 2.0, 4.0]),
    ],
)
def test_a_permission_that_is_missing_costs_no_new_token_and_no_waiting(
    linked: GitHubInstallation,
    simulator: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    message: str,
    waits: list[float],
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(github_tokens, "sleep", waited.append)
    for _ in range(1 + len(waits)):
        refused = Fault(status(403, message), on="installation_repositories")
        simulator.faults.add(refused)

    with installation_client(linked) as client, pytest.raises(errors.AccessDeniedError):
        client.get("installation/repositories")

    assert waited == waits
    assert mints(simulator) == 1


def test_a_limit_that_only_the_text_tells_costs_no_new_token(
    linked: GitHubInstallation, simulator: SimulatorServer, world: World
) -> None:
    world.dialect = replace(
        world.dialect, secondary_limit_names_wait=False, secondary_limit_status=403
    )
    installation_token(linked)
    simulator.faults.add(Fault(secondary_limit(), on="installation_repositories"))

    with installation_client(linked) as client, pytest.raises(errors.RateLimitedError):
        client.get("installation/repositories")

    assert mints(simulator) == 1
    assert simulator.requests.count("installation_repositories") == 1


def test_a_token_that_was_revoked_is_replaced_at_once(
    linked: GitHubInstallation, simulator: SimulatorServer, world: World
) -> None:
    token = installation_token(linked)
    ends_in(linked, minutes=40)

    with installation_client(linked) as client:
        client.get("installation/repositories")
        world.revoke_tokens([token])
        assert client.get("installation/repositories").data["total_count"] == 2

    assert mints(simulator) == 2


def test_a_suspended_installation_is_marked_and_not_asked_again(
    linked: GitHubInstallation,
    installed: Installation,
    simulator: SimulatorServer,
    world: World,
) -> None:
    world.suspend(installed)

    for _ in range(2):
        with pytest.raises(errors.InstallationSuspendedError, match="suspended Dexxy's access"):
            installation_token(linked)

    linked.refresh_from_db()
    assert linked.is_suspended
    assert mints(simulator) == 1


def test_a_deleted_installation_is_marked_and_not_asked_again(
    linked: GitHubInstallation,
    installed: Installation,
    simulator: SimulatorServer,
    world: World,
) -> None:
    world.uninstall(installed)

    for _ in range(2):
        with pytest.raises(errors.InstallationDeletedError, match="removed from colony"):
            installation_token(linked)

    linked.refresh_from_db()
    assert linked.deleted_at is not None
    assert mints(simulator) == 1


def test_an_app_that_github_does_not_know_deletes_no_installation(
    linked: GitHubInstallation, github_app: GitHubApp
) -> None:
    GitHubApp.objects.update(app_id=github_app.app_id + 1)

    with pytest.raises(AppRefusedError, match="clock"):
        installation_token(linked)

    linked.refresh_from_db()
    assert linked.deleted_at is None


@pytest.mark.django_db(transaction=True)
def test_a_token_that_comes_after_a_disconnect_is_not_stored(
    linked: GitHubInstallation, workspace: Workspace, alice: User, simulator: SimulatorServer
) -> None:
    def disconnects() -> float:
        if GitHubInstallation.objects.filter(workspace=workspace).exists():
            installation_disconnect(viewer=alice, workspace=workspace)
        connections.close_all()
        return 0.0

    simulator.latency = disconnects

    with pytest.raises(NotConnectedError):
        installation_token(linked)

    linked.refresh_from_db()
    assert (linked.access_token.read(), mints(simulator)) == ("", 1)


def test_a_personal_token_is_what_it_is(connected: GitHubRepository) -> None:
    connected.installation.refresh_from_db()

    assert installation_token(connected.installation) == connected.installation.access_token.read()
