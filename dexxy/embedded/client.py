"""Using the private servers: start them or join those that run."""

import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from dexxy.embedded import locks
from dexxy.embedded.errors import DiskFullError, EmbeddedServersError, explained
from dexxy.embedded.folder import DataFolder, open_data_folder
from dexxy.embedded.processes import size_of, tail
from dexxy.embedded.server import NOTE, tells_of_full_disk

_READY_SECONDS = 180.0
_STOPPED_SECONDS = 90.0  # how long an earlier owner may take to stop its server
_POLL_SECONDS = 0.01
_GIVEN_UP_SECONDS = 10.0  # for servers to stop of which one did not start
_MOST_SILENT_ENDS = 5
_LARGEST_LOG_BYTES = 10 * 1024 * 1024


@dataclass
class _Membership:
    """Our part in one server: a shared lock that says somebody uses it."""

    server: str
    folder: DataFolder
    durable: bool
    clients: int | None = None
    report: int | None = None
    starter: "subprocess.Popen[bytes] | None" = None
    silent_ends: int = 0
    log_read: int = 0

    def take(self) -> None:
        """Take the shared lock, after an owner that is stopping has stopped."""
        self.log_read = size_of(self.folder.log(self.server))
        path = self.folder.lock(self.server, "clients")
        self.clients = locks.acquire(path, exclusive=False, timeout=_STOPPED_SECONDS)
        if self.clients is None:
            raise self._late("does not stop")

    def start_owner_if_none(self) -> bool:
        """Start an owner unless there is one, without waiting for it; say whether we did."""
        owner = locks.acquire(self.folder.lock(self.server, "owner"), exclusive=True)
        if owner is None:
            return False
        self._drop_report()
        self.report, write_end = os.pipe()
        try:
            self._start_owner(owner, write_end)
        finally:
            os.close(owner)
            os.close(write_end)
        return True

    def wait_until_ready(self) -> None:
        """Wait for the server, whoever's owner starts it.

        Raises:
            EmbeddedServersError: our owner says why it cannot, or time is up.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while not locks.is_held_exclusively(self.folder.lock(self.server, "ready")):
            self._raise_if_reported()
            self.start_owner_if_none()
            if time.monotonic() > deadline:
                raise self._late("is not ready")
            time.sleep(_POLL_SECONDS)
        self._say_note()
        self._reap_starter()
        self.silent_ends = 0

    def disk_full(self) -> DiskFullError | None:
        """Return the error of a full disk if the server has met one since we use it."""
        lines = tail(self.folder.log(self.server), self.log_read)
        return DiskFullError(self.folder.path) if tells_of_full_disk(lines) else None

    def leave(self) -> None:
        self._drop_report()
        self._reap_starter()
        if self.clients is not None:
            os.close(self.clients)
            self.clients = None

    def wait_until_stopped(self, deadline: float) -> None:
        """Wait until the owner is gone, or others are seen to use the server, or time is up."""
        clients = self.folder.lock(self.server, "clients")
        while locks.is_held_exclusively(self.folder.lock(self.server, "owner")):
            alone = locks.acquire(clients, exclusive=True)
            if alone is not None:
                os.close(alone)
            elif not locks.is_held_exclusively(clients):
                return
            if time.monotonic() > deadline:
                return
            time.sleep(_POLL_SECONDS)

    def _start_owner(self, owner: int, report: int) -> None:
        command = [sys.executable, "-P", "-m", "dexxy.embedded.owner"]
        command += [self.server, str(self.folder.path), "--report", str(report)]
        if not self.durable:
            command.append("--not-durable")
        _rotate(self.folder.log(self.server))
        with self.folder.log("owner").open("ab") as log:
            self.starter = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=[owner, report],
                start_new_session=True,  # Ctrl-C in the terminal is for us, not for it
            )

    def _reap_starter(self) -> int:
        """Return the exit code of the process that forked our owner and ended at once."""
        code = 0 if self.starter is None else self.starter.wait()
        self.starter = None
        return code

    def _say_note(self) -> None:
        """Say what our owner has to say of a server that is ready."""
        if self.report is not None:
            _say(os.read(self.report, 4096).decode())
            self._drop_report()

    def _raise_if_reported(self) -> None:
        """Raise what our owner reports. An end without a word means that it was killed, or
        cannot even speak; so that is tried again, but not for ever."""
        if self.report is None or not select.select([self.report], [], [], 0)[0]:
            return
        message = os.read(self.report, 4096).decode()
        self._drop_report()
        if message.startswith(NOTE):
            _say(message)
        elif message:
            raise EmbeddedServersError(message)
        elif self._reap_starter() != 0:
            raise EmbeddedServersError(f"The servers' owner fails: see {self.folder.log('owner')}")
        self.silent_ends += 1
        if self.silent_ends == _MOST_SILENT_ENDS:
            raise self._late("does not start")

    def _drop_report(self) -> None:
        if self.report is not None:
            os.close(self.report)
            self.report = None

    def _late(self, what: str) -> EmbeddedServersError:
        return EmbeddedServersError(
            f"The embedded {self.server} {what}: see {self.folder.log(self.server)} "
            f"and {self.folder.log('owner')}, then try again."
        )


@dataclass
class Servers:
    """The private servers of a data folder, in use by this process until it ends.

    Args:
        database_url: for psycopg and dj-database-url, None if PostgreSQL was not asked for.
        redis_url: for redis-py, None if Valkey was not asked for.
    """

    database_url: str | None
    redis_url: str | None
    _memberships: list[_Membership] = field(repr=False)

    def ensure(self) -> bool:
        """Start owners for servers that have lost theirs and wait until all servers answer.

        Cheap when all is well; for processes that live long and watch.

        Returns: whether an owner had to be started.
        Raises:
            EmbeddedServersError: a server does not start.
        """
        with explained(self._memberships[0].folder.path):
            started = [member.start_owner_if_none() for member in self._memberships]
            for member in self._memberships:
                member.wait_until_ready()
            return any(started)

    def disk_full(self) -> DiskFullError | None:
        """Return the error of a full disk if a server has met one since this process uses it."""
        found = (member.disk_full() for member in self._memberships)
        return next(filter(None, found), None)

    def close(self, timeout: float = 60.0) -> None:
        """Stop using the servers; when nobody else does, wait until they have stopped."""
        for member in self._memberships:
            member.leave()
        deadline = time.monotonic() + timeout
        for member in self._memberships:
            with suppress(FileNotFoundError):  # somebody removed the folder under the servers
                member.wait_until_stopped(deadline)


def ensure_servers(
    data_dir: Path, *, postgres: bool = True, valkey: bool = True, durable: bool = True
) -> Servers:
    """Start the private servers of this data folder, or join those that run, and wait for them.

    Args:
        as for `start_servers`.

    Raises:
        EmbeddedServersError: they cannot run; the message says what to do.
    """
    servers = start_servers(data_dir, postgres=postgres, valkey=valkey, durable=durable)
    try:
        servers.ensure()
    except BaseException:
        servers.close(timeout=_GIVEN_UP_SECONDS)
        raise
    return servers


def start_servers(
    data_dir: Path, *, postgres: bool = True, valkey: bool = True, durable: bool = True
) -> Servers:
    """Begin to start the private servers of this data folder, or join those that run.

    Whoever calls this does something else meanwhile, and waits with `ensure` before using them.
    They run until the last process that called this has ended, in whatever way.

    Args:
        durable: False trades safety against a power cut for speed; for tests.

    Raises:
        EmbeddedServersError: they cannot run; the message says what to do.
    """
    folder = open_data_folder(data_dir)
    wanted = [name for name, asked in (("postgres", postgres), ("valkey", valkey)) if asked]
    memberships = [_Membership(name, folder, durable) for name in wanted]
    servers = Servers(
        database_url=f"postgresql://dexxy@{quote(str(folder.sockets), safe='')}/dexxy"
        if postgres
        else None,
        redis_url=f"unix://{quote(str(folder.sockets / 'valkey.sock'))}?db=0" if valkey else None,
        _memberships=memberships,
    )
    try:
        with explained(folder.path):
            for member in memberships:
                member.take()
                member.start_owner_if_none()
    except BaseException:
        servers.close(timeout=_GIVEN_UP_SECONDS)
        raise
    _in_use.append(servers)
    return servers


# The locks end with the process, not with the variable of a caller who forgot it.
_in_use: list[Servers] = []


def _say(note: str) -> None:
    if note:
        sys.stderr.write(f"dexxy: {note}\n")


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
