"""The palette, the keys and the chips of search fields, in a real browser and without a script."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dexxy.accounts.models import User
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.models import MessageKind, Thread
from dexxy.sources.models import Source
from tests.factories import make_message, make_thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(context: BrowserContext, base_url: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])


@pytest.fixture
def leak(source: Source) -> Thread:
    thread = make_thread(source=source, number=219, title="Leak because of Ticker")
    make_message(thread=thread, kind=MessageKind.OPENED, body="Memory grows.")
    search_catch_up(seconds=10)
    return thread


@pytest.fixture
def at(context: BrowserContext, base_url: str, alice: User, leak: Thread) -> str:
    """The address of the workspace, in which Alice is signed in."""
    sign_in(context, base_url, alice)
    return f"/w/{leak.workspace.slug}/"


def test_the_palette_leads_to_a_thread_by_keys_alone(page: Page, at: str, leak: Thread) -> None:
    page.goto(f"{at}people/")

    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search or jump to")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="People").first).to_be_visible()
    field.press_sequentially("ticker")
    option = page.get_by_role("option", name="Leak because of Ticker")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Leak because of Ticker")


def test_the_palette_gives_the_focus_back_and_enter_before_the_answer_searches(
    page: Page, at: str
) -> None:
    page.goto(f"{at}people/")
    search = page.get_by_role("link", name="Search").first
    search.click()
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(search).to_be_focused()

    page.keyboard.press("Control+k")
    page.keyboard.insert_text("#219")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("Leak because of Ticker")


def test_the_palette_offers_what_can_be_done_on_the_page(
    page: Page, context: BrowserContext, base_url: str, at: str, leak: Thread, bob: User
) -> None:
    here = page.get_by_role("group", name="Actions on this page")
    page.goto(f"{at}feed/")
    page.keyboard.press("Control+k")
    expect(here.get_by_role("option")).to_have_text(["Compact"])
    page.get_by_role("combobox").fill("compa")
    expect(page.get_by_role("option", selected=True)).to_have_text("Everything with “compa”")
    here.get_by_role("option", name="Compact").click()
    expect(page.locator("#feed.is-compact")).to_be_visible()

    page.goto(f"{at}people/")
    page.keyboard.press("Control+k")
    expect(here.get_by_role("option", name="Import")).to_be_visible()
    sign_in(context, base_url, bob)  # a member, who may not import
    page.goto(f"{at}people/")
    page.keyboard.press("Control+k")
    expect(here.get_by_role("option")).to_have_text(["CSV of this list"])


def test_keys_lead_to_pages_list_themselves_and_stay_out_of_fields(page: Page, at: str) -> None:
    page.goto(f"{at}search/")
    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(listed.get_by_text("Snooze")).to_be_visible()
    page.keyboard.press("Escape")
    expect(listed).to_be_hidden()

    page.keyboard.press("/")
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    page.keyboard.type("g p?")
    expect(field).to_have_value("g p?")
    field.evaluate("one => one.blur()")
    page.keyboard.press("g")
    page.keyboard.press("p")

    page.wait_for_url("**/people/")


def test_chips_are_removed_one_by_one_and_become_text_again(page: Page, at: str) -> None:
    page.goto(f"{at}search/?q=ticker+is:open+label:bug")
    field = page.get_by_role("searchbox")
    expect(field).to_have_value("ticker")

    page.get_by_role("button", name="Remove label:bug").click()
    page.wait_for_url("**/search/?q=is%3Aopen+ticker")
    expect(page.get_by_role("link", name="Leak because of Ticker").first).to_be_visible()
    field.press("Home")
    field.press("Backspace")
    expect(field).to_have_value("is:open ticker")
    field.press("Enter")

    page.wait_for_url("**/search/?q=is%3Aopen+ticker")


@pytest.fixture
def without_script(browser: Browser, base_url: str, alice: User) -> Iterator[Page]:
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        sign_in(context, base_url, alice)
        yield context.new_page()


def test_without_a_script_the_field_holds_the_text(without_script: Page, leak: Thread) -> None:
    page = without_script
    page.goto(f"/w/{leak.workspace.slug}/people/")

    page.get_by_role("link", name="Search").first.click()
    page.get_by_role("searchbox").fill("ticker is:open")
    page.get_by_role("button", name="Search", exact=True).click()

    expect(page.get_by_role("searchbox")).to_have_value("ticker is:open")
    expect(page.get_by_role("link", name="Leak because of Ticker").first).to_be_visible()
