"""Lists of erasures, which are kept apart from the database, so that a restored one can catch up.

A list holds digests and the key that they were made with, and nothing personal: nobody can be read
from it, but whoever has it can ask whether a person whom they know is in it.
"""

import errno
import fcntl
import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from dexxy.common.crypto import UndecryptableSecretError
from dexxy.common.errors import DexxyError
from dexxy.members.models import ErasedKey, ErasureSecret

_DIGEST = re.compile(r"[0-9a-f]{64}")
# Digests in one list that is made of the database: of about 130 bytes each. Who reads a line has
# all of it in memory.
_MOST_AT_ONCE = 100_000


class ErasureJournalError(DexxyError):
    """The journal of erasures cannot be written, or not be read."""

    code = "erasure_journal"


@dataclass(frozen=True, slots=True)
class ErasedAccount:
    """One emptied account.

    Args:
        digest: of the account's key.
        provider: the server that it is on.
        is_silenced: whether its messages are stored without text.
    """

    digest: str
    provider: str
    is_silenced: bool


@dataclass(frozen=True, slots=True)
class ErasureList:
    """Erasures of one workspace.

    Args:
        workspace: its slug.
        secret: the HMAC key of the digests.
        accounts: the emptied accounts.
        texts: the digests of all that the people can be recognised by besides.
    """

    workspace: str
    secret: str = field(repr=False)
    accounts: tuple[ErasedAccount, ...]
    texts: tuple[str, ...]

    @property
    def digests(self) -> set[str]:
        """Every digest of the list."""
        return {*self.texts, *(account.digest for account in self.accounts)}

    def line(self) -> bytes:
        """Return the list as one line of a file."""
        return json.dumps(asdict(self)).encode() + b"\n"


def lists_read(lines: Iterable[bytes], where: str, *, is_whole: bool) -> Iterator[ErasureList]:
    """Read lists that `ErasureList.line` wrote.

    A last line without an end is left out of what is not whole: it was being written when its
    process died, so its erasure was never done.

    Args:
        where: what they are read from, for the error.
        is_whole: whether each line was written to its end.

    Raises:
        ErasureJournalError: a line is none.
    """
    for number, line in enumerate(lines, 1):
        has_end = line.endswith(b"\n")
        if not has_end and not is_whole:
            return
        try:
            if not has_end:
                raise ValueError("The line has no end.")
            one = _list_read(line)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise ErasureJournalError(
                _(
                    "Line {number} of {where} is no erasure: put the file back from a copy, or take"
                    " that line out and erase its person again."
                ).format(number=number, where=where)
            ) from error
        yield one


def _list_read(line: bytes) -> ErasureList:
    told = json.loads(line)
    accounts = tuple(ErasedAccount(**account) for account in told.pop("accounts"))
    one = ErasureList(**{**told, "texts": tuple(told["texts"])}, accounts=accounts)
    if not all(_DIGEST.fullmatch(digest) for digest in one.digests):
        raise ValueError("A digest is none.")
    # What cannot be printed, PostgreSQL may refuse, and only when the restore is half done.
    words = [one.workspace, one.secret, *(account.provider for account in accounts)]
    if not all(isinstance(word, str) and word.isprintable() for word in words):
        raise ValueError("A text is none.")
    if not all(isinstance(account.is_silenced, bool) for account in accounts):
        raise TypeError("Whether an account is silenced is not said.")
    return one


def lists_stored() -> tuple[list[ErasureList], list[str]]:
    """Return all erasures in the database: for each workspace that has any, a list or several.

    Returns: the lists, and the slugs of the workspaces whose HMAC key cannot be decrypted.
    """
    readable: list[ErasureList] = []
    unreadable: list[str] = []
    # Only these columns, which every Dexxy has: the database may be behind, or ahead.
    stored = ErasureSecret.objects.order_by("workspace_id")
    for workspace, slug, secret in stored.values_list("workspace_id", "workspace__slug", "secret"):
        try:
            readable += _lists_of(workspace, slug, secret.read())
        except UndecryptableSecretError:
            unreadable.append(slug)
    return readable, unreadable


def _lists_of(workspace_id: int, slug: str, secret: str) -> Iterator[ErasureList]:
    keys = ErasedKey.objects.filter(workspace=workspace_id).order_by("digest")
    found = list(keys.values_list("digest", "identity__provider", "identity__is_silenced"))
    for start in range(0, len(found), _MOST_AT_ONCE):
        some = found[start : start + _MOST_AT_ONCE]
        yield ErasureList(
            slug,
            secret,
            tuple(ErasedAccount(d, p, bool(s)) for d, p, s in some if p is not None),
            tuple(digest for digest, provider, _ in some if provider is None),
        )


def journal_write(erased: ErasureList) -> None:
    """Append erasures to the journal, if there is one, before their transaction is committed.

    Raises:
        ErasureJournalError: it cannot be written, and nobody may be erased therefore.
    """
    path: Path | None = settings.DEXXY_ERASURE_JOURNAL
    if path is None:
        return
    try:
        _append(path, erased.line())
    except OSError as error:
        raise ErasureJournalError(
            _(
                "Nobody was erased, because the journal of erasures {path} cannot be written:"
                " {why}. Mend that, or name another file in DEXXY_ERASURE_JOURNAL."
            ).format(path=path, why=error.strerror)
        ) from error


def journal_complete(lists: Iterable[ErasureList]) -> None:
    """Append what the journal of this place lacks, if there is one.

    Raises:
        ErasureJournalError: it cannot be read or written.
    """
    path: Path | None = settings.DEXXY_ERASURE_JOURNAL
    if path is None:
        return
    known = {(one.secret, digest) for one in journal_read(path) for digest in one.digests}
    for one in lists:
        its = {(one.secret, digest) for digest in one.digests}
        if not its <= known:
            journal_write(one)
            known |= its


def _append(path: Path, line: bytes) -> None:
    """Append a line, all of it or nothing, behind the last whole one."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0) as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        end = journal.read().rfind(b"\n") + 1
        journal.truncate(end)
        journal.seek(end)
        if journal.write(line) != len(line):
            journal.truncate(end)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(journal)


def journal_read(path: Path) -> list[ErasureList]:
    """Return the erasures in a journal; none if there is no such file.

    Raises:
        ErasureJournalError: it cannot be read.
    """
    try:
        with path.open("rb") as journal:
            return list(lists_read(journal, str(path), is_whole=False))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ErasureJournalError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
