"""Measures each page of a running demo: first byte, bytes on the wire, CPU, and rows of the feed.

    make demo PORT=8123
    .venv/bin/python -m benchmarks.pages THE-LINK-THAT-IT-PRINTS

It follows the links of all pages, to one page of each kind. The first byte is the soonest of
several tries. On a busy machine the CPU tells more, which is read from /proc, of the processes that
serve the pages. What a browser that knows nothing loads is the page with its stylesheet and its
scripts. Words after the link choose the pages whose addresses have one of them.
"""

import http.client
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import decompress
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from playwright.sync_api import ViewportSize, sync_playwright
from rich.console import Console
from rich.table import Table

from benchmarks.processor import PROCESSES, nanoseconds

TRIES = 6
# Milliseconds until the first byte, and bytes without pictures.
WANTED, HEAVIEST = 150, 150_000
# Where no link leads by itself: what is asked for, and what a script loads.
BESIDE = ("search/?q=pool", "search/help/", "more/", "go/", "insights/?all=1", "?tab=old")
# What is no page, or ends something: files, feeds, what is asked first, signing out.
NO_PAGES = re.compile(r"(/export/|\.csv|\.atom|/atom/|/logout/|\.zip|/pictures?/|/newer/|/docs/)")
# Below the workspace, and what belongs to the reader.
WHOSE = ("/account/",)
# A page of a kind is known by its address without numbers, and by these parameters.
TELLING = ("tab", "segment", "all", "show")
DESK: ViewportSize = {"width": 1440, "height": 900}
# Rows of the feed that a desk shows at once, at least.
ROWS = 15
_ROWS_SEEN = """() => [...document.querySelectorAll("main .group > header, main .group > ol > li")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().bottom <= innerHeight)
    .length"""
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"


@dataclass(frozen=True)
class Measured:
    """One page.

    Args:
        first_byte, cpu: milliseconds.
        wire, whole: bytes, compressed and not.
        all_wire: with the stylesheet and the scripts.
    """

    status: int
    first_byte: float
    cpu: float
    wire: int
    whole: int
    all_wire: int


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
        self._files: dict[str, int] = {}
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
        beside = sum(self._size(file) for file in set(_FILES.findall(self.text(path))))
        found = [self._measure(path, beside) for _ in range(TRIES)]
        return Measured(*(min(getattr(one, name) for one in found) for name in _FIELDS))

    def rows_of_the_feed(self) -> int:
        """Count the rows of the feed that a desk shows at once."""
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            root = f"http://{self._host}:{self._port}"
            context = browser.new_context(viewport=DESK)
            context.add_cookies(
                [
                    {"name": name, "value": value, "url": root}
                    for name, value in self._cookies.items()
                ]
            )
            page = context.new_page()
            page.goto(f"{root}{self.home}feed/")
            seen = int(page.evaluate(_ROWS_SEEN))
            browser.close()
        return seen

    def _size(self, file: str) -> int:
        """Return how many bytes a file takes on the wire."""
        if file not in self._files:
            self._files[file] = len(self.get(file)[1])
        return self._files[file]

    def _measure(self, path: str, beside: int) -> Measured:
        before = _cpu(self._web)
        answer, body, seconds = self.get(path)
        used = _cpu(self._web) - before
        sizes = len(body), len(_whole(answer, body)), len(body) + beside
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
_FILES = re.compile(r'(?:<script src|<link rel="stylesheet" href)="([^"]+)"')


def main(link: str, *words: str) -> None:
    """Print what each page of the demo takes."""
    demo = Demo(link)
    table = Table(title="The least of several tries", title_justify="left")
    table.add_column("page", no_wrap=True)
    for name in ("first byte, ms", "CPU, ms", "gzip, kB", "kB", "all, gzip, kB"):
        table.add_column(name, justify="right")
    slow, pages = 0, list(_addresses(demo))
    for path in pages:
        if words and not any(word in path for word in words):
            continue
        one = demo.measure(path)
        is_heavy = one.all_wire > HEAVIEST or one.status != http.HTTPStatus.OK
        is_slow = one.first_byte > WANTED or is_heavy
        slow += is_slow
        figures = (f"{one.first_byte:.0f}", f"{one.cpu:.0f}")
        sizes = (f"{size / 1000:.1f}" for size in (one.wire, one.whole, one.all_wire))
        name = path.removeprefix(demo.home) or path
        table.add_row(name, *figures, *sizes, style="bold red" if is_slow else "")
    Console().print(table)
    Console().print(f"{slow} pages take more than {WANTED} ms or {HEAVIEST / 1000:.0f} kB.")
    Console().print(f"{demo.rows_of_the_feed()} rows of the feed at once; {ROWS} are wanted.")


def _addresses(demo: Demo) -> Iterator[str]:
    """Yield one address of each kind of page, in the order in which links lead to them."""
    waiting = [demo.home, *(demo.home + one for one in BESIDE)]
    known = {_kind(one) for one in waiting}
    while waiting:
        path = waiting.pop(0)
        answer, body, _ = demo.get(path)
        if answer.headers.get_content_type() != "text/html" or answer.status != http.HTTPStatus.OK:
            continue
        yield path
        for link in re.findall(r'href="([^"#]+)', _whole(answer, body).decode()):
            there = urljoin(path, unescape(link))
            is_ours = there.startswith((demo.home, *WHOSE)) and not NO_PAGES.search(there)
            if is_ours and _kind(there) not in known:
                known.add(_kind(there))
                waiting.append(there)


def _kind(address: str) -> tuple[str, ...]:
    """Return what tells a page of an address from those that look alike."""
    parts = urlsplit(address)
    path = re.sub(r"\d+", "N", parts.path)
    path = re.sub(r"/organizations/(?!N)[^/]+/", "/organizations/ONE/", path)
    path = re.sub(r"/insights/(?!how/)[^/]+/([^/]+/)?", r"/insights/ONE/", path)
    telling = (f"{name}={value}" for name, value in parse_qsl(parts.query) if name in TELLING)
    return path, *telling


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
