"""What a process loads: only what it uses."""

import subprocess
import sys
from pathlib import Path

import pytest

from dexxy.cli.tests.running import environment

NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}
GRAPHQL = {"strawberry", "strawberry_django", "graphql", "cross_web"}
PAGES = {"markdown_it", "nh3"}
SIGNING = {"jwt", "requests"}
WEB_SERVER = {"waitress"}
DRAWING = {"rich", "pygments", "click"}
CIPHERS = {"cryptography.fernet"}
WATCHING = {"prometheus_client", "sentry_sdk"}
# Not `django.core.mail`, which Django loads with what it logs by. Workers send the mails.
SENDING = {"smtplib", "dexxy.mail.transport"}
# Loaded by whoever signs in with a key, or adds an app.
SECOND_STEPS = {"fido2", "qrcode"}
# Not opentelemetry, which comes with them: the client of Redis loads it where it is installed.
ASSISTANTS = {"mcp", "mcp_types", "pydantic", "starlette", "uvicorn", "httpx2"}
# Those that only tests, the demo or nobody may load.
NEVER = {"githubkit", "werkzeug", "dexxy_simulator", "hypothesis"}
OF_OTHERS = GRAPHQL | PAGES | SIGNING | WEB_SERVER | ASSISTANTS | SECOND_STEPS | WATCHING | NEVER

AT_THE_END = """
import atexit, sys
atexit.register(lambda: print("LOADED", *sorted(sys.modules)))
"""
COMMAND = "from dexxy.cli.main import main\nmain()\n"
JOBS = """
import django
django.setup()
from dexxy.cli.management.commands import {command}
"""
WEB = "import dexxy.config.wsgi\n"
MCP = "import django\ndjango.setup()\nimport dexxy.mcp.http, dexxy.mcp.stdio\n"


def loaded(code: str, *arguments: str, data_dir: Path) -> set[str]:
    """Run a program to its end; return the modules that it had loaded by then."""
    settings = {**NOWHERE, "DJANGO_SETTINGS_MODULE": "dexxy.config.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", AT_THE_END + code, *arguments],
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=100,
    )
    [line] = [line for line in ended.stdout.splitlines() if line.startswith("LOADED ")]
    return set(line.split()[1:])


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        [],
        ["--version"],
        ["nonsense"],
        ["sync", "--help"],
        ["sync", "a/b", "--token", ""],
        ["worker", "nonsense"],
        ["web", "--port", "none"],
    ],
)
def test_help_and_wrong_use_are_answered_without_django(
    data_dir: Path, arguments: list[str]
) -> None:
    packages = loaded(COMMAND, *arguments, data_dir=data_dir)

    libraries = {"django", "redis", "psycopg", "rich", "structlog", "httpx"}
    assert packages.isdisjoint(libraries | SENDING)


@pytest.mark.parametrize(
    ("command", "sending"), [("worker", SENDING), ("scheduler", set()), ("sync", set())]
)
def test_a_process_that_answers_nobody_loads_neither_api_nor_pages(
    data_dir: Path, command: str, sending: set[str]
) -> None:
    packages = loaded(JOBS.format(command=command), data_dir=data_dir)

    assert {"django", "httpx", "redis"} <= packages
    assert packages & (OF_OTHERS | SENDING) == sending


def test_the_check_of_the_settings_loads_no_schema(data_dir: Path) -> None:
    packages = loaded(COMMAND, "manage", "check", data_dir=data_dir)

    assert packages & (OF_OTHERS | DRAWING | CIPHERS | SENDING) == set()


def test_a_web_process_has_the_schema_before_the_first_request(data_dir: Path) -> None:
    packages = loaded(WEB, data_dir=data_dir)

    assert packages >= GRAPHQL
    assert packages & (ASSISTANTS | SECOND_STEPS | WATCHING | SENDING | NEVER) == set()


def test_only_what_answers_assistants_loads_their_protocol(data_dir: Path) -> None:
    packages = loaded(MCP, data_dir=data_dir)

    assert packages >= ASSISTANTS
    assert packages & (GRAPHQL | PAGES | WEB_SERVER | SECOND_STEPS | SENDING | NEVER) == set()
