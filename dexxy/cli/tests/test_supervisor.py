"""The supervisor by itself, with processes that end as they are told."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dexxy.cli import supervisor as supervisor_module
from dexxy.cli.errors import ProcessKeepsDyingError
from dexxy.cli.supervisor import Process, Supervisor

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def signals_stay_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def module(tmp_path: Path) -> str:
    """A module that notes its start and then does what its argument says."""
    (tmp_path / "obedient.py").write_text(
        "import pathlib, sys, time\n"
        f"with pathlib.Path({str(tmp_path / 'starts')!r}).open('a') as f: f.write(sys.argv[1][0])\n"
        "exec(sys.argv[1])\n"
    )
    return "obedient"


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def starts(tmp_path: Path) -> str:
    path = tmp_path / "starts"
    return path.read_text() if path.exists() else ""


def test_a_process_that_never_lives_is_given_up(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "_SHORTEST_DELAY", 0.0)
    process = Process("obedient", module, ("sys.exit(3)",))
    one = Supervisor([process], environment=environment(tmp_path))

    with pytest.raises(ProcessKeepsDyingError, match=r"obedient keeps ending .*exit code 3"):
        one.run(lambda: None, lambda: False)

    assert starts(tmp_path) == "s" * 5


def test_a_process_that_once_lived_is_started_again_and_again(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor_module, "_SHORTEST_DELAY", 0.0)
    monkeypatch.setattr(supervisor_module, "_WELL_SECONDS", 0.0)
    process = Process("obedient", module, ("sys.exit(3)",))
    one = Supervisor([process], environment=environment(tmp_path))

    def is_ready() -> bool:
        if len(starts(tmp_path)) == 7:
            os.kill(os.getpid(), signal.SIGTERM)
        return False

    one.run(lambda: None, is_ready)

    assert capfd.readouterr().err.startswith(
        "dexxy: obedient ended (exit code 3), starting it again\n"
    )


def test_it_says_once_that_all_is_ready_and_stops_everything_when_asked(
    module: str, tmp_path: Path
) -> None:
    processes = [Process(name, module, (f"{name}=time.sleep(60)",)) for name in ("a", "b")]
    said: list[str] = []
    one = Supervisor(
        processes,
        environment=environment(tmp_path),
        watch=lambda: os.kill(os.getpid(), signal.SIGINT) if said else None,
    )

    one.run(lambda: said.append("ready"), lambda: len(starts(tmp_path)) == 2)

    assert said == ["ready"]
    assert one.running == []


def test_a_process_that_ignores_the_request_is_killed(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = ((signal.SIGTERM, 0.1), (signal.SIGKILL, 5.0))
    monkeypatch.setattr(supervisor_module, "_STOPPING", quick)
    stubborn = "import signal; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    one = Supervisor(
        [Process("stubborn", module, (stubborn,), is_quiet=True)],
        environment=environment(tmp_path),
    )

    def is_ready() -> bool:
        if starts(tmp_path):
            os.kill(os.getpid(), signal.SIGTERM)
        return False

    one.run(lambda: None, is_ready)

    assert one.running == []
