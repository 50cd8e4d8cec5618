"""`dexxy web` as the internet, a proxy and an operator meet it."""

import hmac
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dexxy.cli.tests.real_proxies import caddy_before, nginx_before
from dexxy.cli.tests.running import (
    COMMAND,
    Running,
    answers,
    children_of,
    environment,
    free_port,
    is_alive,
)
from dexxy.cli.tests.slow_clients import Answer, Download, ask, slow_clients
from dexxy.embedded import Servers, ensure_servers
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.embedded.tests.observing import server_of, wait_until, wait_until_deserted
from tests import template

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

SECRET = "known to GitHub"
APP = {
    "DEXXY_GITHUB_APP_ID": "77",
    "DEXXY_GITHUB_CLIENT_ID": "Iv1.0",
    "DEXXY_GITHUB_CLIENT_SECRET": "x",
    "DEXXY_GITHUB_PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----",
    "DEXXY_GITHUB_WEBHOOK_SECRET": SECRET,
}
# An address with all that is unusual about it.
BASE = {"DEXXY_BASE_URL": "https://[fd00::5]:8247/dexxy", "DEXXY_TRUSTED_PROXIES": "1"}
FORM = "application/x-www-form-urlencoded"
HOST = {"Host": "[fd00::5]:8247"}


class Web(Running):
    """`dexxy web` with servers of its own."""

    def __init__(self, place: Path, **settings: str) -> None:
        self.data_dir, self.port = place / "data", free_port()
        template.copy_cluster(self.data_dir)
        self.servers: Servers = ensure_servers(self.data_dir, durable=False)
        urls = {"DATABASE_URL": self.servers.database_url, "REDIS_URL": self.servers.redis_url}
        given = {name: str(url) for name, url in urls.items()} | settings
        name = {"DATABASE_URL": f"{given['DATABASE_URL'].rpartition('/')[0]}/{template.DATABASE}"}
        self.env = environment(self.data_dir, **given | name)
        super().__init__("web", "--port", str(self.port), log=place / "web.log", env=self.env)
        self.wait_until(lambda: answers(self.port), "it answers")

    def is_ready(self) -> bool:
        return ask(self.port, "/readyz").status == 200

    def execute(self, statement: str) -> None:
        """Do something to the database."""
        url = str(self.servers.database_url).rpartition("/")[0] + f"/{template.DATABASE}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def frozen(self, server: str) -> Iterator[None]:
        """Stop a server's processes where they are: it refuses nothing and answers nothing."""
        postmaster = server_of(self.data_dir, server)
        stopped = [postmaster, *children_of(postmaster)]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    def close(self) -> None:
        self.end()
        self.servers.close()
        wait_until_deserted(self.data_dir)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    place = make_place()
    one = Web(place, **APP, **BASE)
    yield one
    one.close()
    remove_place(place)


def webhook(
    port: int, path: str = "/webhooks/github/", *, more: bytes = b"", tls: bool = False
) -> Answer:
    body = b'{"zen": "Keep it logically awesome."}' + more
    signature = "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "00000000-0000-0000-0000-000000000001",
        "X-GitHub-Hook-Installation-Target-ID": "77",
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": signature,
    }
    return ask(port, path, method="POST", body=body, headers=headers, tls=tls)


# An export of 24 MB that is ready, and somebody who may have it.
AN_EXPORT = """
import secrets
from datetime import timedelta
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from dexxy.accounts.sessions import SessionStore
from dexxy.kept.files import file_keep
from dexxy.people.models import ExportFile, ExportState
from tests.factories import make_user, make_workspace
user = make_user(email="reader@example.com")
export = ExportFile.objects.create(
    workspace=make_workspace(name="Large", admin=user), requested_by=user, what="messages",
    form="jsonl", state=ExportState.READY, size=24 * 2**20,
    expires_at=timezone.now() + timedelta(days=1))
for number in range(24):
    file_keep(f"large-{number}", secrets.token_bytes(2**20))
    export.pieces.create(number=number, name=f"large-{number}")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
print("MADE", f"/workspaces/{export.workspace_id}/exports/{export.pk}", session.session_key)
"""


@pytest.fixture(scope="module")
def export(web: Web) -> Download:
    """Return an export of 24 MB, and the headers of somebody who may have it."""
    made = subprocess.run(
        [*COMMAND[:2], "-m", "django", "shell", "--command", AN_EXPORT],
        env=web.env | {"DJANGO_SETTINGS_MODULE": "dexxy.config.settings"},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    [path, session] = made.stdout.rpartition("MADE ")[2].split()
    return Download(path, {**HOST, "Cookie": f"sessionid={session}"})


def test_slow_clients_keep_neither_health_nor_webhooks_waiting(web: Web, export: Download) -> None:
    assert webhook(web.port).status == 202
    assert len(ask(web.port, export.path, headers=export.headers).body) == 24 * 2**20

    with slow_clients(web.port, bodies=500, headers=300, readers=20, download=export):
        answers = [one for _ in range(10) for one in (ask(web.port), webhook(web.port))]

    assert [answer.status for answer in answers] == [200, 202] * 10
    assert max(answer.seconds for answer in answers) < 1


@pytest.mark.parametrize("prefix", ["/dexxy", ""])
def test_links_redirects_cookies_and_files_are_below_the_path_of_the_address(
    web: Web, prefix: str
) -> None:
    home = ask(web.port, f"{prefix}/", headers=HOST)
    page = ask(web.port, f"{prefix}/accounts/login/", headers=HOST)
    style = ask(web.port, f"{prefix}/static/dexxy/dexxy.css", headers=HOST)
    missing = ask(web.port, f"{prefix}/nowhere/", headers=HOST)

    assert (home.status, home.headers["Location"]) == (302, "/dexxy/accounts/login/?next=/dexxy/")
    assert (page.status, style.status, missing.status) == (200, 200, 404)
    [address] = re.findall(rb'href="/dexxy(/static/dexxy/dexxy\.\w+\.css)"', page.body)
    kept = ask(web.port, f"{prefix}{address.decode()}", headers=HOST)
    assert (kept.status, kept.body) == (200, style.body)
    assert b'href="/"' not in page.body + missing.body
    assert "; Path=/dexxy/; SameSite=Lax; Secure" in page.headers["Set-Cookie"]
    assert webhook(web.port, f"{prefix}/webhooks/github/").status == 202


def test_the_address_says_that_people_use_tls_whatever_a_request_says(web: Web) -> None:
    said = {**HOST, "X-Forwarded-Proto": "http"}

    assert "Strict-Transport-Security" in ask(web.port, "/", headers=said).headers


def test_a_refused_webhook_is_logged_with_its_sender(web: Web) -> None:
    sender = {"X-Forwarded-For": "192.0.2.77"}

    for _ in range(20):
        ask(web.port, "/webhooks/github/", method="POST", body=b"x", headers=sender)

    web.wait_until(lambda: "192.0.2.77" in web.said(), "the log has it")
    assert web.said().count("192.0.2.77") <= 2  # a process each


@pytest.fixture(scope="module", params=[nginx_before, caddy_before], ids=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, web: Web) -> Iterator[int]:
    with request.param(web.port) as port:
        yield port


def test_through_a_proxy_as_the_how_to_sets_it_up_all_is_as_without(web: Web, proxy: int) -> None:
    home = ask(proxy, "/dexxy/", headers=HOST, tls=True)
    page = ask(proxy, "/dexxy/accounts/login/", headers=HOST, tls=True)
    large = b" " * 3_000_000

    assert (home.status, home.headers["Location"]) == (302, "/dexxy/accounts/login/?next=/dexxy/")
    assert (page.status, "csrftoken" in page.headers["Set-Cookie"]) == (200, True)
    assert webhook(proxy, "/dexxy/webhooks/github/", tls=True).status == 202
    assert webhook(proxy, "/dexxy/webhooks/github/", tls=True, more=large).status == 202


def test_behind_a_proxy_the_sender_is_who_it_is_and_not_who_it_says_it_is(
    web: Web, proxy: int
) -> None:
    forged = {"X-Forwarded-For": "192.0.2.99"}
    path = "/webhooks/github/"

    ask(proxy, path, method="POST", body=b"x", headers=forged, tls=True, sender="127.0.0.7")

    web.wait_until(lambda: "127.0.0.7" in web.said(), "the log has it")
    assert "192.0.2.99" not in web.said()


def test_behind_a_proxy_the_limit_of_one_address_is_nobody_else_s(proxy: int) -> None:
    path = "/accounts/login/"
    page = ask(proxy, path, headers=HOST, tls=True)
    cookie = page.headers["Set-Cookie"].split(";")[0]
    token = cookie.partition("=")[2]
    origin = {"Origin": "https://[fd00::5]:8247", "Content-Type": FORM, "Cookie": cookie}

    def sign_in(sender: str) -> int:
        body, headers = f"csrfmiddlewaretoken={token}".encode(), HOST | origin
        answer = ask(
            proxy, path, method="POST", body=body, headers=headers, tls=True, sender=sender
        )
        return answer.status

    # Of each proxy another one: the limit is that of a minute.
    network = f"127.{proxy // 256}.{proxy % 256}"
    assert [sign_in(f"{network}.8") for _ in range(31)] == [200] * 30 + [429]
    assert sign_in(f"{network}.9") == 200


def test_nothing_waits_for_a_queue_that_is_frozen(web: Web) -> None:
    with web.frozen("valkey"):
        ready = ask(web.port, "/readyz")

    assert (ready.status, ready.body) == (200, b"ready\n")


def test_a_frozen_database_is_said_within_two_seconds(web: Web) -> None:
    wait_until(web.is_ready, "it is ready")

    person = {**HOST, "Accept": "text/html", "Cookie": "sessionid=asks-the-database"}
    ask(web.port, "/", headers=person)

    with web.frozen("postgres"):
        page = ask(web.port, "/", headers=person)
        # Each process finds it out by itself.
        wait_until(lambda: not any(web.is_ready() for _ in range(20)), "none is ready", 2.0)
        hook, ready, alive = webhook(web.port), ask(web.port, "/readyz"), ask(web.port)
        again = ask(web.port, "/", headers=person)

    assert (page.status, page.headers["Retry-After"]) == (503, "5")
    assert page.seconds < 2.0
    assert (ready.status, ready.body) == (503, b"not ready: database\n")
    assert (hook.status, alive.status) == (503, 200)
    assert (again.status, again.headers["Retry-After"]) == (503, "5")
    assert b"Dexxy cannot reach its database." in again.body
    assert max(one.seconds for one in (hook, ready, alive, again)) < 0.5
    wait_until(web.is_ready, "it is ready again")


def test_on_a_database_that_is_not_its_own_it_lives_and_answers_nothing(
    web: Web, running: Callable[..., Running]
) -> None:
    wait_until(web.is_ready, "it is ready")
    port = free_port()
    web.execute("DELETE FROM django_migrations WHERE app = 'sources' AND name = '0001_initial'")
    behind = running("web", "--port", str(port), env=web.env | {"DEXXY_BASE_URL": "http://x"})
    behind.wait_until(lambda: answers(port), "it answers")

    ready, page, hook = ask(port, "/readyz"), ask(port, "/"), webhook(port)

    assert (ready.status, ready.body) == (503, b"not ready: migrations\n")
    assert (page.status, page.headers["Retry-After"], hook.status) == (503, "30", 503)
    assert page.body == b"Dexxy waits for its database to be brought up to date.\n"
    assert "run `dexxy upgrade`" in behind.said()
    assert ask(web.port, "/readyz").status == 200  # it was ready before, and goes on

    web.execute("INSERT INTO django_migrations VALUES (9999, 'messages', '9999_x', now())")
    behind.wait_until(lambda: "messages.9999_x" in behind.said(), "it says that it is too old")
    assert ask(port, "/").status == 503

    web.execute("DELETE FROM django_migrations WHERE name = '9999_x'")
    web.execute("INSERT INTO django_migrations VALUES (9999, 'sources', '0001_initial', now())")
    behind.wait_until(lambda: answers(port, "/readyz"), "it is ready")


def test_on_an_empty_database_it_lives_and_waits_for_an_upgrade(
    web: Web, running: Callable[..., Running]
) -> None:
    web.execute("CREATE DATABASE empty TEMPLATE template0")
    url = f"{web.env['DATABASE_URL'].rpartition('/')[0]}/empty"
    port = free_port()
    env = web.env | {"DATABASE_URL": url, "DEXXY_BASE_URL": "http://x"}
    fresh = running("web", "--port", str(port), env=env)
    fresh.wait_until(lambda: answers(port), "it answers")

    ready, page, hook = ask(port, "/readyz"), ask(port, "/"), webhook(port)

    assert (ready.status, ready.body) == (503, b"not ready: migrations\n")
    assert (page.status, page.headers["Retry-After"], hook.status) == (503, "30", 503)
    assert page.body == b"Dexxy waits for its database to be brought up to date.\n"
    fresh.wait_until(lambda: "run `dexxy upgrade`" in fresh.said(), "it says what to do")


def test_nothing_of_a_database_that_is_half_restored_is_shown(web: Web) -> None:
    wait_until(web.is_ready, "it is ready")
    web.execute("CREATE TABLE dexxy_unfinished_restore (erasure text NOT NULL)")

    def is_said_by_all() -> bool:
        said = web.said().count("run `dexxy restore FILE --force` again")
        return said == len(children_of(web.process.pid))

    wait_until(is_said_by_all, "each web process has seen it")

    asked = [ask(web.port, "/"), ask(web.port, "/readyz"), webhook(web.port)]
    assert [answer.status for answer in asked] == [503, 503, 503]
    web.execute("DROP TABLE dexxy_unfinished_restore")
    wait_until(web.is_ready, "it is ready")


def test_it_stops_when_asked(web: Web) -> None:
    processes = {web.process.pid, *children_of(web.process.pid)}
    assert len(processes) > 1

    with slow_clients(web.port, bodies=5, headers=5, readers=0):
        assert web.stop(signal.SIGTERM) == 0

    assert not any(map(is_alive, processes))
