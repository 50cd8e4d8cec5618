"""Each threat of the page on security names a test that there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/explanation/security.md").read_text(encoding="utf-8")
THREATS = re.findall(r"^\| (?!threat)([^|-][^|]*) \| [^|]+ \| (.+) \|$", PAGE, flags=re.MULTILINE)


def test_the_page_has_threats() -> None:
    assert len(THREATS) > 40


@pytest.mark.parametrize(("threat", "tried_by"), THREATS, ids=[threat for threat, _ in THREATS])
def test_a_threat_names_a_test_that_there_is(threat: str, tried_by: str) -> None:
    path, _, name = tried_by.strip("`").partition("::")

    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
