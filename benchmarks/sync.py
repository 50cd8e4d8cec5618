"""Syncs the generated repository into an empty database, once, and prints what it took."""

import json
import os
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import django

from dexxy.cli.collector import loading

with loading():  # as every command does it
    django.setup()

from django.core.management import call_command
from django.db import connection

from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.integrations.models import RunTrigger
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Message

TOKEN = "ghp_SimulatorDemoTokenNotASecret00000000"  # noqa: S105  # pragma: allowlist secret
COUNTED = ["comment", "review", "review_comment", "reply"]


class Messages:
    """Counts what is sent to the database: statements that are sent together are one message."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, *statement: Any) -> Any:
        self.count += 1
        return execute(*statement)


def main() -> None:
    call_command("migrate", verbosity=0)
    if "BENCH_AGAIN" not in os.environ:
        call_command("flush", verbosity=0, interactive=False)
    repository = repository_connect_by_token(
        workspace=workspace_ensure(slug="bench", admin=first_admin_ensure()),
        full_name="colony/generated",
        token=TOKEN,
    )
    messages_sent = Messages()
    began, cpu = perf_counter(), process_time()
    with connection.execute_wrapper(messages_sent):
        run = repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)
    seconds, cpu = perf_counter() - began, process_time() - cpu
    messages = Message.objects.filter(kind__in=COUNTED, is_archived=False).count()
    figures = {
        "threads": run.counts["threads"],
        "messages": messages,
        "rate": messages / seconds,
        "seconds": seconds,
        "cpu": cpu,
        "statements": messages_sent.count,
        "requests": run.requests,
        "all_requests": run.requests + sum(n for name, n in run.counts.items() if "_req" in name),
        "points": run.points,
        "memory": _peak_memory(),
    }
    sys.stdout.write(f"{json.dumps(figures)}\n")


def _peak_memory() -> float:
    """Return the most memory that this process had, in MB.

    What `getrusage` says may be that of the process that started this one.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS says bytes
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


main()
