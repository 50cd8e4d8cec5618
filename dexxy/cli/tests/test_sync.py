"""`dexxy sync` as a person types it, against a simulated GitHub."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from dexxy.integrations.models import GitHubRepository
from dexxy.messages.models import Thread
from dexxy_simulator.faults import Fault, status
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.servers import own_database

pytestmark = pytest.mark.django_db(transaction=True)

Dexxy = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(recorded_world()) as server:
        yield server


@pytest.fixture
def dexxy(server: SimulatorServer) -> Dexxy:
    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "dexxy.cli.main", "sync", *arguments],
            env={
                **os.environ,
                **own_database(),
                "DEXXY_GITHUB_API_URL": server.url,
                "GITHUB_TOKEN": DEMO_TOKEN,
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_a_repository_is_synced_with_a_receipt_and_again_with_nothing_to_do(dexxy: Dexxy) -> None:
    first = dexxy("panjf2000/ants", "--workspace", "ants")
    again = dexxy("panjf2000/ants", "--workspace", "ants", "--json")

    assert first.returncode == 0
    assert "panjf2000/ants: read 79 threads and 314 messages" in first.stdout
    receipt = re.findall(r"(Issues|Pull requests|Discussions) +(\d+) +(\d+)", first.stdout)
    assert receipt == [
        ("Issues", "26", "26"),
        ("Pull requests", "49", "49"),
        ("Discussions", "4", "4"),
    ]
    assert re.search(r"Issues +26 +26 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\s", first.stdout)
    report = json.loads(again.stdout)
    assert (report["state"], report["workspace"]) == ("done", "ants")
    assert (report["counts"]["threads"], report["counts"]["messages"]) == (0, 0)
    assert report["receipt"]["issue"]["here"] == report["receipt"]["issue"]["github"] == 26
    assert again.stderr == ""


@pytest.mark.slow
def test_a_sweep_adds_the_messages_to_the_receipt(dexxy: Dexxy) -> None:
    shown = dexxy("panjf2000/ants", "--workspace", "ants", "--sweep")
    again = dexxy("panjf2000/ants", "--workspace", "ants", "--json")

    kinds = "Comments|Reviews|Comments on code|Replies"
    lines = re.findall(rf"^ *({kinds}) +(\d+) +(\d+)", shown.stdout, re.MULTILINE)
    assert [kind for kind, _, _ in lines] == kinds.split("|")
    assert all(here == github for _, here, github in lines)
    receipt = json.loads(again.stdout)["receipt"]
    assert str(receipt["comment"]["github"]) == lines[0][2]


@pytest.mark.slow
def test_a_repository_that_is_read_with_this_token_already_is_not_looked_for_again(
    dexxy: Dexxy, server: SimulatorServer
) -> None:
    dexxy("panjf2000/ants")
    server.requests.clear()

    again = dexxy("PANJF2000/ants", "--json")

    assert json.loads(again.stdout)["requests"] == server.requests.count() == 5
    assert {entry.endpoint for entry in server.requests.entries}.isdisjoint({"user", "repository"})


@pytest.mark.slow
def test_a_pause_that_github_wants_keeps_nobody_from_connecting(
    dexxy: Dexxy, server: SimulatorServer
) -> None:
    server.faults.add(Fault(status(429, Retry_After="1"), on=lambda asked: asked.path == "/user"))

    done = dexxy("panjf2000/ants")

    assert done.returncode == 0
    assert "Waiting, then" in done.stderr


@pytest.mark.slow
def test_a_repository_that_was_deleted_is_said_and_shown_as_lost(
    dexxy: Dexxy, server: SimulatorServer
) -> None:
    dexxy("panjf2000/ants")
    ants = server.world.repository("panjf2000/ants")
    assert ants is not None
    server.world.delete_repository(ants)

    for _ in range(2):
        done = dexxy("panjf2000/ants")

        assert (done.returncode, done.stdout) == (1, "")
        stored = GitHubRepository.objects.get()
        assert stored.sync_status == "disabled"
        assert "panjf2000/ants" in stored.sync_error


@pytest.mark.slow
def test_what_waits_for_points_is_said_with_the_time_at_which_it_waits_no_longer(
    dexxy: Dexxy, server: SimulatorServer
) -> None:
    server.world.limits["graphql"] = 2400
    dexxy("panjf2000/ants")
    ants = server.world.repository("panjf2000/ants")
    assert ants is not None
    server.world.delete(ants.issues[44])

    told = json.loads(dexxy("panjf2000/ants", "--sweep", "--json").stdout)["to_read_again"]
    said = dexxy("panjf2000/ants").stdout

    assert told["threads"] == 1
    until = datetime.fromisoformat(told["until"])
    assert f"1 of the threads here wait to be read again, until {until:%Y-%m-%d %H:%M}" in said


@pytest.mark.in_turns(3)
@pytest.mark.parametrize(
    ("arguments", "environment", "code", "line"),
    [
        (["panjf2000/bees"], {}, 1, "GitHub shows no repository panjf2000/bees to this token."),
        (["panjf2000/ants"], {"GITHUB_TOKEN": "ghp_bad"}, 1, "GitHub does not accept this token."),
        (["panjf2000/ants"], {"GITHUB_TOKEN": "ghs_a"}, 2, "This is no personal access token"),
        (["panjf2000/ants"], {"GITHUB_TOKEN": ""}, 2, "A token is needed"),
        (["panjf2000/ants"], {"GITHUB_TOKEN": "a\nb"}, 2, "The token has characters"),
        (["ants"], {}, 2, "ants is not the name of a repository."),
        (["a/b", "--workspace", "x" * 64], {}, 2, "cannot be the name of a workspace."),
        (["a/b", "--workspace", ""], {}, 2, "'' cannot be the name of a workspace."),
        (["a/b", "--nope"], {}, 2, "Unrecognized arguments: --nope."),
        (["a/b"], {"DEXXY_GITHUB_API_URL": "http://127.0.0.1:1"}, 1, "127.0.0.1 cannot be reached"),
        (["a/b"], {"DEXXY_GITHUB_API_URL": "ftp://x"}, 2, "DEXXY_GITHUB_API_URL=ftp://x is not"),
        (["a/b"], {"DEXXY_SYNC_INTERVAL": "-5"}, 2, "DEXXY_SYNC_INTERVAL=-5 is not a whole"),
        (["a/b"], {"DATABASE_URL": "sqlite:///x"}, 2, "DATABASE_URL must name a PostgreSQL"),
    ],
)
def test_what_goes_wrong_is_one_line_and_an_exit_code(
    dexxy: Dexxy, arguments: list[str], environment: dict[str, str], code: int, line: str
) -> None:
    done = dexxy(*arguments, **environment)

    assert done.returncode == code
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("dexxy: ")
    assert line in done.stderr


def test_issues_that_are_switched_off_are_said_and_the_rest_is_read(
    dexxy: Dexxy, server: SimulatorServer
) -> None:
    ants = server.world.repository("panjf2000/ants")
    assert ants is not None
    ants.has_issues_enabled = False

    done = dexxy("panjf2000/ants")

    assert done.returncode == 0
    # The terminal breaks the line.
    assert (
        "Issues are not read. Issues are switched off in the repository's settings on GitHub."
    ) in " ".join(done.stdout.split())
    assert Thread.objects.filter(kind="pull_request").count() == 49
