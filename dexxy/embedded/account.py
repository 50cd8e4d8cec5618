"""The account that the servers run as."""

import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dexxy.embedded.errors import EmbeddedServersError

_PREFERRED_USERS = ("dexxy", "nobody")

# Other daemons run as `nobody` too. Our servers get a group that nobody else has, and their
# data lies in a folder that only this group may enter, so those daemons cannot read it (nor
# trace our servers: the kernel compares groups there as well). No name is needed, only a
# number outside the ranges that Debian and systemd give out and inside the 65,536 that a
# container has.
_PRIVATE_GROUP = 60_964


@dataclass(frozen=True)
class Account:
    """An operating system account; `drops` says whether servers must change to it."""

    name: str
    uid: int
    gid: int
    drops: bool

    def may_enter(self, folder: Path) -> bool:
        """Say whether the permission bits let this account pass through the folder."""
        if not self.drops:
            return True
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    def barrier(self, folder: Path) -> Path | None:
        """Return the first folder on the way to (and including) this one that is closed to us."""
        for step in (*reversed(folder.parents), folder):
            if not self.may_enter(step):
                return step
        return None


def server_account(guarded: Path | None = None) -> Account:
    """Return the account for the servers: ours, or for root an ordinary one, for PostgreSQL
    refuses to run as root.

    Args:
        guarded: a folder that only root and the group of the servers may enter. Where it is there
            already, what is in it belongs to the account with that group, and stays its own when
            somebody makes a better one later.

    Raises:
        EmbeddedServersError: root has no ordinary account to run them as.
    """
    uid = os.geteuid()
    if uid != 0:
        return Account(name=str(uid), uid=uid, gid=os.getegid(), drops=False)
    accounts = list(_ordinary_accounts())
    if not accounts:
        raise EmbeddedServersError(
            "PostgreSQL does not run as root and there is no other user for it: "
            "make one with `useradd --system dexxy`."
        )
    group = guarded.stat().st_gid if guarded is not None and guarded.exists() else None
    return next((one for one in accounts if one.gid == group), accounts[0])


def _ordinary_accounts() -> Iterator[Account]:
    """Yield the accounts that root may run the servers as, the best one first."""
    for name in _PREFERRED_USERS:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            gid = _PRIVATE_GROUP if name == "nobody" else entry.pw_gid
            yield Account(name=name, uid=entry.pw_uid, gid=gid, drops=True)
