"""Measures how many signed webhooks are accepted durably, beside a bare view, and drained."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter, sleep

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from benchmarks.bare_inbox import TABLE  # noqa: E402
from benchmarks.webhooks import Busy, request_of, send  # noqa: E402
from dexxy.accounts.services import first_admin_ensure, workspace_ensure  # noqa: E402
from dexxy.integrations.models import (  # noqa: E402
    AccountType,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
    WebhookDelivery,
)
from dexxy.integrations.services.github.api.server import default_server  # noqa: E402
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain  # noqa: E402
from dexxy.messages.models import Message, Thread  # noqa: E402
from dexxy.sources.models import Source, SourceKind  # noqa: E402

COUNT = 3000
ROUNDS = 3


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    busy = Busy(COUNT)
    _connect(busy)
    requests = [request_of(delivery) for delivery in busy.deliveries]
    accepted, bare, drained = [], [], []
    with _serving("benchmarks.bare_inbox") as peer, _serving("dexxy.config.wsgi") as ours:
        for _ in range(ROUNDS):
            _empty()
            bare.append(send(peer, requests))
            accepted.append(send(ours, requests))
            drained.append(_drain())
    figures = {
        "accepted": median(accepted),
        "bare": median(bare),
        "ratio": median(ours / theirs for ours, theirs in zip(accepted, bare, strict=True)),
        "drained": median(drained),
        "rate": median(accepted),
        "bytes": sum(len(delivery.body) for delivery in busy.deliveries) / COUNT,
        "threads": Thread.objects.count(),
        "messages": Message.objects.count(),
    }
    sys.stdout.write(f"{json.dumps(figures)}\n")


def _connect(busy: Busy) -> None:
    """Store the App, its installation and its repository as if they had been connected."""
    server = default_server()
    where = {
        "server": server.name,
        "api_url": server.api_url,
        "graphql_url": server.graphql_url,
        "web_url": server.web_url,
    }
    app = GitHubApp.objects.create(
        app_id=busy.app.database_id, webhook_secret=busy.app.hook.secret or "", **where
    )
    workspace = workspace_ensure(slug="bench", admin=first_admin_ensure())
    installation = GitHubInstallation.objects.create(
        workspace=workspace,
        app=app,
        installation_id=busy.installation.database_id,
        account_type=AccountType.ORGANIZATION,
        account_login="colony",
        account_id=busy.installation.account.database_id,
        **where,
    )
    number = busy.repository.database_id
    source = Source.objects.create(
        workspace=workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=server.name,
        external_id=str(number),
        name="colony/hill",
    )
    GitHubRepository.objects.create(
        installation=installation,
        source=source,
        github_id=number,
        name="hill",
        full_name="colony/hill",
        sync_status=SyncStatus.ACTIVE,
    )


def _empty() -> None:
    """Make both inboxes, and what was drained, as they were."""
    Thread.objects.all().delete()
    WebhookDelivery.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bare_inbox")
        cursor.execute(TABLE)
        cursor.execute("VACUUM integrations_webhookdelivery, messages_thread, messages_message")


def _drain() -> float:
    """Work the inbox off by one worker. Returns how many deliveries a second."""
    begun = perf_counter()
    count = deliveries_drain(seconds=600)
    seconds = perf_counter() - begun
    left = WebhookDelivery.objects.exclude(state="done").count()
    if left or count != COUNT:
        raise SystemExit(f"{left} deliveries were not worked off.")
    return count / seconds


@contextmanager
def _serving(module: str) -> Iterator[int]:
    """Serve an application in a process of its own. Returns its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.serving", module, str(port)]
    server = subprocess.Popen(command, env=dict(os.environ))  # noqa: S603
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            sleep(0.1)
        else:
            return
    raise SystemExit(f"Nobody answers at port {port}.")


main()
