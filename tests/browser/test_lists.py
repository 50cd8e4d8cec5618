"""The table of threads and the feed in a real browser: the place kept on Back, and marks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.common.pages import PAGE
from dexxy.sources.models import Source
from tests.factories import make_message, make_thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def complaints(page: Page) -> Iterator[list[str]]:
    """Fail whatever the browser complains about: a blocked style, a broken script."""
    found: list[str] = []
    page.on("console", lambda one: found.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.fixture(autouse=True)
def signed_in(context: BrowserContext, base_url: str, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])


def test_back_leads_to_the_row_that_was_left(
    page: Page, workspace: Workspace, source: Source
) -> None:
    now = timezone.now()
    for number in range(PAGE + 5):
        make_thread(
            source=source, title=f"Thread {number}", opened_at=now - timedelta(hours=number)
        )
    page.goto(f"/w/{workspace.slug}/threads/")

    page.get_by_role("link", name="Show 50 more").click()
    page.get_by_role("link", name=f"Thread {PAGE + 3}", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Thread {PAGE + 3}")
    page.go_back()

    expect(page.get_by_role("heading", level=1)).to_have_text("Threads")
    expect(page.get_by_role("link", name=f"Thread {PAGE + 3}", exact=True)).to_be_in_viewport()


def test_a_tick_takes_the_marks_of_a_thread_away_and_keeps_the_place(
    page: Page, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source, title="Leak", opened_at=timezone.now())
    make_message(thread=thread, body="It leaks", occurred_at=timezone.now() + timedelta(seconds=1))
    page.goto(f"/w/{workspace.slug}/feed/")
    expect(page.locator(".said.is-unread")).to_have_count(1)

    page.get_by_role("button", name="Mark as read: Leak").click()

    expect(page.locator(".said.is-unread")).to_have_count(0)
    expect(page.get_by_role("link", name="Leak", exact=True)).to_be_focused()


def test_a_view_is_kept_in_the_sidebar_with_its_count(
    page: Page, workspace: Workspace, source: Source
) -> None:
    make_thread(source=source, title="Leak", labels=["bug"])
    make_thread(source=source, title="Wish")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/w/{workspace.slug}/threads/?q=label%3Abug")

    page.locator("#save-view summary").click()
    page.get_by_label("Name of the view").fill("Bugs")
    page.get_by_label("Pin beside every page").check()
    page.locator("#save-view form button").click()

    expect(page.locator(".toast")).to_contain_text("The view is saved.")
    pinned = page.locator(".views").get_by_role("link", name="Bugs")
    expect(pinned).to_contain_text("1")
    pinned.click()
    expect(page.get_by_role("link", name="Wish", exact=True)).to_have_count(0)
