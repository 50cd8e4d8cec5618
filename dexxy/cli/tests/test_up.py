"""`dexxy up`: whatever is killed with -9, it goes on, or nothing of it is left."""

import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from dexxy.cli.tests.running import (
    Running,
    answers,
    children_of,
    dexxy,
    environment,
    free_port,
    is_alive,
)
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.embedded.tests.observing import (
    kill,
    owner_of,
    processes_of,
    server_of,
    wait_until,
    wait_until_deserted,
)

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.slow,  # a whole installation starts
]

Find = Callable[["Up"], int]


class Up(Running):
    """`dexxy up` that is ready."""

    def __init__(self, data_dir: Path, port: int, mcp_port: int) -> None:
        self.data_dir, self.port, self.mcp_port = data_dir, port, mcp_port
        log = data_dir.with_name("up.log")
        env = environment(data_dir, DEXXY_MCP_PORT=str(mcp_port))
        super().__init__("up", "--port", str(port), log=log, env=env)
        self.wait_until(lambda: "Ctrl-C stops" in self.said(), "it is ready")

    def everything(self) -> set[int]:
        """Return all processes: ours, their children, owners and servers."""
        ours = {self.process.pid, *children_of(self.process.pid)}
        return ours | processes_of(self.data_dir) | {c for p in ours for c in children_of(p)}


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    place = make_place()
    one = Up(place / "data", free_port(), free_port())
    yield one
    one.end()
    wait_until_deserted(one.data_dir)
    remove_place(place)


def web(up: Up) -> int:
    return up.child(" web ")


def one_of_the_web_processes(up: Up) -> int:
    return min(children_of(web(up)))


def mcp_server(up: Up) -> int:
    return up.child(" mcp --http")


def worker_of_deliveries(up: Up) -> int:
    return up.child(" worker deliveries")


def worker_of_syncs(up: Up) -> int:
    return up.child(" worker sync")


def scheduler(up: Up) -> int:
    return up.child(" scheduler")


def owner_of_postgres(up: Up) -> int:
    return owner_of(up.data_dir, "postgres")


def owner_of_valkey(up: Up) -> int:
    return owner_of(up.data_dir, "valkey")


def postgres(up: Up) -> int:
    return server_of(up.data_dir, "postgres")


def valkey(up: Up) -> int:
    return server_of(up.data_dir, "valkey")


def test_it_says_where_it_is_and_how_to_get_in(up: Up) -> None:
    said = up.said()

    assert f"Dexxy is running at http://localhost:{up.port}\n" in said
    assert re.search(rf"\n  http://localhost:{up.port}/sign-in/link/\?sesame=[\w-]+\n", said)
    assert answers(up.port, "/readyz")
    assert f"Assistants connect (MCP) at http://localhost:{up.mcp_port}/mcp\n" in said
    assert answers(up.mcp_port)


def test_whoever_lost_the_link_gets_another_one_beside_it(up: Up) -> None:
    made = dexxy("sign-in-link", "admin@localhost", data_dir=up.data_dir)
    assert (made.returncode, made.stderr) == (
        0,
        "It signs admin@localhost in, once, within an hour.\n",
    )

    path = urlsplit(made.stdout.strip())._replace(scheme="", netloc="").geturl()
    with urlopen(f"http://127.0.0.1:{up.port}{path}", timeout=5) as page:
        assert b"You sign in as <strong>Administrator</strong>" in page.read()


def test_a_second_one_on_its_port_is_refused_in_one_line(up: Up) -> None:
    second = dexxy("up", "--port", str(up.port), data_dir=up.data_dir)

    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"dexxy: Port {up.port} is in use: stop what uses it, or choose another one with --port.\n"
    )


def test_a_second_one_on_its_folder_is_refused_in_one_line(up: Up) -> None:
    second = dexxy("up", "--port", str(free_port()), data_dir=up.data_dir)

    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"dexxy: Dexxy runs on {up.data_dir} already at http://localhost:{up.port}: open that, or"
        " stop it first, or name another folder in DEXXY_DATA_DIR.\n"
    )


def test_a_restore_below_it_is_refused_and_names_who_is_there(up: Up, tmp_path: Path) -> None:
    file = tmp_path / "dexxy.backup"
    assert dexxy("backup", str(file), data_dir=up.data_dir).returncode == 0

    refused = dexxy("restore", str(file), "--force", data_dir=up.data_dir)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("dexxy: This database is in use by dexxy")
    for name in ("dexxy scheduler", "dexxy web"):
        assert name in refused.stderr
    assert answers(up.port, "/readyz")


def test_the_doctor_beside_it_knows_where_it_runs(up: Up) -> None:
    port = str(up.mcp_port)
    found = dexxy("doctor", "--json", data_dir=up.data_dir, DEXXY_MCP_PORT=port)

    says = {one["name"]: one["says"] for one in json.loads(found.stdout)["findings"]}
    assert says["Assistants"] == f"They are answered at port {up.mcp_port} (MCP)."
    assert says["Address"].startswith(f"http://localhost:{up.port} is not a public address")


@pytest.mark.parametrize(
    "find",
    [
        web,
        one_of_the_web_processes,
        mcp_server,
        worker_of_deliveries,
        worker_of_syncs,
        scheduler,
        owner_of_postgres,
        owner_of_valkey,
        postgres,
        valkey,
    ],
    ids=lambda find: find.__name__,
)
def test_it_brings_back_what_was_killed(up: Up, find: Find) -> None:
    # A server that was brought back a moment ago may not hold its lock yet.
    up.wait_until(lambda: _found(find, up) is not None, "it is there")
    victim = find(up)

    kill(victim)

    up.wait_until(lambda: not is_alive(victim), "it is gone")
    up.wait_until(lambda: _found(find, up) not in (None, victim), "there is another")
    up.wait_until(lambda: answers(up.port, "/readyz"), "all is well")
    up.wait_until(lambda: answers(up.mcp_port), "assistants are answered")


@pytest.mark.slow  # it waits for all that ends, and starts twice
def test_nothing_outlives_the_supervisor_and_the_next_start_works(up: Up) -> None:
    everything = up.everything()
    assert len(everything) > 10

    up.process.kill()
    up.process.wait()

    wait_until(lambda: not any(map(is_alive, everything)), "everything ends")
    wait_until_deserted(up.data_dir)
    again = Up(up.data_dir, up.port, up.mcp_port)
    everything = again.everything()
    assert answers(again.port, "/readyz")
    assert again.stop(signal.SIGINT) == 0
    assert not any(map(is_alive, everything))


def _found(find: Find, up: Up) -> int | None:
    """Return the process, or None while there is none."""
    try:
        return find(up)
    except (AssertionError, ValueError):
        return None
