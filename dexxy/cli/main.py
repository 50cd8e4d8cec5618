"""The `dexxy` program: prepares what a command stands on, runs it, and turns every expected
failure into one line and an exit code."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

from dexxy.cli import composition, demonstration
from dexxy.cli.collector import loading
from dexxy.cli.command_line import COMMANDS, parser_of
from dexxy.cli.errors import WrongUseError
from dexxy.cli.overview import overview
from dexxy.common.errors import DexxyError
from dexxy.common.redaction import redacted
from dexxy.config.env import SettingError
from dexxy.config.version import version_told
from dexxy.embedded import EmbeddedServersError

# Every management command has these; ours do not offer them.
_DJANGOS_OPTIONS = {"force_color": False, "no_color": False, "skip_checks": True}
DONE, FAILED, WRONG_USE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
# Of `dexxy upgrade --check` alone.
PENDING = 2


def main() -> None:
    """Run the command that the command line names, and exit with its code."""
    # So that what a command began is tidied up; those that run until then answer it themselves.
    signal.signal(signal.SIGTERM, _terminated)
    try:
        code = _guarded(sys.argv[1:])
        if sys.stdout is not None:  # as it is where the caller closed it
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except OSError as error:
        code = _complain(f"The output cannot be written: {error.strerror}.", FAILED)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def _guarded(arguments: Sequence[str]) -> int:
    try:
        return _run(arguments)
    except (SettingError, WrongUseError) as error:
        return _complain(str(error), WRONG_USE)
    except (DexxyError, EmbeddedServersError) as error:
        return _complain(str(error), FAILED)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else DONE if error.code is None else FAILED
    except Exception as error:
        explained = _explained(error)
        if explained is None:
            raise
        return _complain(explained[0], explained[1])
    finally:
        composition.release_servers()


def _run(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in ("--help", "-h", "help"):
        return _say(overview())
    if arguments[0] in ("--version", "version"):
        return _say(version_told())
    if arguments[0] not in COMMANDS:
        return _complain(
            f"There is no command {arguments[0]}: `dexxy --help` lists the commands.", WRONG_USE
        )
    name, *rest = arguments
    # By this a restore knows who uses the database. libpq reads it.
    os.environ["PGAPPNAME"] = f"dexxy {name}"
    if name == "manage":
        _manage(rest)
    else:
        # Help and wrong use end here, before anything is started or loaded.
        options = vars(parser_of(name).parse_args(rest))
        if name == "upgrade" and _cluster_waits(options):
            return PENDING
        _prepare(name)
        _execute(name, options)
    return DONE


def _cluster_waits(options: dict[str, Any]) -> bool:
    """Bring the private PostgreSQL to our major version: no server of ours starts on an older one.

    Returns: whether that is left to do, because this is only a check.
    """
    from dexxy.cli.upgrading.cluster import cluster_upgrade

    return cluster_upgrade(options["old_programs"], check=options["check"])


def _prepare(command: str) -> None:
    if command in ("sync", "probe", "import-members"):
        # What goes wrong is said once, in one line, at the end.
        os.environ.setdefault("DEXXY_LOG_LEVEL", "ERROR")
    if command == "probe":
        return  # It asks GitHub, and neither a database nor a queue.
    if command != "demo":
        composition.provide_servers()
        if command != "up":
            composition.adopt_address()
        return
    demonstration.leave_the_real_installation()
    composition.provide_servers()
    demonstration.choose_the_simulator()


def _manage(arguments: Sequence[str]) -> None:
    """Hand over to a management command of Django or of a library."""
    asks_for_help = not {"--help", "-h"}.isdisjoint(arguments)
    if not asks_for_help and arguments[:1] not in ([], ["help"], ["version"]):
        _prepare("manage")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    with loading():
        import django
        from django.core.management import ManagementUtility

        if not asks_for_help:
            django.setup()
    composition.await_servers()
    ManagementUtility(["dexxy manage", *arguments]).execute()


def _execute(name: str, options: dict[str, Any]) -> None:
    """Run one of our commands: Django is loaded while the private servers start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    with loading():
        import django
        from django.core.management import load_command_class
        from django.db import connections

        django.setup()
        from dexxy.cli.last_words import last_words

        command = load_command_class("dexxy.cli", name.replace("-", "_"))
    composition.await_servers()
    try:
        # As run_from_argv does it, which would print "CommandError: " before what went wrong.
        command.execute(**_DJANGOS_OPTIONS, **options)
    finally:
        connections.close_all()
        last_words()


def _explained(error: Exception) -> tuple[str, int] | None:
    """Return one line and an exit code for what libraries raise when something is set up wrong."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import InterfaceError, OperationalError, ProgrammingError
    from django.db.migrations.exceptions import MigrationSchemaMissing
    from redis.exceptions import RedisError

    first_line = (str(error).strip().splitlines() or ["it gives no reason"])[0]
    if isinstance(error, CommandError):
        return str(error), error.returncode
    if isinstance(error, MigrationSchemaMissing):
        return (
            "The role of DATABASE_URL may not make tables: let the database's owner run"
            " `GRANT CREATE ON SCHEMA public TO` that role.",
            FAILED,
        )
    if isinstance(error, UnicodeEncodeError):
        return "A word on the command line is not UTF-8, so it cannot be stored.", WRONG_USE
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        name = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{name}.", FAILED
    if isinstance(error, ProgrammingError) and "does not exist" in first_line:
        from dexxy.cli.startup import how_to_upgrade

        return how_to_upgrade(), FAILED
    if isinstance(error, OperationalError | InterfaceError) and (full := _disk_full(error)):
        return full, FAILED
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database cannot be used: {first_line} (check DATABASE_URL).", FAILED
    if isinstance(error, RedisError):
        return f"The queue cannot be reached: {first_line} (check REDIS_URL).", FAILED
    if isinstance(error, ImproperlyConfigured):
        return f"The settings are wrong: {first_line}", WRONG_USE
    return None


def _disk_full(error: Exception) -> str:
    """Return what to do where the database failed because of a full disk, or ''."""
    from dexxy.common.sql import is_disk_full

    of_ours = composition.disk_full()
    if not of_ours and is_disk_full(error):
        return "The disk of the database is full: free some space there, and start again."
    return of_ours


def _say(text: str) -> int:
    if sys.stdout is not None:
        sys.stdout.write(f"{text}\n")
    return DONE


def _complain(line: str, code: int) -> int:
    sys.stderr.write(f"dexxy: {redacted(line)}\n")
    return code


if __name__ == "__main__":
    main()
