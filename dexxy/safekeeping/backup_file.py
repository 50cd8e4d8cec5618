"""A backup as a file: a zip with the dump, the list of erasures, a manifest, and perhaps the keys.

Nothing in it is compressed by the zip: the dump is already. The manifest comes last and names the
digest of everything else, so a file that was cut off anywhere is recognised before it is used.
"""

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from dexxy.common.errors import DexxyError

DUMP, ERASURES, KEYS, MANIFEST = "database.dump", "erasures.jsonl", "keys.json", "manifest.json"
# Of this layout. A later one gets another number, and an older Dexxy refuses it.
FORMAT = 1
_BLOCK = 1024 * 1024


class DamagedBackupError(DexxyError):
    """A file is no backup of Dexxy, or not a whole one."""

    code = "damaged_backup"


class NewerBackupError(DexxyError):
    """A backup has what only a newer Dexxy knows."""

    code = "newer_backup"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Args:
        dexxy: the version that made it.
        made_at: when, in ISO 8601.
        postgresql: the version of the server, as in "18.6".
        tools: the major version of the `pg_dump` that wrote the dump.
        schema: the PostgreSQL schema that was dumped.
        migrations: the app and name of each migration that the database had.
        digests: the SHA-256 of each other member, by its name.
    """

    dexxy: str
    postgresql: str
    tools: int
    schema: str
    migrations: list[list[str]]
    made_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    digests: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


class BackupWriter:
    """Writes the members of a backup one after the other, also to a pipe."""

    def __init__(self, output: IO[bytes]) -> None:
        self._zip = ZipFile(output, "w")
        self._digests: dict[str, str] = {}

    def add(self, name: str, blocks: Iterable[bytes]) -> None:
        """Write one member."""
        digest = sha256()
        with self._zip.open(name, "w", force_zip64=True) as member:
            for block in blocks:
                digest.update(block)
                member.write(block)
        self._digests[name] = digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, with which the file is whole."""
        told = asdict(manifest) | {"digests": self._digests}
        self._zip.writestr(MANIFEST, json.dumps(told, indent=1))
        self._zip.close()


@contextmanager
def written_atomically(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that only we may read, and that appears when it is whole.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


class Backup:
    """A backup that was looked at from its first byte to its last."""

    def __init__(self, zip_: ZipFile, manifest: Manifest) -> None:
        self._zip = zip_
        self.manifest = manifest

    def __contains__(self, name: str) -> bool:
        return name in self.manifest.digests

    def read(self, name: str) -> bytes:
        """Return a small member as a whole."""
        return self._zip.read(name)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Return a large member piece by piece."""
        yield from _blocks(self._zip, name)


@contextmanager
def backup_opened(path: Path) -> Iterator[Backup]:
    """Open a backup, after the whole file was checked.

    Raises:
        DamagedBackupError: it is none, or not a whole one.
        NewerBackupError: its layout is of a newer Dexxy.
        OSError: it cannot be read.
    """
    try:
        zip_ = ZipFile(path)
    except BadZipFile as error:
        raise _damaged(path) from error
    with zip_:
        try:
            manifest = _manifest(zip_, path)
            for name, digest in manifest.digests.items():
                if _digest(zip_, name) != digest:
                    raise _damaged(path)
        except (BadZipFile, EOFError, KeyError, TypeError, ValueError, zlib.error) as error:
            raise _damaged(path) from error
        yield Backup(zip_, manifest)


def _manifest(zip_: ZipFile, path: Path) -> Manifest:
    told: Mapping[str, Any] = json.loads(zip_.read(MANIFEST))
    if int(told["format"]) > FORMAT:
        raise NewerBackupError(
            f"{path} is a backup of a newer Dexxy ({told['dexxy']}): restore it with that one."
        )
    if DUMP not in told["digests"] or ERASURES not in told["digests"]:
        raise _damaged(path)
    return Manifest(**told)


def _digest(zip_: ZipFile, name: str) -> str:
    digest = sha256()
    for block in _blocks(zip_, name):
        digest.update(block)
    return digest.hexdigest()


def _blocks(zip_: ZipFile, name: str) -> Iterator[bytes]:
    with zip_.open(name) as member:
        while block := member.read(_BLOCK):
            yield block


def _damaged(path: Path) -> DamagedBackupError:
    return DamagedBackupError(
        f"{path} is not a whole backup of Dexxy: it was cut off or changed, or is something else."
        " Take another one. Nothing was touched."
    )
