"""The tutorial, followed step by step: each step shows what the page says of it."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from time import monotonic, sleep

import httpx
import pytest

from dexxy.cli.tests.running import Running, dexxy_within, environment, free_port
from dexxy.embedded.tests.conftest import place
from dexxy.embedded.tests.observing import wait_until_deserted
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.documented import ROOT, blocks, fences

__all__ = ["place"]

PAGE = "docs/tutorial/ten-minutes.md"
# Seconds; whole installations start.
PATIENCE = 240.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def shown(number: int) -> str:
    """Return what the page shows as the answer of a command."""
    return fences(PAGE, "text")[number].strip()


@contextmanager
def started(command: str, place: Path, **settings: str) -> Iterator[tuple[str, httpx.Client]]:
    """Run a command until it is ready, and open the link that it prints; stop it at the end.

    Yields: what it printed, and a browser that is signed in.
    """
    with ready(command, place, **settings) as said:
        [link] = re.findall(r"http://\S+/sign-in/link/\S+", said)
        with httpx.Client(follow_redirects=True, timeout=60) as browser:
            page = browser.get(link)
            fields = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]*)"', page.text))
            browser.post(link, data=fields, headers={"Referer": link})
            yield said, browser


@contextmanager
def ready(command: str, place: Path, **settings: str) -> Iterator[str]:
    """Run a command until it is ready, and stop it at the end. Yields what it printed."""
    port = str(free_port())
    env = environment(place / "data", **settings)
    running = Running(command, "--port", port, log=place / f"{command}.log", env=env)
    try:
        running.wait_until(lambda: "Ctrl-C stops" in running.said(), "it is ready", PATIENCE)
        yield running.said()
        assert running.stop(SIGINT) == 0
    finally:
        running.end()


def test_make_demo_is_what_is_tried_here() -> None:
    # `make` itself would look whether package registries have anything new.
    told = subprocess.run(
        ["make", "-n", "demo", "PORT=8123"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert told.stdout.splitlines()[-1] == 'exec .venv/bin/dexxy demo --port "8123"'


def test_the_demo_shows_who_waits(place: Path) -> None:
    [demo], *_ = blocks(PAGE)
    assert demo.text == "make demo"

    with started("demo", place) as (said, browser):
        home = browser.get(re.findall(r"http://[\w.:]+/", said)[0])
        insights = browser.get(home.url.join("insights/"))

    assert shown(0) in said
    assert re.search("<title>[^<]*Waiting", home.text)
    assert "data-row" in home.text
    assert insights.status_code == 200
    wait_until_deserted(place / "data-demo")


def test_the_demo_shows_a_difference_being_found_and_mended(place: Path) -> None:
    with started("demo", place) as (said, browser):
        home = browser.get(re.findall(r"http://[\w.:]+/", said)[0]).url

        def page(path: str) -> str:
            answer = browser.get(home.join(path))
            assert answer.status_code == 200, path
            return answer.text

        def receipts() -> list[str]:
            """Return the look of what each repository says of the count against GitHub."""
            return re.findall(r'class="(good|warn)" href="[^"]*#receipt"', page("repositories/"))

        def see(what: str, is_so: Callable[[], bool]) -> None:
            ends = monotonic() + PATIENCE
            while not is_so():
                assert monotonic() < ends, what
                sleep(1)

        see("both repositories agree with GitHub", lambda: receipts() == ["good", "good"])
        see(
            "two accounts may be one person's",
            lambda: 'data-key="y"' in page("people/suggestions/"),
        )
        see("people work somewhere", lambda: page("organizations/").count('<th scope="row"') > 3)
        see("webhooks have arrived", lambda: "issue" in page("settings/deliveries/"))
        see("an issue vanished of which no webhook tells", lambda: "warn" in receipts())
        see("it was found and mended", lambda: receipts() == ["good", "good"])


def test_the_public_demo_is_read_by_everybody_and_changed_by_nobody(place: Path) -> None:
    with (
        ready("demo", place, DEXXY_DEMO_PUBLIC="yes") as said,
        httpx.Client(follow_redirects=True, timeout=60) as browser,
    ):
        home = browser.get(re.findall(r" at (http://\S+)", said)[0])
        refused = browser.post(home.url.join("settings/general/"), data={"name": "Mine"})
        closed = browser.get(home.url.join("/admin/"))

    assert home.url.path == "/w/demo/"
    assert 'id="public-demo"' in home.text
    assert (home.status_code, refused.status_code, closed.status_code) == (200, 403, 403)


def test_a_repository_of_ones_own_is_read_and_shown(place: Path) -> None:
    _, [token, sync], [up] = blocks(PAGE)
    assert (token.setting or ("",))[0] == "GITHUB_TOKEN"
    assert sync.text == ".venv/bin/dexxy sync OWNER/REPO"
    assert up.text == ".venv/bin/dexxy up"

    with SimulatorServer(recorded_world()) as github:
        given = {"DEXXY_GITHUB_API_URL": github.url, "GITHUB_TOKEN": DEMO_TOKEN}
        # It makes a cluster and all tables, too.
        done = dexxy_within(PATIENCE, "sync", "panjf2000/ants", data_dir=place / "data", **given)
        with started("up", place, **given) as (said, browser):
            first = browser.get(re.findall(r"http://[\w.:]+/", said)[0])
            team = browser.get(first.url.join("settings/team/"))

    assert done.returncode == 0, done.stderr
    untimed = re.compile(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d+ requests \(\d+ points\)| +$", re.M
    )
    assert untimed.sub("", shown(1)).split() == untimed.sub("", done.stdout).split()
    assert shown(2) in said
    assert re.search("<title>[^<]*Waiting", first.text)
    assert "data-row" in first.text
    assert "Team" in team.text
    wait_until_deserted(place / "data")


def test_the_readme_shows_the_same_receipt() -> None:
    [receipt] = [one for one in fences("README.md", "text") if "panjf2000/ants: read" in one]

    assert receipt.strip() == shown(1)
