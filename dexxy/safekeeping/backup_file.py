"""A backup as a file: a zip with the dump, the list of erasures, a manifest, and perhaps the keys.

Nothing in it is compressed by the zip: the dump is already. The manifest comes last and names the
digest of everything else, so a file that was cut off anywhere is recognised before it is used.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import IO, Self
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from dexxy.common.errors import DexxyError
from dexxy.members.erasure.lists import ErasureJournalError, ErasureList, lists_read
from dexxy.safekeeping.enclosed_keys import keys_disclosed
from dexxy.safekeeping.manifest import DUMP, ERASURES, KEYS, MANIFEST, Manifest, manifest_read

_BLOCK = 1024 * 1024
# In bytes: what is read into memory must not take all of it, wherever the file is from. A line is
# of one journal entry, or of as many erasures as `lists_stored` puts into one list.
_MOST = {MANIFEST: 2**20, KEYS: 2**20, ERASURES: 2**28}
_LONGEST_LINE = 2**26
_ENCRYPTED = 0x1
# All that a zip is found to be broken with. RuntimeError: what is asked for is not supported.
_BROKEN = (BadZipFile, EOFError, KeyError, OverflowError, RuntimeError, ValueError, struct.error)


class DamagedBackupError(DexxyError):
    """A file is no backup of Dexxy, or not a whole one."""

    code = "damaged_backup"


class BackupWriter:
    """Writes the members of a backup one after the other, also to a pipe.

    As a context manager it leaves a file that was not finished as it is.
    """

    def __init__(self, output: IO[bytes]) -> None:
        self._zip = ZipFile(output, "w")
        self._digests: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Else the zip would write its end once it is forgotten, into a file that is closed by then.
        self._zip.fp = None

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


class Backup:
    """A backup that was looked at from its first byte to its last."""

    def __init__(self, zip_: ZipFile, manifest: Manifest, path: Path) -> None:
        self._zip = zip_
        self._path = path
        self.manifest = manifest

    def __contains__(self, name: str) -> bool:
        return name in self.manifest.digests

    def dump(self) -> Iterator[bytes]:
        """Return the dump piece by piece."""
        yield from _blocks(self._zip, DUMP)

    def erasures(self) -> Iterator[ErasureList]:
        """Return the erasures.

        Raises:
            DamagedBackupError: a line is none, or not a whole one.
        """
        lines = _lines(_blocks(self._zip, ERASURES))
        try:
            yield from lists_read(lines, str(self._path), is_whole=True)
        except (ErasureJournalError, ValueError) as error:
            raise _damaged(self._path) from error

    def keys(self, passphrase: str) -> list[str]:
        """Return the secret keys that are enclosed.

        Raises:
            WrongPassphraseError: they were encrypted with another passphrase.
            DamagedBackupError: they are none.
        """
        try:
            return keys_disclosed(_whole(self._zip, KEYS), passphrase)
        except ValueError as error:
            raise _damaged(self._path) from error


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
    except _BROKEN as error:
        raise _damaged(path) from error
    with zip_:
        try:
            manifest = manifest_read(_whole(zip_, MANIFEST), str(path))
            for name, digest in manifest.digests.items():
                if _digest(zip_, name) != digest:
                    raise _damaged(path)
        except _BROKEN as error:
            raise _damaged(path) from error
        yield Backup(zip_, manifest, path)


def _digest(zip_: ZipFile, name: str) -> str:
    digest = sha256()
    for block in _blocks(zip_, name):
        digest.update(block)
    return digest.hexdigest()


def _whole(zip_: ZipFile, name: str) -> bytes:
    """Return a small member."""
    return b"".join(_blocks(zip_, name))


def _blocks(zip_: ZipFile, name: str) -> Iterator[bytes]:
    """Return a member piece by piece, no more of it than it may have."""
    told, size = _member(zip_, name), 0
    with zip_.open(told) as member:
        while block := member.read(_BLOCK):
            size += len(block)
            _bound(size, name)
            yield block


def _member(zip_: ZipFile, name: str) -> ZipInfo:
    """Return what the zip says of a member that it stores as `BackupWriter` does."""
    told = zip_.getinfo(name)
    if told.compress_type != ZIP_STORED or told.flag_bits & _ENCRYPTED:
        raise ValueError(f"{name} is compressed or encrypted.")
    _bound(told.file_size, name)
    return told


def _bound(size: int, name: str) -> None:
    if name in _MOST and size > _MOST[name]:
        raise ValueError(f"{name} is too large.")


def _lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Return lines with their ends; the last one is without, if it has none."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ValueError("A line is too long.")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def _damaged(path: Path) -> DamagedBackupError:
    return DamagedBackupError(
        f"{path} is not a whole backup of Dexxy: it was cut off or changed, or is something else."
        " Take another one. Nothing was touched."
    )
