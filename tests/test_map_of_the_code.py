"""The map in docs/explanation/architecture.md names files that exist, and every package."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAP = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
# Packages that the map leaves out, because their name says all or a line about their parent does.
UNNAMED = {"tests", "migrations", "management", "templatetags"}


def test_the_map_names_only_files_and_folders_that_exist() -> None:
    named = set(re.findall(r"`((?:dexxy|dexxy_simulator|tests|docs|benchmarks)/[\w./-]+)`", MAP))

    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_map_names_every_package_of_the_product() -> None:
    packages = {
        path.parent.relative_to(ROOT).as_posix()
        for path in (ROOT / "dexxy").rglob("*.py")
        if not UNNAMED & set(path.parts) and path.parent != ROOT / "dexxy"
    }
    # These hold packages and nothing of their own that needs a line.
    packages -= {"dexxy/integrations/services", "dexxy/integrations/services/github"}

    assert [package for package in sorted(packages) if f"| `{package}` |" not in MAP] == []
