"""The frame in a real browser: menus, toasts, dialogs, the two schemes; and all of it without a
script."""

from collections.abc import Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubRepository, SyncStatus
from dexxy.sources.models import Source
from tests.factories import (
    make_app,
    make_installation,
    make_repository,
    make_run,
    make_source,
    make_workspace,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE: ViewportSize = {"width": 360, "height": 740}


def sign_in(context: BrowserContext, base_url: str, user: User) -> None:
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])


@pytest.fixture(autouse=True)
def signed_in(context: BrowserContext, base_url: str, alice: User) -> None:
    sign_in(context, base_url, alice)


@pytest.fixture
def without_script(browser: Browser, base_url: str, alice: User) -> Iterator[Page]:
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        sign_in(context, base_url, alice)
        yield context.new_page()


@pytest.fixture
def repositories(source: Source) -> str:
    """The address of the repositories, of which there is one."""
    make_run(repository=make_repository(source=source))
    return f"/w/{source.workspace.slug}/repositories/"


def test_a_menu_closes_by_escape_and_gives_the_focus_back(page: Page, repositories: str) -> None:
    page.goto(repositories)
    account = page.locator(".side summary.me")

    account.click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")

    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(account).to_be_focused()
    account.click()
    page.get_by_role("heading", name="Repositories").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_an_action_answers_by_a_toast_and_leaves_focus_and_what_is_open(
    page: Page, repositories: str
) -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.ERROR, sync_error="GitHub answers 502.")
    page.goto(repositories)
    page.get_by_text("What was said").click()
    sync = page.get_by_role("button", name="Sync now")

    sync.click()

    expect(page.locator("#toasts")).to_contain_text("Sync started: owner/repo.")
    expect(page.locator("tr.detail details")).to_have_attribute("open", "")
    expect(sync).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#toasts")).to_be_empty()


def test_what_cannot_be_undone_asks_in_a_dialog(page: Page, repositories: str) -> None:
    page.goto(repositories)
    page.locator("summary", has=page.get_by_label("More for owner/repo")).click()
    page.get_by_role("link", name="Disconnect owner/repo").click()
    asked = page.get_by_role("dialog").get_by_role("heading", name="Disconnect owner/repo?")
    expect(asked).to_be_visible()
    page.get_by_role("link", name="Keep it").click()
    expect(asked).to_be_hidden()
    assert not GitHubRepository.objects.get().is_archived

    page.locator("summary", has=page.get_by_label("More for owner/repo")).click()
    page.get_by_role("link", name="Disconnect owner/repo").click()
    page.get_by_role("button", name="Disconnect").click()

    expect(page.locator("#toasts")).to_contain_text("owner/repo is disconnected.")
    assert GitHubRepository.objects.get().is_archived


def test_a_second_click_does_nothing_more(page: Page, source: Source) -> None:
    sent: list[str] = []
    page.goto(f"/w/{source.workspace.slug}/settings/people/")
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    page.get_by_label("Email address").fill("sam@example.com")

    page.get_by_role("button", name="Make a link").dblclick()

    expect(page.get_by_text("Your invitation.")).to_be_visible()
    assert len(sent) == 1


def test_a_page_that_is_cut_off_says_so_until_it_is_back(page: Page, repositories: str) -> None:
    page.clock.install()
    page.goto(repositories)
    line = page.locator(".side .health")
    before = line.text_content()

    def cut(route: Route) -> None:
        route.abort()

    page.route("**/repositories/", cut)
    page.clock.run_for(31_000)
    expect(line).to_have_text("Not connected. Trying again")

    page.unroute("**/repositories/", cut)
    page.clock.run_for(31_000)
    expect(line).not_to_have_text("Not connected. Trying again")
    assert before


def test_the_health_line_follows_while_the_page_is_open(page: Page, source: Source) -> None:
    page.clock.install()
    make_repository(source=source)
    page.goto(f"/w/{source.workspace.slug}/settings/people/")

    GitHubRepository.objects.update(sync_status=SyncStatus.ERROR)
    page.clock.run_for(61_000)

    expect(page.locator(".side .health")).to_have_text("1 repository needs you")


def test_a_page_that_is_open_gets_the_banner_and_loses_it(page: Page, source: Source) -> None:
    page.clock.install()
    make_repository(source=source)
    page.goto(f"/w/{source.workspace.slug}/settings/people/")
    banner = page.locator("#trouble")
    expect(banner).to_be_empty()

    GitHubRepository.objects.update(sync_status=SyncStatus.ERROR)
    page.clock.run_for(61_000)
    expect(banner).to_contain_text("1 repository needs you. What you see may be out of date.")
    shown = banner.locator(".note").element_handle()

    # What is unchanged stays, and is not read aloud again.
    with page.expect_response("**/health/**"):
        page.clock.run_for(60_000)
    expect(banner).to_contain_text("1 repository needs you.")
    assert shown.evaluate("one => one.isConnected")

    GitHubRepository.objects.update(sync_status=SyncStatus.ACTIVE)
    page.clock.run_for(60_000)
    expect(banner).to_be_empty()


def test_without_a_script_all_of_the_frame_works(
    without_script: Page, repositories: str, alice: User
) -> None:
    page = without_script
    make_repository(source=make_source(workspace=make_workspace(name="Elsewhere", admin=alice)))
    page.goto(repositories)

    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Sync started: owner/repo.")).to_be_visible()
    pk = GitHubRepository.objects.get(source__name="owner/repo").pk
    assert page.url.endswith(f"{repositories}#r{pk}")

    page.locator(".side summary.me").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(21, 24, 28)")
    assert page.url.endswith(repositories)

    page.locator(".side summary.switch").click()
    page.get_by_role("link", name="Elsewhere").click()
    expect(page).to_have_title("Waiting · Elsewhere · Dexxy")


def test_on_a_phone_the_name_stands_whole_and_every_page_is_two_taps_away(
    page: Page, source: Source
) -> None:
    page.set_viewport_size(PHONE)
    source.workspace.name = "A workspace of forty characters in all"
    source.workspace.save()
    page.goto(f"/w/{source.workspace.slug}/")

    name = page.locator(".topbar .clip").bounding_box()
    assert name is not None
    assert name["width"] > 160
    targets = page.locator(".tabbar a")
    expect(targets).to_have_count(5)
    assert all(box and box["height"] >= 48 for box in (one.bounding_box() for one in targets.all()))
    page.get_by_role("link", name="More", exact=True).click()
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="General")).to_be_visible()


def test_the_browser_tells_its_time_zone_once_and_times_are_shown_in_it(
    browser: Browser, base_url: str, alice: User, repositories: str
) -> None:
    with browser.new_context(base_url=base_url, timezone_id="Asia/Tokyo") as context:
        sign_in(context, base_url, alice)
        there = context.new_page()
        with there.expect_response("**/account/zone/") as told:
            there.goto(repositories)
        assert told.value.status == 204

        there.goto("/account/")
        expect(there.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
        expect(there.locator("body[data-zone]")).to_have_count(0)


def test_a_sync_that_was_asked_for_is_followed_without_a_half_minute_s_wait(
    page: Page, repositories: str
) -> None:
    page.clock.install()
    page.goto(repositories)
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("Starting…")).to_be_visible()

    GitHubRepository.objects.update(sync_requested=False, sync_status=SyncStatus.ACTIVE)
    page.clock.run_for(2_100)

    expect(page.get_by_text("Up to date", exact=True)).to_be_visible()


@pytest.mark.parametrize("part", ["general", "github", "danger"])
def test_on_a_phone_the_chosen_setting_is_in_view_and_cards_are_alike(
    page: Page, workspace: Workspace, part: str
) -> None:
    make_installation(workspace=workspace, app=make_app())
    page.set_viewport_size({"width": 390, "height": 800})

    page.goto(f"/w/{workspace.slug}/settings/{part}/")

    expect(page.locator(".settings > nav [aria-current]")).to_be_in_viewport(ratio=1)
    boxes = [one.bounding_box() for one in page.locator(".settings .card").all()]
    assert {(box["x"], box["width"]) for box in boxes if box} == {(16, 358)}


def test_a_strip_that_is_wider_than_a_phone_begins_with_the_link_of_its_page(
    page: Page, source: Source
) -> None:
    page.set_viewport_size(PHONE)

    page.goto(f"/w/{source.workspace.slug}/settings/audit/")

    expect(page.locator(".settings > nav [aria-current]")).to_be_in_viewport(ratio=1)
    page.goto(f"/w/{source.workspace.slug}/settings/general/")
    assert page.locator(".settings > nav").evaluate("strip => strip.scrollLeft") == 0
