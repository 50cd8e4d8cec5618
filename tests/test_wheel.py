"""What somebody gets who installs Dexxy."""

import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
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
    assert "dexxy/web/insights/figures.md" in files
