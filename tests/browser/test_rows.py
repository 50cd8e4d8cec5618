"""The keys of a list do the same in every list: next row, row before, open, select."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dexxy.accounts.models import User
from dexxy.members.models import MemberSummary
from dexxy.members.organizations import organization_key
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]

PEOPLE = {"ada": "Halden", "bert": "Halden", "cleo": "Zoë & Co"}
LISTS = (
    "feed/",
    "threads/",
    "people/?sort=name",
    "organizations/?sort=name",
    "organizations/halden/",
    "search/?q=is%3Aopen",
)


@pytest.fixture
def home(context: BrowserContext, base_url: str, alice: User, source: Source) -> str:
    """The address of a workspace with three people, each with a thread and an organization."""
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    for number, (name, organization) in enumerate(PEOPLE.items()):
        at = timezone.now() - timedelta(hours=number)
        author = make_identity(workspace=source.workspace, username=name)
        thread = make_thread(source=source, title=f"Leak {number}", author=author, opened_at=at)
        make_message(thread=thread, author=author, body="It leaks.", occurred_at=at)
        MemberSummary.objects.create(
            member=author.member,
            workspace=source.workspace,
            organization=organization,
            organization_key=organization_key(organization),
        )
    return f"/w/{source.workspace.slug}/"


def rows_of(page: Page) -> Locator:
    return page.locator("main [data-row]")


@pytest.mark.parametrize("path", LISTS)
def test_letters_go_through_a_list_and_open_a_row(page: Page, home: str, path: str) -> None:
    page.goto(home + path)
    rows = rows_of(page)
    assert rows.count() >= 2

    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    second = rows.nth(1).inner_text()
    with page.expect_navigation():
        page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_contain_text(second)
    page.go_back()
    expect(rows.nth(1)).to_be_focused()


def test_letters_select_people(page: Page, home: str) -> None:
    page.goto(f"{home}people/?sort=name")
    bar = page.get_by_role("region", name="What to do with the people selected")

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(bar).to_be_visible()
    expect(page.locator("tbody .pick :checked")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator("tbody .pick :checked")).to_have_count(3)
    page.keyboard.press("x")
    expect(page.locator("tbody .pick :checked")).to_have_count(2)


def test_letters_do_nothing_in_a_field_or_where_they_are_switched_off(
    page: Page, context: BrowserContext, base_url: str, home: str
) -> None:
    page.goto(f"{home}threads/")
    page.get_by_role("searchbox").first.focus()
    page.keyboard.press("j")
    expect(page.get_by_role("searchbox").first).to_have_value("j")

    context.add_cookies([{"name": "dexxy_keys", "value": "off", "url": base_url}])
    page.goto(f"{home}threads/")
    page.keyboard.press("j")
    expect(rows_of(page).first).not_to_be_focused()
