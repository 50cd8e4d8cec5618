"""Each threat of the page on security names a test that there is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/explanation/security.md").read_text(encoding="utf-8")
THREATS = re.findall(r"^\| (?!threat)([^|-][^|]*) \| [^|]+ \| (.+) \|$", PAGE, flags=re.MULTILINE)
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "tried by" not in line]


def test_the_page_has_threats() -> None:
    assert len(THREATS) > 40
    assert len(THREATS) == len(ROWS)


def names_of(path: Path) -> set[str]:
    """Return the names of what pytest runs of a file."""
    if not path.name.startswith("test_"):
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {one.name for one in tree.body if isinstance(one, ast.FunctionDef) and has_name(one)}


def has_name(one: ast.FunctionDef) -> bool:
    is_fixture = any(ast.unparse(d).startswith("pytest.fixture") for d in one.decorator_list)
    return one.name.startswith("test_") and not is_fixture


@pytest.mark.parametrize(("threat", "tried_by"), THREATS, ids=[threat for threat, _ in THREATS])
def test_a_threat_names_a_test_that_there_is(threat: str, tried_by: str) -> None:
    path, _, name = tried_by.strip("`").partition("::")

    assert name in names_of(ROOT / path)
