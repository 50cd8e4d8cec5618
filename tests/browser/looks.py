"""How pages are looked at: what sticks out, and what axe finds, in both schemes of one page."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from dexxy.accounts.models import User
from tests import needs

Scheme = Literal["light", "dark"]
# As narrow as any page is.
NARROWEST = 320
# Bytes, without pictures.
HEAVIEST = 150_000


# What rows and headings say, and the first line below a frame's bar, keeps its distance from edges.
AT_THE_EDGE = """() => {
  if (location.pathname.startsWith("/docs/")) return "";  // its margins lie outside of `main`
  const content = document.querySelector("main");
  const main = content.getBoundingClientRect();
  const lines = content.querySelectorAll(
    ":is(h1, .crumb:not(.pad), .row > :not(.row-acts, .pick))"
  );
  for (const one of lines) {
    const box = one.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || one.closest("dialog, .scroll")) continue;
    const isBeside = box.left < main.left + 8 || box.right > main.right - 8;
    if (isBeside || box.top < main.top + 9) return one.outerHTML.slice(0, 200);
  }
  return "";
}"""


class Look(NamedTuple):
    """How wide pages are opened, and in which schemes they are looked at."""

    width: int
    schemes: Sequence[Scheme]


LIGHT, DARK, PHONE = Look(1440, ["light"]), Look(1440, ["dark"]), Look(390, ["light", "dark"])
LOOKS = [
    pytest.param(LIGHT, id="light"),
    pytest.param(DARK, id="dark", marks=pytest.mark.slow),
    pytest.param(PHONE, id="phone", marks=pytest.mark.slow),
]


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> Look:
    found: Look = request.param
    return found


@contextmanager
def open_page(browser: Browser, base_url: str, user: User | None = None) -> Iterator[Page]:
    """Open a page whose content policy lets axe in, which is evaluated into it.

    Args:
        user: who is signed in.
    """
    with browser.new_context(bypass_csp=True, base_url=base_url) as context:
        if user is not None:
            client = Client()
            client.force_login(user)
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
        page = context.new_page()
        # Colours that are on their way to others are none that anybody reads.
        page.emulate_media(reduced_motion="reduce")
        yield page


@pytest.fixture
def page_of_alice(browser: Browser, base_url: str, alice: User) -> Iterator[Page]:
    with open_page(browser, base_url, alice) as page:
        yield page


def complaints(page: Page, address: str, look: Look) -> list[str]:
    """Open an address, and return what is wrong with its page."""
    page.set_viewport_size({"width": look.width, "height": 844})
    answer = page.goto(address)
    assert answer is not None
    size = len(answer.body())
    found = [f"{address} has {size} bytes"] if size > HEAVIEST else []
    return found + [f"{address} {one}" for one in complaints_here(page, look)]


def complaints_here(page: Page, look: Look) -> list[str]:
    """Return what sticks out of a page that is open, and what axe finds."""
    found = []
    page.evaluate(needs.axe())
    for scheme in look.schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for one in page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]:
            found += [
                f"at {look.width}, {scheme}: {one['help']}: {n['html']}" for n in one["nodes"]
            ]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    for width in (look.width, NARROWEST):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"is {wide} wide at {width}")
        if glued := page.evaluate(AT_THE_EDGE):
            found.append(f"touches the edge at {width}: {glued}")
    return found
