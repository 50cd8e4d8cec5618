"""Note in what is built which commit it was built from: a wheel is far from any repository."""

import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NOTE = "dexxy/commit.txt"


class CommitHook(BuildHookInterface[Any]):
    """Adds the note to a wheel and a source distribution; a checkout asks git itself."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put the note among the files, unless the commit is not to be found out.

        Args:
            version: how it is built: `standard`, or `editable` for a checkout.
        """
        root = Path(self.root)
        if version == "editable" or (root / NOTE).exists():  # unpacked from a source distribution
            return
        commit = os.environ.get("DEXXY_COMMIT") or _commit(root)
        if commit:
            note = Path(self.directory) / "commit.txt"
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(f"{commit}\n", encoding="ascii")
            build_data["force_include"][str(note)] = NOTE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the note away from beside the artefact, which has it."""
        (Path(self.directory) / "commit.txt").unlink(missing_ok=True)


def _commit(root: Path) -> str:
    """Return the commit of a checkout; "" where there is no repository or no git."""
    if not (root / ".git").exists():
        return ""
    asked = ["git", "-C", str(root), "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
