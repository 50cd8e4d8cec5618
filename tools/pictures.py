"""`make pictures`: take the pictures of the docs of the demo's pages, with Chromium.

They are docs/images/NAME.png, and some also NAME-dark.png and NAME-phone.png. The demo shows the
same things each time; its times and what trickles in differ.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
# Root has no sandbox.
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DESK, PHONE = (1440, 900), (390, 844)
# Reading the demo's GitHub, and counting what the figures need, takes a while.
LONGEST_START, LONGEST_SYNC = 120.0, 180.0


class Picture(NamedTuple):
    """A page, as a way of links from the workspace's home, and how else it is taken."""

    name: str
    way: tuple[str, ...]
    looks: tuple[str, ...] = ()


PICTURES = (
    Picture("waiting", ("",), ("dark", "phone")),
    Picture("feed", ("feed/",)),
    Picture("threads", ("threads/",)),
    Picture("search", ("search/?q=pool",)),
    # The longest of the invented ones.
    Picture(
        "thread",
        ("threads/?sort=messages&q=kind:pr+repo:ants-recipes", "main a.name[href*='/threads/']"),
    ),
    Picture("people", ("people/",)),
    Picture("member", ("people/?sort=messages", "main table a.name[href*='/people/']"), ("phone",)),
    Picture("organizations", ("organizations/",)),
    Picture("suggestions", ("people/suggestions/",)),
    Picture("insights", ("insights/",)),
    Picture("repositories", ("repositories/",)),
    Picture("team", ("settings/team/",)),
)


def main() -> None:
    """Take all pictures, or those named as arguments."""
    wanted = set(sys.argv[1:])
    with _demo() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        state, home = _sign_in(browser, link)
        for picture in PICTURES:
            if wanted and picture.name not in wanted:
                continue
            for look in ("", *picture.looks):
                _take(browser, state, home, picture, look)
        browser.close()


@contextmanager
def _demo() -> Iterator[str]:
    """Run the demo in a folder of its own, and yield the link that signs in."""
    with tempfile.TemporaryDirectory(prefix="dexxy-pictures-") as folder:
        Path(folder).chmod(0o755)  # as root the servers run as somebody else
        environment = {**os.environ, "DEXXY_DATA_DIR": str(Path(folder) / "data")}
        dexxy = Path(sys.executable).with_name("dexxy")
        demo = subprocess.Popen(  # noqa: S603 - our own command
            [dexxy, "demo"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # that avatars cannot be had
            text=True,
        )
        try:
            yield _link(demo)
        finally:
            demo.terminate()
            demo.wait(60)


def _link(demo: subprocess.Popen[str]) -> str:
    assert demo.stdout is not None
    for line in demo.stdout:
        found = re.search(r"http\S+sesame=\S+", line)
        if found:
            return found.group()
    raise SystemExit("The demo ended before it printed a link.")


def _sign_in(browser: Browser, link: str) -> tuple[Path, str]:
    """Sign in, wait until everything is read, and return the cookies' file and the address."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(link, timeout=LONGEST_START * 1000)
        page.get_by_role("button").click()
        page.wait_for_url("**/w/**")
        home = re.sub(r"(/w/[^/]+/).*", r"\1", page.url)
        ends = monotonic() + LONGEST_SYNC
        while not _is_read(page, home) and monotonic() < ends:
            sleep(2)
        state = Path(tempfile.mkstemp(suffix=".json")[1])
        context.storage_state(path=state)
    return state, home


def _is_read(page: Page, home: str) -> bool:
    page.goto(f"{home}repositories/")
    # A bar is drawn as long as a list is being read.
    if page.locator("main progress, main [role=progressbar]").count():
        return False
    page.goto(home)
    # A note stands there as long as who is of the team is new, and numbers move.
    return page.locator(".waits-note [role=status]").count() == 0


def _take(browser: Browser, state: Path, home: str, picture: Picture, look: str) -> None:
    width, height = PHONE if look == "phone" else DESK
    with browser.new_context(
        storage_state=state,
        viewport={"width": width, "height": height},
        color_scheme="dark" if look == "dark" else "light",
        reduced_motion="reduce",
        timezone_id="UTC",
    ) as context:
        page = context.new_page()
        page.goto(home + picture.way[0])
        for link in picture.way[1:]:
            address = page.locator(link).first.evaluate("link => link.href")
            page.goto(address)
        # Cards come one by one, pictures of people not at all without a network.
        page.wait_for_load_state("networkidle")
        page.mouse.move(width - 1, 1)
        name = f"{picture.name}-{look}" if look else picture.name
        page.screenshot(path=IMAGES / f"{name}.png")
        sys.stdout.write(f"docs/images/{name}.png\n")


if __name__ == "__main__":
    main()
