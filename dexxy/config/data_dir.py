"""Where Dexxy keeps its own files."""

import os
from pathlib import Path

from dexxy.config import env


def data_dir() -> Path:
    """Return DEXXY_DATA_DIR, or the usual folder of this user."""
    given = env.text("DEXXY_DATA_DIR")
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/dexxy")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "dexxy"
