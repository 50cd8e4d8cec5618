"""What somebody gets who installs Dexxy."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from signal import SIGINT

import httpx
import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from dexxy.cli.tests.running import Running, environment, free_port
from dexxy.embedded.tests.conftest import place
from dexxy.embedded.tests.observing import wait_until_deserted

__all__ = ["place"]

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return Path(wheel)


@pytest.fixture(scope="module")
def files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_no_tests(files: set[str]) -> None:
    assert [name for name in files if "tests" in name.split("/") or "conftest" in name] == []


def test_the_wheel_has_the_simulator_with_the_recorded_repository(files: set[str]) -> None:
    recorded = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "dexxy_simulator" / "data").rglob("*")
        if path.is_file()
    }

    assert len(recorded) == 8
    assert recorded <= files
    assert {"dexxy_simulator/__main__.py", "dexxy_simulator/graph/schema.graphql"} <= files


def test_the_wheel_has_all_that_pages_are_made_of(files: set[str]) -> None:
    made_of = {
        path.relative_to(ROOT).as_posix()
        for folder in ("templates", "static")
        for path in (ROOT / "dexxy" / "web" / folder).rglob("*")
        if path.is_file()
    }

    assert len(made_of) > 50
    assert made_of <= files
    assert {f"dexxy/web/insights/figures{of}.md" for of in ("", ".de")} <= files


def test_the_wheel_knows_its_commit_where_there_is_a_repository(files: set[str]) -> None:
    assert ("dexxy/commit.txt" in files) == (ROOT / ".git").exists()


def test_the_source_distribution_has_no_tests_and_all_that_a_wheel_is_made_of(
    tmp_path: Path,
) -> None:
    [archive] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with tarfile.open(archive) as source:
        source.extractall(tmp_path / "unpacked", filter="data")
    [unpacked] = (tmp_path / "unpacked").iterdir()

    [wheel] = WheelBuilder(str(unpacked)).build(directory=str(tmp_path), versions=["standard"])

    names = [path.relative_to(unpacked).parts for path in unpacked.rglob("*")]
    assert [name for name in names if {"tests", "conftest.py"} & set(name)] == []
    with zipfile.ZipFile(wheel) as built:
        assert len([name for name in built.namelist() if name.startswith("dexxy/")]) > 500
        assert ("dexxy/commit.txt" in built.namelist()) == (ROOT / ".git").exists()


@pytest.mark.slow  # pip asks package registries, and a whole installation starts
@pytest.mark.timeout(900)
def test_whoever_installs_the_wheel_into_an_empty_environment_has_the_demo(
    wheel: Path, place: Path
) -> None:
    venv = place / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    pip = subprocess.run([venv / "bin" / "pip", "install", "--quiet", wheel], capture_output=True)
    assert pip.returncode == 0, pip.stderr.decode()

    port = str(free_port())
    demo = Running(
        *("demo", "--port", port),
        log=place / "demo.log",
        env=environment(place / "data"),
        program=[str(venv / "bin" / "dexxy")],
    )
    try:
        demo.wait_until(lambda: "Ctrl-C stops" in demo.said(), "it is ready", 240)
        answer = httpx.get(f"http://127.0.0.1:{port}/healthz")
        assert demo.stop(SIGINT) == 0
    finally:
        demo.end()

    assert answer.status_code == 200
    wait_until_deserted(place / "data-demo")
