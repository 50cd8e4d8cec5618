"""The documentation as `make docs` builds it, opened as readers do."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dexxy.web.docs import views
from tests.browser.looks import Look, complaints, look, page_of_alice
from tests.built_documentation import html

__all__ = ["html", "look", "page_of_alice"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = ("", "how-to/add-a-filter.html", "reference/settings.html", "search.html?q=webhook")


@pytest.fixture(autouse=True)
def built(html: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "BUILT", html)


@pytest.mark.slow
def test_pages_fit_and_are_accessible(page_of_alice: Page, look: Look) -> None:
    found = [one for page in PAGES for one in complaints(page_of_alice, f"/docs/{page}", look)]

    assert found == []


def test_a_search_finds_pages_with_their_words_under_the_strict_policy(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    page.goto("/docs/")
    page.get_by_role("searchbox").fill("tombstone")
    page.keyboard.press("Enter")

    results = page.locator("#search-results")
    expect(results.get_by_role("link", name="Data model")).to_be_visible()
    expect(results).to_contain_text("Nothing of a thread is deleted")
    assert said == []


def test_what_was_found_leads_to_its_place_and_back_to_the_contents(page: Page) -> None:
    page.goto("/docs/search.html?q=DEXXY_SYNC_SLICE")
    page.locator("#search-results").get_by_role("link", name="Settings").first.click()

    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    page.get_by_label("Documentation", exact=True).get_by_role(
        "link", name="Connect GitHub"
    ).click()
    page.wait_for_url("**/docs/how-to/connect-github.html")
