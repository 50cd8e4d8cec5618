"""`dexxy probe` as a person types it, with neither a database nor a queue."""

import json
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dexxy.cli.tests.running import COMMAND, dexxy, environment
from dexxy.embedded.tests.observing import DEADLINE_SECONDS, wait_until
from dexxy_simulator.faults import Fault, delay
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN

# Nobody listens there: whoever asked them would fail.
NO_SERVERS = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


@pytest.fixture
def server() -> Iterator[SimulatorServer]:
    with SimulatorServer(recorded_world()) as server:
        yield server


@pytest.fixture
def settings(server: SimulatorServer) -> dict[str, str]:
    return {
        **NO_SERVERS,
        "DEXXY_GITHUB_API_URL": server.url,
        "GITHUB_TOKEN": DEMO_TOKEN,
        "COLUMNS": "200",
    }


def test_what_is_measured_is_printed_and_written_to_a_file_of_its_owner_alone(
    place: Path, settings: dict[str, str]
) -> None:
    file = place / "probe.json"

    done = dexxy("probe", "panjf2000/ants", "--json", str(file), data_dir=place, **settings)

    assert (done.returncode, done.stderr) == (0, "")
    assert f"Written to {file}." in done.stdout
    assert "No page was too heavy" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    probe = json.loads(file.read_text())
    assert (probe["format"], probe["repository"]) == (1, "")
    assert [page["asked"] for page in probe["pages"] if page["list"] == "issues"] == [10, 25, 50]


@pytest.mark.parametrize(
    ("repository", "code", "said"),
    [
        ("ants", 2, "ants is not the name of a repository"),
        ("nobody/nothing", 1, "GitHub shows no repository nobody/nothing to this token"),
    ],
)
def test_what_cannot_be_probed_is_one_line_and_an_exit_code(
    place: Path, settings: dict[str, str], repository: str, code: int, said: str
) -> None:
    file = place / "probe.json"

    done = dexxy("probe", repository, "--json", str(file), data_dir=place, **settings)

    assert (done.returncode, done.stdout, file.exists()) == (code, "", False)
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_control_c_ends_it_while_github_does_not_answer(
    place: Path, server: SimulatorServer, settings: dict[str, str]
) -> None:
    server.faults.add(Fault(delay(DEADLINE_SECONDS), on="graphql", times=None))
    file = place / "probe.json"
    process = subprocess.Popen(
        [*COMMAND, "probe", "panjf2000/ants", "--json", str(file)],
        env=environment(place, **settings),
    )
    try:
        wait_until(lambda: server.requests.count() >= 2, "its first questions")
        process.send_signal(signal.SIGINT)

        assert process.wait(DEADLINE_SECONDS / 2) == 130
        assert not file.exists()
    finally:
        process.kill()
        process.wait()
