"""Hosts of a Dexxy that are network namespaces, with PgBouncer and nginx as the how-to has them."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from urllib.request import urlopen

from dexxy.cli.tests.real_proxies import AROUND
from dexxy.cli.tests.running import COMMAND
from dexxy.embedded.account import server_account
from dexxy.embedded.tests.observing import wait_until
from tests import needs
from tests.own_installation import PATIENCE
from tests.own_valkey import OwnValkey
from tests.servers import using
from tests.streaming import Cluster
from tests.template import copy_of_cluster

HOW_TO = needs.ROOT / "docs/how-to/run-on-many-machines.md"
# In the place of the how-to's 10.0.0.
NETWORK = f"10.213.{os.getpid() % 250}"
HUB = f"{NETWORK}.1"
WEB = f"{HUB}:8080"


def require() -> None:
    """Skip a test on a machine where it cannot make hosts."""
    needs.nginx()
    for program in ("/usr/sbin/pgbouncer", "/usr/sbin/ip", "/usr/bin/unshare"):
        if not os.access(program, os.X_OK):
            needs.missing(f"there is no {program}: install pgbouncer, iproute2 and util-linux")
    if os.geteuid() != 0 or _ip("netns", "add", "dexxy-try", check=False):
        needs.missing("network namespaces can be made by root alone")
    _ip("netns", "del", "dexxy-try")


def _ip(*arguments: str, check: bool = True) -> int:
    return subprocess.run(["/usr/sbin/ip", *arguments], check=check, timeout=30).returncode


def snippet(kind: str) -> str:
    """Return the file of the how-to that is marked as of a KIND."""
    [text] = re.findall(rf"^```{kind}\n(.*?)^```", HOW_TO.read_text(), re.DOTALL | re.MULTILINE)
    return str(text)


def adapted(text: str, changes: dict[str, str]) -> str:
    """Replace in a file what is otherwise here; each part stands in it once."""
    for theirs, ours in changes.items():
        assert text.count(theirs) == 1, theirs
        text = text.replace(theirs, ours)
    return text


class Host:
    """A host with a network of its own, and the processes of Dexxy that run there."""

    def __init__(self, number: int, place: Path, environment: dict[str, str]) -> None:
        self.name = f"dxm{os.getpid() % 10000}h{number}"
        self.address = f"{NETWORK}.{number}"
        self._place, self.settings = place, environment
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def plug_in(self, bridge: str) -> None:
        """Connect it with the others."""
        _ip("netns", "add", self.name)
        inside = ("-n", self.name)
        _ip("link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self.name, "master", bridge, "up")
        _ip(*inside, "addr", "add", f"{self.address}/24", "dev", "eth0")
        for device in ("eth0", "lo"):
            _ip(*inside, "link", "set", device, "up")

    def cut_off(self) -> None:
        _ip("link", "set", self.name, "down")

    def come_back(self) -> None:
        _ip("link", "set", self.name, "up")

    def run(self, *arguments: str) -> None:
        """Start a command of Dexxy there."""
        own_name = ["unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.name]
        with self.log(arguments[0]).open("ab") as log:
            self.processes[arguments[0]] = subprocess.Popen(
                ["/usr/sbin/ip", "netns", "exec", self.name, *own_name, *COMMAND, *arguments],
                env=self.settings,
                stdout=log,
                stderr=log,
            )

    def log(self, command: str) -> Path:
        return self._place / f"{self.name}-{command}.log"

    def said(self) -> str:
        return "\n".join(self.log(command).read_text() for command in self.processes)

    def stop(self, seconds: float) -> dict[str, int]:
        """Ask all its processes to stop; return how each ended, all within so many SECONDS."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        ends = monotonic() + seconds
        return {name: one.wait(ends - monotonic()) for name, one in self.processes.items()}

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        _ip("netns", "del", self.name, check=False)


class Machines:
    """A hub with the servers, and two hosts of Dexxy."""

    def __init__(self, place: Path, environment: dict[str, str]) -> None:
        self._place = place
        self.database_url = f"postgresql://dexxy@{HUB}:6432/dexxy"
        given = environment | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://{HUB}:6390/0",
            "DEXXY_BASE_URL": f"http://{WEB}",
            "DEXXY_TRUSTED_PROXIES": "1",
            "DEXXY_WEB_PROCESSES": "1",
        }
        self.hosts = [Host(number, place, dict(given)) for number in (11, 12)]
        self.cluster = Cluster(place / "postgres")

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Run the network and the servers."""
        bridge = f"dxm{os.getpid() % 10000}"
        with ExitStack() as stack:
            _ip("link", "add", bridge, "type", "bridge")
            stack.callback(_ip, "link", "del", bridge)
            _ip("addr", "add", f"{HUB}/24", "dev", bridge)
            _ip("link", "set", bridge, "up")
            for host in self.hosts:
                stack.callback(host.end)
                host.plug_in(bridge)
            copy_of_cluster(self.cluster.data)
            self.cluster.start()
            stack.callback(self.cluster.stop)
            [limit] = re.findall(r"^ALTER DATABASE dexxy (.*);$", snippet("sql"), re.MULTILINE)
            self.cluster.ask(f"ALTER DATABASE dexxy_template {limit}")
            (self._place / "valkey").mkdir()
            options = ("--port", "6390", "--bind", HUB, "--protected-mode", "no")
            stack.callback(OwnValkey(self._place / "valkey", *options).end)
            stack.enter_context(self._pgbouncer())
            stack.enter_context(self._nginx())
            yield

    @contextmanager
    def _pgbouncer(self) -> Iterator[None]:
        folder, account = self._place / "pgbouncer", server_account()
        folder.mkdir(mode=0o755)
        text = adapted(
            snippet("ini"),
            {
                "host=127.0.0.1 port=5432 dbname=dexxy": f"host={self.cluster.folder}"
                " port=5432 dbname=dexxy_template",
                "listen_addr = 10.0.0.1": f"listen_addr = {HUB}",
                "auth_type = scram-sha-256": "auth_type = trust",
                "/etc/pgbouncer/userlist.txt": f"{folder}/users",
            },
        )
        (folder / "users").write_text('"dexxy" ""\n')
        # Beside it runs Debian's own, whose socket has its place in /tmp.
        (folder / "ini").write_text(f"{text}unix_socket_dir =\n")
        drops = {"user": account.uid, "group": account.gid, "extra_groups": []}
        with (self._place / "pgbouncer.log").open("wb") as log:
            pooler = subprocess.Popen(
                ["/usr/sbin/pgbouncer", folder / "ini"],
                stdout=log,
                stderr=log,
                **(drops if account.drops else {}),  # type: ignore[call-overload]
            )
        try:
            wait_until(lambda: _takes(6432), "PgBouncer listens")
            yield
        finally:
            pooler.terminate()
            pooler.wait(30)

    @contextmanager
    def _nginx(self) -> Iterator[None]:
        folder = self._place / "nginx"
        folder.mkdir()
        server = adapted(
            snippet("nginx"),
            {
                "10.0.0.11:8000": f"{NETWORK}.11:8000",
                "10.0.0.12:8000": f"{NETWORK}.12:8000",
                "listen 443 ssl;": f"listen {HUB}:8080;",
                "    ssl_certificate /etc/ssl/dexxy.example.org.pem;\n": "",
                "    ssl_certificate_key /etc/ssl/dexxy.example.org.key;\n": "",
            },
        )
        text = AROUND.format(folder=folder, user="user root;", server=server)
        (folder / "nginx.conf").write_text(text)
        arguments: list[str | Path] = [
            "-c",
            folder / "nginx.conf",
            "-e",
            folder / "error.log",
            "-p",
            folder,
        ]
        nginx = subprocess.Popen([needs.nginx(), *arguments])
        try:
            wait_until(lambda: _takes(8080), "nginx listens")
            yield
        finally:
            nginx.terminate()
            nginx.wait(30)

    def start(self) -> None:
        """Run all of Dexxy's processes on each host."""
        for host in self.hosts:
            host.run("web", "--host", host.address)
            host.run("worker", "--concurrency", "4")
            host.run("scheduler", "--every", "1")
        for host in self.hosts:
            place = f"{host.address}:8000"
            self.wait_until(partial(answers, place), f"{host.name} is ready", PATIENCE)

    @contextmanager
    def database(self) -> Iterator[None]:
        """Let this thread's models and services work on the database, through PgBouncer."""
        with using(self.database_url):
            yield

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float) -> None:
        """Wait as `wait_until` does, while all processes run."""

        def met() -> object:
            for host in self.hosts:
                for name, one in host.processes.items():
                    assert one.poll() is None, f"{name} on {host.name} ended: {host.said()}"
            return condition()

        wait_until(met, what, seconds)


def _takes(port: int) -> bool:
    try:
        socket.create_connection((HUB, port), timeout=1).close()
    except OSError:
        return False
    return True


def answers(place: str) -> bool:
    """Say whether pages are served at HOST:PORT."""
    try:
        with urlopen(f"http://{place}/readyz", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
