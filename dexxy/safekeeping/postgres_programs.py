"""`pg_dump` and `pg_restore`: those that Dexxy brings along, or those of this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Thread
from typing import IO

from django.db import connection

from dexxy.common.errors import DexxyError

_BLOCK = 1024 * 1024
# As in "pg_dump (PostgreSQL) 18.6"; packagers add words of their own behind it.
_VERSION = re.compile(r"\) (\d+)")
# The releases of November 2026, such as 15.20, keep a number of their own among the options of each
# column. A `pg_dump` of before writes it down, and a server of before refuses it. No line of data
# is like that: our tables have more than one column, and a tab stands between two.
_OF_THE_SERVER = re.compile(
    rb"ALTER TABLE ONLY [^\t\n]+ ALTER COLUMN [^\t\n]+ SET \(pg_attver=\d+\);\n"
)
# The role that restores has another name, and what a role may do is up to the place.
_OURS_ALONE = ("--no-owner", "--no-privileges")


class NoFittingProgramError(DexxyError):
    """There is no `pg_dump` that is new enough."""

    code = "no_fitting_pg_dump"


class DumpFailedError(DexxyError):
    """`pg_dump` or `pg_restore` failed."""

    code = "dump_failed"


@dataclass(frozen=True)
class Programs:
    """The programs of one version of PostgreSQL.

    Args:
        folder: where they are.
        major: their version; they know servers and dumps up to it.
    """

    folder: Path
    major: int

    def dump(self, schema: str) -> Iterator[bytes]:
        """Dump SCHEMA of our database as it is at this moment, while everything goes on.

        Raises:
            DumpFailedError: it cannot be dumped.
        """
        connection.ensure_connection()
        info = connection.connection.info
        # The password by the environment: whoever is on this machine can read command lines.
        environment = {**os.environ, "PGPASSWORD": info.password}
        what = ("--format=custom", f"--schema={schema}", f"--dbname={info.dsn}")
        with _running(self.folder / "pg_dump", *_OURS_ALONE, *what, env=environment) as dump:
            dump.stdin.close()
            while block := dump.stdout.read(_BLOCK):
                yield block

    def script(self, dump: Iterable[bytes], schema: str) -> Iterator[bytes]:
        """Return a dump as the lines of a script of SQL, without the statement that makes SCHEMA.

        Raises:
            DumpFailedError: it is no dump, or cannot be read.
        """
        what = ("--file=-", f"--schema={schema}")
        with _running(self.folder / "pg_restore", *_OURS_ALONE, *what) as restore:
            feeder = Thread(target=_feed, args=(restore.stdin, dump), daemon=True)
            feeder.start()
            yield from (line for line in restore.stdout if not _OF_THE_SERVER.fullmatch(line))
            feeder.join()


def programs_for(major: int, brought: Path | None) -> Programs:
    """Return programs of PostgreSQL MAJOR or newer.

    Args:
        major: the version of the server that is dumped, or of the `pg_dump` that wrote a dump.
        brought: the folder of those that Dexxy brings along, if it does.

    Raises:
        NoFittingProgramError: there are none.
    """
    for folder in _folders(brought):
        found = _version(folder)
        if found is not None and found >= major:
            return Programs(folder, found)
    raise NoFittingProgramError(
        f"This needs pg_dump and pg_restore of PostgreSQL {major} or newer, and neither Dexxy nor"
        f" this machine has them: install the package postgresql-client-{major}."
    )


def _folders(brought: Path | None) -> Iterator[Path]:
    if brought is not None:
        yield brought
    installed = shutil.which("pg_dump")
    if installed is not None:
        yield Path(installed).parent


def _version(folder: Path) -> int | None:
    """Return the major version of the programs in a folder, if they run."""
    majors = []
    for name in ("pg_dump", "pg_restore"):
        try:
            asked = [str(folder / name), "--version"]
            output = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603
        except (OSError, subprocess.CalledProcessError):
            return None
        found = _VERSION.search(output.stdout)
        majors.append(int(found[1]) if found else 0)
    return min(majors)


class _Running:
    """A program that reads from us and that we read from."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout


@contextmanager
def _running(
    program: Path, *arguments: str, env: dict[str, str] | None = None
) -> Iterator[_Running]:
    """Run a program while the block lasts, and see at its end that it succeeded."""
    with TemporaryFile() as output:
        pipe = subprocess.PIPE
        process = subprocess.Popen(  # noqa: S603
            [program, *arguments], stdin=pipe, stdout=pipe, stderr=output, env=env
        )
        try:
            yield _Running(process)
        except BaseException:
            process.kill()  # what it has to say is not wanted any more
            raise
        finally:
            code = _ended(process)
        if code != 0:
            output.seek(0)
            raise DumpFailedError(f"{program.name} failed: {_reason(output.read())}")


def _ended(process: "subprocess.Popen[bytes]") -> int:
    for stream in (process.stdin, process.stdout):
        with suppress(BrokenPipeError):
            if stream is not None:
                stream.close()
    return process.wait()


def _reason(output: bytes) -> str:
    lines = output.decode(errors="replace").splitlines()
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    return (errors or lines or ["it does not say why."])[0]


def _feed(stdin: IO[bytes], dump: Iterable[bytes]) -> None:
    # A program that has seen enough, or has failed, reads no further; its exit code tells which.
    with suppress(BrokenPipeError, ValueError):
        for block in dump:
            stdin.write(block)
        stdin.close()
