"""The `dexxy` program: prepares what a command stands on, runs it, and turns every expected
failure into one line and an exit code."""

import os
import sys
from collections.abc import Callable, Sequence

import dexxy
from dexxy.cli import composition, demonstration
from dexxy.cli.overview import COMMANDS, overview
from dexxy.common.errors import DexxyError
from dexxy.config.env import SettingError
from dexxy.embedded import EmbeddedServersError

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def main() -> None:
    """Run the command that the command line names, and exit with its code."""
    try:
        code = _guarded(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _guarded(arguments: Sequence[str]) -> int:
    try:
        return _run(arguments)
    except SettingError as error:
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
        return _say(dexxy.__version__)
    if arguments[0] not in COMMANDS:
        return _complain(
            f"There is no command {arguments[0]}: `dexxy --help` lists the commands.", WRONG_USE
        )
    if not _only_asks_for_help(arguments):
        _prepare(arguments[0])
    _execute(arguments)
    return DONE


def _only_asks_for_help(arguments: Sequence[str]) -> bool:
    if arguments[0] == "manage" and arguments[1:2] in ([], ["help"], ["version"]):
        return True
    return "--help" in arguments or "-h" in arguments


def _prepare(command: str) -> None:
    if command != "demo":
        composition.provide_servers()
        return
    demonstration.leave_the_real_installation()
    composition.provide_servers()
    demonstration.choose_the_simulator()


def _execute(arguments: Sequence[str]) -> None:
    """Hand over to Django, whose settings can be read now."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    from django.core.management import ManagementUtility

    command, *rest = arguments
    argv = ["dexxy manage", *rest] if command == "manage" else ["dexxy", command, *rest]
    utility = ManagementUtility(argv)
    utility.prog_name = argv[0]
    utility.execute()


def _explained(error: Exception) -> tuple[str, int] | None:
    """Return one line and an exit code for what libraries raise when something is set up wrong."""
    from django.core.exceptions import ImproperlyConfigured
    from django.db import InterfaceError, OperationalError, ProgrammingError
    from redis.exceptions import ConnectionError as RedisConnectionError

    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    lines: list[tuple[type[Exception], Callable[[], str], int]] = [
        (ImproperlyConfigured, lambda: f"The settings are wrong: {first_line}", WRONG_USE),
        (
            OperationalError,
            lambda: f"The database cannot be used: {first_line} (check DATABASE_URL).",
            FAILED,
        ),
        (InterfaceError, lambda: f"The database went away: {first_line}.", FAILED),
        (
            RedisConnectionError,
            lambda: f"Redis cannot be reached: {first_line} (check REDIS_URL).",
            FAILED,
        ),
    ]
    if isinstance(error, ProgrammingError) and "does not exist" in first_line:
        return "The database's tables are not up to date: run `dexxy manage migrate`.", FAILED
    for kind, line, code in lines:
        if isinstance(error, kind):
            return line(), code
    return None


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return DONE


def _complain(line: str, code: int) -> int:
    sys.stderr.write(f"dexxy: {line}\n")
    return code


if __name__ == "__main__":
    main()
