"""Measures each page of a running demo: first byte, bytes on the wire, CPU.

    make demo PORT=8123
    .venv/bin/python -m benchmarks.pages THE-LINK-THAT-IT-PRINTS

The first byte is the soonest of several tries. On a busy machine the CPU tells more, which is read
from /proc, of the processes that serve the pages.
"""

import http.client
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import decompress
from http.cookies import SimpleCookie
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qsl, urlencode, urlsplit

from rich.console import Console
from rich.table import Table

from benchmarks.processor import PROCESSES, nanoseconds

TRIES = 6
# Milliseconds until the first byte, and bytes without pictures.
WANTED, HEAVIEST = 150, 150_000
# Below the workspace.
PAGES = [
    "feed/",
    "threads/",
    "search/?q=pool",
    "more/",
    "people/",
    "people/suggestions/",
    "people/import/",
    "organizations/",
    "insights/",
    "insights/?all=1",
    "repositories/",
    "repositories/history/",
    "repositories/add/",
    "settings/general/",
    "settings/people/",
    "settings/team/",
    "settings/github/",
    "settings/tokens/",
    "settings/data/",
    "waiting/how/",
]
# Where to find one of many, and how its address looks.
ONE_OF = {
    "threads/?q=kind:issue": r"threads/\d+/",
    "threads/?q=kind:pr": r"threads/\d+/",
    "threads/?q=kind:discussion": r"threads/\d+/",
    "people/": r"people/\d+/",
    "organizations/": r"organizations/[^/\"?]+/",
    "repositories/": r"repositories/\d+/",
}


@dataclass(frozen=True)
class Measured:
    """One page.

    Args:
        first_byte, cpu: milliseconds.
        wire, whole: bytes, compressed and not.
    """

    status: int
    first_byte: float
    cpu: float
    wire: int
    whole: int


class Demo:
    """A demo that runs, and somebody who is signed in to it."""

    def __init__(self, link: str) -> None:
        parts = urlsplit(link)
        self._host, self._port = parts.hostname or "localhost", parts.port or 80
        self._cookies: dict[str, str] = {}
        form = self.text(f"{parts.path}?{parts.query}")
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        sent = urlencode([*parse_qsl(parts.query), *hidden])
        self._ask("POST", f"{parts.path}?{parts.query}", sent)
        self.home = self._ask("GET", "/").headers["Location"]
        served = f"\0--port\0{self._port}\0".encode()
        self._web = [one for one in _processes() if served in _command(one)]

    def get(self, path: str) -> tuple[http.client.HTTPResponse, bytes, float]:
        """Ask for a page. Returns the answer, its body, and after how many seconds it began."""
        began = perf_counter()
        answer = self._ask("GET", path)
        seconds = perf_counter() - began
        return answer, answer.read(), seconds

    def text(self, path: str) -> str:
        """Return what a page says."""
        return _whole(*self.get(path)[:2]).decode()

    def measure(self, path: str) -> Measured:
        """Ask for a page several times, and return the least of all."""
        self.get(path)
        found = [self._measure(path) for _ in range(TRIES)]
        return Measured(*(min(getattr(one, name) for one in found) for name in _FIELDS))

    def _measure(self, path: str) -> Measured:
        before = _cpu(self._web)
        answer, body, seconds = self.get(path)
        used = _cpu(self._web) - before
        sizes = len(body), len(_whole(answer, body))
        return Measured(answer.status, seconds * 1000, used, *sizes)

    def _ask(self, method: str, path: str, body: str = "") -> http.client.HTTPResponse:
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Accept-Encoding": "gzip", "Cookie": cookies}
        if body:
            origin = f"http://{self._host}:{self._port}"
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=60)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {key: one.value for key, one in SimpleCookie(line).items()}
        return answer


_FIELDS = Measured.__dataclass_fields__


def main(link: str) -> None:
    """Print what each page of the demo takes."""
    demo = Demo(link)
    table = Table(title="The least of several tries", title_justify="left")
    table.add_column("page", no_wrap=True)
    for name in ("first byte, ms", "CPU, ms", "gzip, kB", "kB"):
        table.add_column(name, justify="right")
    slow = 0
    for path in _addresses(demo):
        one = demo.measure(path)
        is_slow = one.first_byte > WANTED or one.wire > HEAVIEST or one.status != http.HTTPStatus.OK
        slow += is_slow
        figures = (f"{one.first_byte:.0f}", f"{one.cpu:.0f}")
        sizes = (f"{one.wire / 1000:.1f}", f"{one.whole / 1000:.0f}")
        name = path.removeprefix(demo.home) or path
        table.add_row(name, *figures, *sizes, style="bold red" if is_slow else "")
    Console().print(table)
    Console().print(f"{slow} pages take more than {WANTED} ms or {HEAVIEST / 1000:.0f} kB.")


def _addresses(demo: Demo) -> Iterator[str]:
    yield demo.home
    yield from (demo.home + page for page in PAGES)
    known = set()
    for listed, pattern in ONE_OF.items():
        found = re.findall(f'href="{demo.home}({pattern})"', demo.text(demo.home + listed))
        known |= {next((one for one in found if one not in known), listed)}
    yield from (demo.home + one for one in sorted(known))


def _whole(answer: http.client.HTTPResponse, body: bytes) -> bytes:
    return decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body


def _processes() -> list[Path]:
    return [path for path in PROCESSES.iterdir() if path.name.isdigit()]


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _cpu(processes: list[Path]) -> float:
    """Return how many milliseconds PROCESSES have computed so far."""
    return sum(map(nanoseconds, processes)) / 1_000_000


if __name__ == "__main__":
    main(*sys.argv[1:])
