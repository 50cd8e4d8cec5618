"""The guides for those who change Dexxy: what they show applies to the code as it is."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUIDES = [ROOT / f"docs/how-to/add-a-{what}.md" for what in ("filter", "page", "webhook-event")]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy the files that the guides change, so that their changes can be made one by one."""
    for guide in GUIDES:
        for name in re.findall(r"^--- a/(.+)$", guide.read_text("utf-8"), re.MULTILINE):
            copy = tmp_path / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_changes_of_the_guide_apply_one_after_the_other(guide: Path, tree: Path) -> None:
    changes = re.findall(r"^```diff\n(.*?)^```", guide.read_text("utf-8"), re.MULTILINE | re.DOTALL)

    assert len(changes) >= 4
    for change in changes:
        done = subprocess.run(
            ["git", "apply", "--unidiff-zero", "-"],
            cwd=tree,
            env={"GIT_CEILING_DIRECTORIES": str(tree.parent), "PATH": "/usr/bin:/bin"},
            input=change,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{change}\n{done.stderr}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_the_guide_changes_is_python_afterwards(guide: Path, tree: Path) -> None:
    changed = guide.read_text("utf-8")
    test_the_changes_of_the_guide_apply_one_after_the_other(guide, tree)

    for name in re.findall(r"^\+\+\+ b/(.+\.py)$", changed, re.MULTILINE):
        compile((tree / name).read_text("utf-8"), name, "exec")


def test_a_change_that_does_not_apply_would_be_found(tree: Path) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", "-"],
        cwd=tree,
        env={"GIT_CEILING_DIRECTORIES": str(tree.parent), "PATH": "/usr/bin:/bin"},
        input="--- a/dexxy/web/urls.py\n+++ b/dexxy/web/urls.py\n@@ -1 +1 @@\n-no line\n+one\n",
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
