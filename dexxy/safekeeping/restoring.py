"""Replace the database by a backup, and let everything go on from there.

The dump is loaded in one transaction, with a note that the restore is not finished. Then the
database is migrated, for the backup may be older, and the last transaction does what needs today's
tables and drops the note. Whatever is killed on the way, the note is there, and everything else
refuses the database until the restore was run again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import DatabaseError, connection, transaction
from django_rq import get_queue
from psycopg.errors import DeadlockDetected, LockNotAvailable
from redis.exceptions import RedisError

from dexxy.common.errors import DexxyError
from dexxy.common.sql import execute, fetch_all
from dexxy.integrations.services.contributors.erasure_again import erasures_play_back
from dexxy.integrations.services.github.scheduling.restored import engine_restored
from dexxy.members.erasure.lists import (
    ErasureList,
    journal_complete,
    journal_read,
    lists_stored,
)
from dexxy.members.models import ErasureSecret
from dexxy.safekeeping.backup_file import Backup
from dexxy.safekeeping.key_rotation import secrets_rotate
from dexxy.safekeeping.loading import schema_empty, schema_objects, script_run
from dexxy.safekeeping.postgres_programs import programs_for
from dexxy.safekeeping.unfinished import unfinished_begin, unfinished_end, unfinished_erasures

OLDEST_POSTGRESQL = 15
# Of each process of ours, by the name that the command line gives it, and of whatever else comes as
# our role. One that has been idle for longer is no process, but what PgBouncer keeps for the next.
_OTHERS = """
SELECT DISTINCT application_name FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
  AND application_name <> current_setting('application_name')
  AND (usename = current_user OR application_name LIKE 'dexxy %%')
  AND (state IS DISTINCT FROM 'idle'
       OR state_change > clock_timestamp() - make_interval(secs => %(seconds)s))
ORDER BY 1
"""
_RECENT = {"seconds": 60}


class PlaceNotEmptyError(DexxyError):
    """The database that a backup should be restored into holds something."""

    code = "place_not_empty"


class PlaceUnfitError(DexxyError):
    """The backup cannot be restored into this database."""

    code = "place_unfit"


class PlaceBusyError(DexxyError):
    """Somebody holds locks in the database that is to be replaced."""

    code = "place_busy"


@dataclass(frozen=True)
class Restored:
    """What a restore came to.

    Args:
        renewed: how many secrets are encrypted with this place's key now.
        erased: how many accounts were erased again, or kept out.
        unreadable: the slugs of workspaces whose erasures could not be read from the database
            that was replaced.
        missing: a sentence for each token and App that must be given again.
        is_queue_empty: whether the queue could be emptied.
    """

    renewed: int
    erased: int
    unreadable: list[str]
    missing: list[str]
    is_queue_empty: bool


def restore(
    backup: Backup,
    *,
    force: bool,
    keys: Sequence[str],
    erasures: Iterable[ErasureList],
    brought: Path | None,
) -> Restored:
    """Replace the database by a backup whose migrations this Dexxy knows.

    Args:
        force: replace what is in the database; else it must be empty.
        keys: the secret keys of where the backup was made, as far as they are known.
        erasures: more erasures to play back than the backup, the database and the journal have.
        brought: the folder of the `pg_restore` that Dexxy brings along, if it does.

    Raises:
        PlaceNotEmptyError: the database holds something, and FORCE is not given.
        PlaceUnfitError: the server is too old, has its tables in another schema, or refuses what
            is in the dump.
        PlaceBusyError: somebody works in the database.
        NoFittingProgramError, DumpFailedError: the dump cannot be read.
        DamagedBackupError: the erasures in the backup cannot be read.
        ErasureJournalError: the journal of erasures cannot be read or written.
    """
    programs, schema = programs_for(backup.manifest.tools, brought), backup.manifest.schema
    _fit_require(backup, force=force)
    alive, unreadable = _erasures_alive()
    wanted = [*backup.erasures(), *alive, *_journal(), *erasures]
    # All of the dump is read once before anything is dropped.
    for _ in programs.script(backup.dump(), schema):
        pass
    journal_complete(wanted)
    _load(programs.script(backup.dump(), schema), schema, wanted)
    call_command(migrate.Command(), verbosity=0, interactive=False)
    done = _finish(keys, wanted, unreadable)
    # A dump has no statistics, and the planner would guess until autovacuum comes by.
    execute("ANALYZE", {})
    return done


def _load(script: Iterable[bytes], schema: str, erasures: Sequence[ErasureList]) -> None:
    """Replace all tables by those of a script, and note what is left to do.

    Raises:
        PlaceBusyError, PlaceUnfitError: as `restore`; nothing was touched.
    """
    try:
        with transaction.atomic():
            schema_empty()
            script_run(script)
            fetch_all("SELECT set_config('search_path', %(schema)s, true)", {"schema": schema})
            unfinished_begin(erasures)
    except DatabaseError as error:
        raise _not_loaded(error) from error
    # The script has set much, for the session.
    connection.close()


def _busy_refuse() -> None:
    """Refuse a database that others use, idle as they may be at this moment.

    Raises:
        PlaceBusyError: somebody does.
    """
    others = [name or "another program" for (name,) in fetch_all(_OTHERS, _RECENT)]
    if others:
        raise PlaceBusyError(
            f"This database is in use by {', '.join(others)}: stop all of Dexxy's processes, and"
            " restore again. Nothing was touched."
        )


def _not_loaded(error: DatabaseError) -> DexxyError:
    if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
        return PlaceBusyError(
            "Somebody works in the database: stop all of Dexxy's processes, and restore again."
            " Nothing was touched."
        )
    reason = str(error).splitlines()[0]
    return PlaceUnfitError(f"The dump cannot be loaded here: {reason}. Nothing was touched.")


def _fit_require(backup: Backup, *, force: bool) -> None:
    [(number, version, schema)] = fetch_all(
        "SELECT current_setting('server_version_num')::integer / 10000,"
        " current_setting('server_version'), current_schema()",
        {},
    )
    if number < OLDEST_POSTGRESQL:
        raise PlaceUnfitError(
            f"PostgreSQL {version} is too old: Dexxy needs {OLDEST_POSTGRESQL} or newer."
        )
    if schema != backup.manifest.schema:
        raise PlaceUnfitError(
            f"The backup has its tables in the schema {backup.manifest.schema}, and this database"
            f" would have them in {schema}: set the search_path of the role of DATABASE_URL."
        )
    if schema_objects() and not force:
        raise PlaceNotEmptyError(
            "The database is not empty: restore into an empty one, or replace everything in this"
            " one with --force. Nothing was touched."
        )
    _busy_refuse()


def _erasures_alive() -> tuple[list[ErasureList], list[str]]:
    """Return the erasures in the database that is about to be replaced."""
    unfinished = unfinished_erasures()
    table = ErasureSecret._meta.db_table
    if table not in connection.introspection.table_names():
        return unfinished, []
    stored, unreadable = lists_stored()
    return [*unfinished, *stored], unreadable


def _journal() -> list[ErasureList]:
    path: Path | None = settings.DEXXY_ERASURE_JOURNAL
    return journal_read(path) if path is not None else []


@transaction.atomic
def _finish(
    keys: Sequence[str], erasures: Sequence[ErasureList], unreadable: list[str]
) -> Restored:
    renewed = sum(column.renewed for column in secrets_rotate(keys))
    erased = erasures_play_back(erasures)
    missing = engine_restored()
    unfinished_end()
    return Restored(renewed, erased, unreadable, missing, _queue_empty())


def _queue_empty() -> bool:
    """Drop all jobs: they name rows of the database that was replaced."""
    try:
        for name in settings.RQ_QUEUES:
            get_queue(name).empty()  # type: ignore[no-untyped-call]
    except RedisError:
        return False
    return True
