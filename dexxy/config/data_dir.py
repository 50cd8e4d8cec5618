"""Where Dexxy keeps its own files."""

import os
from pathlib import Path

from dexxy.config import env


def data_dir() -> Path:
    """Return DEXXY_DATA_DIR, or the usual folder of this user.

    Whoever has a database, a queue and a secret key in the environment needs none.

    Raises:
        SettingError: this user has no home to keep one in.
    """
    given = env.text("DEXXY_DATA_DIR")
    if given:
        return Path(given).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/dexxy")
    try:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    except RuntimeError:
        raise env.SettingError(
            "This user has no home for Dexxy's files: name a folder in DEXXY_DATA_DIR. None is"
            " needed where DATABASE_URL, REDIS_URL and DEXXY_SECRET_KEY are set."
        ) from None
    return Path(base) / "dexxy"
