"""A simulator in a process of its own, steered over HTTP."""

import time
from collections.abc import Iterator
from urllib.error import HTTPError

import httpx
import jwt
import pytest

from dexxy_simulator.__main__ import _options, _world
from dexxy_simulator.own_process import SimulatorProcess
from dexxy_simulator.tests.apps import MANIFEST, NO_CERTIFICATES
from dexxy_simulator.tokens import DEMO_TOKEN, ComputeBudget
from dexxy_simulator.webhooks.deliveries import signature


@pytest.fixture(scope="module")
def process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess("--recorded", "--webhooks-by-hand") as running:
        yield running


def test_an_app_is_installed_and_hears_without_pages(process: SimulatorProcess) -> None:
    app = process.register_app("dexxy-demo", MANIFEST)
    installation = process.install(app["client_id"], "panjf2000", ["panjf2000/ants"])
    process.drop(logged=False)

    process.live(1, seed=7)
    (delivery,) = process.deliveries()
    (sent,) = process.deliver(count=1, times=2)

    digest = signature(app["webhook_secret"], delivery["body"].encode())
    assert delivery["headers"]["X-Hub-Signature-256"] == f"sha256={digest}"
    assert f'"id":{installation["id"]}' in delivery["body"]
    assert (sent["guid"], sent["status"]) == (delivery["guid"], "failed to connect to host")
    assert process.deliveries() == []


def test_an_installation_is_changed_without_pages(process: SimulatorProcess) -> None:
    app = process.register_app("dexxy-demo", {**MANIFEST, "name": "Changing"})
    number = process.install(app["slug"], "panjf2000")["id"]
    process.drop(logged=False)

    process.select_repositories(number, [])
    process.suspend(number)
    process.unsuspend(number)
    process.uninstall(number)

    told = [f"{one['event']}.{one['action']}" for one in process.drop()]
    assert told == [
        "installation_repositories.removed",
        "installation.suspend",
        "installation.unsuspend",
        "installation.deleted",
    ]
    now = int(time.time())
    claims = {"iss": app["client_id"], "iat": now - 60, "exp": now + 540}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, app['pem'], 'RS256')}"}
    log = httpx.get(f"{process.url}/app/hook/deliveries", headers=headers, verify=NO_CERTIFICATES)
    assert [row["status_code"] for row in log.json()] == [502] * 4


@pytest.mark.parametrize(
    ("app", "account", "repositories"),
    [
        ("nothing", "panjf2000", None),
        ("dexxy-of-tests", "nobody", None),
        ("dexxy-of-tests", "panjf2000", ["a/b"]),
    ],
)
def test_what_is_not_there_is_refused(
    process: SimulatorProcess, app: str, account: str, repositories: list[str] | None
) -> None:
    with pytest.raises(HTTPError, match="404"):
        process.install(app, account, repositories)


def test_the_compute_of_a_query_is_limited_and_freed(process: SimulatorProcess) -> None:
    document = {"query": "{ viewer { login } }"}
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}

    def ask() -> int:
        url = process.graphql_url
        return httpx.post(url, json=document, headers=headers, verify=NO_CERTIFICATES).status_code

    process.limit_compute(weight=1, points=2)
    refused = ask()
    process.limit_compute()

    assert (refused, ask()) == (502, 200)


def test_the_compute_of_a_query_is_limited_from_the_command_line() -> None:
    options = _options(["--compute-budget", "7", "--compute-seconds", "0.5"])

    world, _life = _world(options)

    assert world.compute_budget == ComputeBudget(7, seconds=0.5)
