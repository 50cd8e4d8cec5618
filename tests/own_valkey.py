"""A Valkey of a test's own, in each state in which nobody can use it."""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from dexxy.embedded import binaries
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.tests.observing import wait_until


class OwnValkey:
    """A server that listens at a socket in FOLDER."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.socket = folder / "valkey.sock"
        program = (
            binaries.valkey_program(open_data_folder(Path(os.environ["DEXXY_DATA_DIR"])))
            / "valkey-server"
        )
        arguments = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(folder)]
        self.process = subprocess.Popen(
            [str(program), *arguments, "--save", "", *options], stdout=subprocess.DEVNULL
        )
        wait_until(self.socket.exists, "Valkey listens")

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def ask(self, *command: str) -> object:
        """Send a command."""
        with Redis.from_url(self.url) as client:
            return client.execute_command(*command)  # type: ignore[no-untyped-call]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def _is_well(server: OwnValkey) -> None:
    """Leave it as it is."""


def _is_away(server: OwnValkey) -> None:
    server.end()
    server.socket.unlink()


def _is_full(server: OwnValkey) -> None:
    server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.ask("CONFIG", "SET", "maxmemory", "1")


def _is_a_replica(server: OwnValkey) -> None:
    server.ask("REPLICAOF", "127.0.0.1", "1")


def _cannot_write_its_file(server: OwnValkey) -> None:
    server.ask("CONFIG", "SET", "save", "3600 1")
    # A folder in the place of the file.
    (server.folder / "dump.rdb" / "x").mkdir(parents=True)
    server.ask("SET", "unsaved", "1")
    server.ask("BGSAVE")
    wait_until(lambda: _refuses(server, "SET"), "Valkey takes no writes")


def _is_loading(server: OwnValkey) -> None:
    server.ask("DEBUG", "POPULATE", "2000")
    server.ask("CONFIG", "SET", "key-load-delay", "5000")
    server.ask("CONFIG", "SET", "loading-process-events-interval-bytes", "1024")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(server.socket))
        client.sendall(b"DEBUG RELOAD\r\n")
        wait_until(lambda: _refuses(server, "GET"), "Valkey loads")


def _refuses(server: OwnValkey, command: str) -> bool:
    try:
        server.ask(*{"GET": ("GET", "unsaved"), "SET": ("SET", "unsaved", "2")}[command])
    except RedisError:
        return True
    return False


def _hangs(server: OwnValkey) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


STATES: Mapping[str, Callable[[OwnValkey], None]] = {
    "away": _is_away,
    "full": _is_full,
    "replica": _is_a_replica,
    "file": _cannot_write_its_file,
    "loading": _is_loading,
    "hanging": _hangs,
}


@contextmanager
def valkey_that(happens: Callable[[OwnValkey], None] = _is_well) -> Iterator[OwnValkey]:
    """Start a server, and let something happen to it."""
    with tempfile.TemporaryDirectory(prefix="dexxy-valkey-") as folder:
        server = OwnValkey(Path(folder), "--enable-debug-command", "yes")
        try:
            happens(server)
            yield server
        finally:
            server.end()
