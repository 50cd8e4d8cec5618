"""The private PostgreSQL's major version: it is brought over before a server can start."""

import sys
from pathlib import Path

from dexxy.config import env
from dexxy.config.data_dir import data_dir
from dexxy.embedded.binaries import postgres_major
from dexxy.embedded.major_upgrade import Major, major_behind, major_upgrade


def cluster_upgrade(programs: Path | None, *, check: bool) -> bool:
    """Bring the private PostgreSQL to the major version of this Dexxy, if there is one to bring.

    Args:
        programs: the folder of the programs that made it; None looks where packages put them.
        check: only say what would be done.

    Returns: whether something is left to do, because CHECK keeps us from it.

    Raises:
        EmbeddedServersError: it cannot be done, and nothing has changed.
    """
    if env.text("DATABASE_URL"):
        return False
    major = major_behind(data_dir())
    if major is None:
        return False
    if check:
        sys.stdout.write(_forecast(major))
        return True
    kept = major_upgrade(data_dir(), programs)
    sys.stdout.write(
        f"The database is in PostgreSQL {postgres_major()} now. The old one is kept in {kept}:"
        " delete that folder once all is well.\n"
    )
    return False


def _forecast(major: Major) -> str:
    return (
        f"PostgreSQL: the database is of {major.made_by}, and this Dexxy brings {major.ours}: it is"
        f" copied, which needs up to {major.bytes:,} bytes; {major.free:,} are free.\n"
        "Migrations: they are told once that is done.\n"
    )
