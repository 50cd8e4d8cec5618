"""The table of threads and the feed in a real browser: the place kept on Back, and marks."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.common.pages import PAGE
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]

# How many rows of the feed a desk of 1440 by 900 shows at least: heads of threads and messages.
FEWEST_ROWS = 15
ROWS_SEEN = """() => [...document.querySelectorAll("main .group > header, main .group > ol > li")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().bottom <= innerHeight)
    .length"""


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


def test_a_desk_shows_fifteen_rows_of_the_feed_at_once(
    page: Page, workspace: Workspace, source: Source
) -> None:
    # As people write: titles and paragraphs longer than a line, labels, names, and more than one
    # message in a thread.
    said = (
        "Thanks for the report! I can reproduce this with 2.4.1 on Linux, but not on macOS.",
        "The pool keeps its ticker after `Release()`:\n\n```go\np.Release()\n```\n\nSo it grows.",
        "LGTM",
        "> Does this also happen without the option?\n\nYes. " + "It took an hour to see it. " * 20,
    )
    titles = ("Possible memory leak because of Ticker", "Submit a task with args to pool " * 4)
    now = timezone.now()
    for number in range(30):
        author = make_identity(
            workspace=workspace, username=f"p{number}", name=f"Mei Sandoval {number}"
        )
        at = now - timedelta(minutes=40 * number)
        thread = make_thread(
            source=source,
            title=titles[number % 2],
            author=author,
            labels=["bug", "good first issue", "help wanted"][: number % 4],
            opened_at=at,
        )
        for later in range(number % 4 + 1):
            make_message(
                thread=thread,
                author=author,
                body=said[later],
                occurred_at=at + timedelta(minutes=later),
            )
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/w/{workspace.slug}/feed/")

    assert page.evaluate(ROWS_SEEN) >= FEWEST_ROWS


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
