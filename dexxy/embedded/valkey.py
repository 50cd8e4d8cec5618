"""The private Valkey."""

import signal
import socket
from pathlib import Path

from dexxy.embedded import binaries
from dexxy.embedded.errors import DiskFullError, EmbeddedServersError
from dexxy.embedded.folder import make_private, remove
from dexxy.embedded.server import NOTE, Server


class Valkey(Server):
    name = "valkey"
    title = "Valkey"
    stop_signals = ((signal.SIGTERM, 30.0),)
    on_owner_death = signal.SIGTERM

    @property
    def socket(self) -> Path:
        return self.folder.sockets / "valkey.sock"

    def start(self) -> None:
        """Start the server; files that it cannot read are set aside, since nobody misses a queue.

        Raises:
            EmbeddedServersError: it does not start, with its files or without them.
        """
        self.note = ""
        try:
            super().start()
        except DiskFullError:
            raise
        except (EmbeddedServersError, OSError) as failure:
            if self.is_running():  # it is slow, and may have much to read
                raise
            self._start_without_files(failure)

    def _start_without_files(self, failure: Exception) -> None:
        aside = self.data.with_name(f"{self.name}.damaged")
        remove(aside)
        self.data.rename(aside)
        try:
            super().start()
        except BaseException:
            # They were not to blame.
            remove(self.data)
            aside.rename(self.data)
            raise failure from None
        self.note = (
            f"{NOTE}the queue's files were damaged, and are in {aside} now. The queue begins"
            f" empty: nothing is lost. {self.log} says what was wrong."
        )

    def prepare(self, lock: int) -> None:
        make_private(self.data, self.folder.account)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str | Path]:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": "",
            "daemonize": "no",
            "maxmemory-policy": "noeviction",  # jobs are not a cache
        }
        arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
        return [binaries.valkey_program(self.folder) / "valkey-server", *arguments]

    def is_ready(self) -> bool:
        """Ask it; it answers LOADING while it still reads its file."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1.0)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False
