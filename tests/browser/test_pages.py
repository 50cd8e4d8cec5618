"""The pages in a real browser: what only scripts, styles and the content policy can break."""

import json
import re
from base64 import b64decode
from datetime import timedelta
from typing import Literal

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.common.pages import LARGEST_PAGE, PAGE
from dexxy.integrations.models import StreamName, SyncStatus, SyncStream
from dexxy.kept.files import file_keep
from dexxy.kept.models import Picture, PictureState
from dexxy.messages.models import MessageKind, Thread, ThreadKind
from dexxy.people.export_making import exports_work
from dexxy.sources.models import Source
from tests.factories import (
    PASSWORD,
    make_identity,
    make_message,
    make_repository,
    make_run,
    make_stream,
    make_thread,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]

# The smallest picture that there is.
DOT = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# Polls happen every fifteen seconds; tests move the clock instead of waiting.
POLL = 16_000


@pytest.fixture
def signed_in(context: BrowserContext, base_url: str, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])


@pytest.fixture
def thread(workspace: Workspace, source: Source) -> Thread:
    author = make_identity(workspace=workspace, username="mira", name="Mira")
    return make_thread(source=source, number=7, title="Lost tasks", author=author)


def test_alice_signs_in_with_her_password_and_out(
    page: Page, alice: User, workspace: Workspace
) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{page.url.split('/w/')[0]}/w/{workspace.slug}/")

    page.locator(".side summary.me").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"/w/{workspace.slug}/")

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.usefixtures("signed_in")
def test_a_choice_filters_the_feed_and_can_be_taken_back(page: Page, thread: Thread) -> None:
    make_message(thread=thread, body="a comment")
    make_message(thread=thread, kind=MessageKind.REOPENED, body="a change")
    page.goto(f"/w/{thread.workspace.slug}/feed/")
    expect(page.locator(".said")).to_have_count(2)

    page.get_by_text("Filter", exact=True).click()
    page.get_by_role("link", name="Comments", exact=True).click()
    expect(page.locator(".said")).to_have_count(1)
    assert "q=type%3Acomment" in page.url
    page.go_back()

    expect(page.locator(".said")).to_have_count(2)


@pytest.mark.usefixtures("signed_in")
def test_older_activity_comes_by_scrolling(page: Page, thread: Thread) -> None:
    for number in range(LARGEST_PAGE + 1):
        other = make_thread(source=thread.source, title=f"Thread {number}")
        make_message(thread=other, body=f"Message {number}")
    page.goto(f"/w/{thread.workspace.slug}/feed/")
    expect(page.locator(".said")).to_have_count(LARGEST_PAGE)

    page.locator("#older").scroll_into_view_if_needed()
    expect(page.locator(".said")).to_have_count(LARGEST_PAGE + 1)

    expect(page.locator("#older")).to_have_count(0)
    expect(page.locator(".said").last).to_contain_text("Message 0")


@pytest.mark.usefixtures("signed_in")
def test_what_is_new_is_announced_and_moves_nothing(page: Page, thread: Thread) -> None:
    page.clock.install()
    for number in range(PAGE):
        other = make_thread(source=thread.source, title=f"Thread {number}")
        make_message(thread=other, body=f"Message {number}")
    page.goto(f"/w/{thread.workspace.slug}/feed/")
    page.evaluate("window.scrollTo(0, 900)")
    before = page.get_by_text("Message 30", exact=True).bounding_box()

    for _ in range(3):
        make_message(thread=thread, body="late")
    page.clock.run_for(POLL)

    expect(page.get_by_role("link", name="3 new")).to_be_visible()
    assert page.get_by_text("Message 30", exact=True).bounding_box() == before
    page.get_by_role("link", name="3 new").click()
    expect(page.get_by_text("late", exact=True)).to_have_count(3)
    expect(page.get_by_role("link", name="3 new messages")).to_have_count(0)


@pytest.mark.usefixtures("signed_in")
def test_a_poll_after_the_session_has_ended_leads_to_sign_in(
    page: Page, thread: Thread, context: BrowserContext
) -> None:
    page.clock.install()
    make_message(thread=thread)
    page.goto(f"/w/{thread.workspace.slug}/feed/")

    context.clear_cookies()
    page.clock.run_for(POLL)

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.url.endswith(f"/accounts/login/?next=/w/{thread.workspace.slug}/feed/")


@pytest.mark.usefixtures("signed_in")
def test_the_rest_of_a_day_unfolds_without_a_script(page: Page, thread: Thread) -> None:
    for number in range(5):
        make_message(thread=thread, body=f"Message {number}")
    page.goto(f"/w/{thread.workspace.slug}/feed/")
    expect(page.get_by_text("Message 0", exact=True)).to_be_hidden()

    page.get_by_text("Show 2 more from this day").click()

    expect(page.get_by_text("Message 0", exact=True)).to_be_visible()


@pytest.mark.usefixtures("signed_in")
def test_a_hostile_body_runs_nothing(page: Page, thread: Thread) -> None:
    make_message(
        thread=thread,
        body="<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
        "<div hx-get='/accounts/logout/' hx-trigger='load' hx-target='body'>**still here**</div>",
    )
    page.goto(f"/w/{thread.workspace.slug}/threads/{thread.pk}/")

    expect(page.get_by_text("still here")).to_be_visible()
    assert "owned" not in page.title()


@pytest.mark.usefixtures("signed_in")
def test_a_picture_appears_once_a_worker_has_loaded_it(page: Page, thread: Thread) -> None:
    page.clock.install()
    make_message(thread=thread, body="![a dot](https://example.com/dot.png)")
    page.goto(f"/w/{thread.workspace.slug}/threads/{thread.pk}/")
    picture = page.get_by_alt_text("a dot")
    # The clock goes on meanwhile: on a busy machine it has been tried more often.
    expect(picture).to_have_attribute("data-tries", re.compile("[1-9]"))
    assert picture.evaluate("image => image.naturalWidth") == 0

    file_keep("dot", DOT)
    Picture.objects.update(state=PictureState.KEPT, name="dot", content_type="image/png")
    page.clock.run_for(30_000)

    expect(picture).to_have_js_property("naturalWidth", 1)


@pytest.mark.usefixtures("signed_in")
def test_an_export_is_asked_for_watched_and_downloaded(page: Page, thread: Thread) -> None:
    page.clock.install()
    make_message(thread=thread, author=thread.author, body="hello")
    page.goto(f"/workspaces/{thread.workspace_id}/export/messages.jsonl")
    page.get_by_role("button", name="Make the export").click()
    expect(page.get_by_text("It is the next to be made.")).to_be_visible()

    exports_work(seconds=5)
    page.clock.run_for(2000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()

    assert json.loads(download.value.path().read_text("utf-8"))["body"] == "hello"
    assert download.value.suggested_filename == f"{thread.workspace.slug}-messages.jsonl"


@pytest.mark.usefixtures("signed_in")
def test_progress_moves_while_the_page_is_open(page: Page, source: Source) -> None:
    page.clock.install()
    repository = make_repository(source=source, status=SyncStatus.SYNCING)
    make_stream(repository=repository, name=StreamName.ISSUES, read=10, expected=40)
    make_run(repository=repository, started_at=timezone.now() - timedelta(minutes=1))
    page.goto(f"/w/{source.workspace.slug}/repositories/")
    expect(page.get_by_label("Issues")).to_have_attribute("value", "25")

    SyncStream.objects.update(read=30)
    page.clock.run_for(3000)

    expect(page.get_by_label("Issues")).to_have_attribute("value", "75")


@pytest.mark.usefixtures("signed_in")
@pytest.mark.slow  # test_components.py looks at more pages, at fewer widths
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_is_wider_than_the_window(
    page: Page, source: Source, thread: Thread, width: int
) -> None:
    make_message(thread=thread, body=f"{'x' * 500}\n\n```\n{'long ' * 80}\n```\n\n" + "|a" * 40)
    pull = make_thread(source=source, kind=ThreadKind.PULL_REQUEST, title="线程池" * 40)
    make_message(thread=pull, details={"path": "a" * 200, "line": 1})
    repository = make_repository(source=source, status=SyncStatus.ERROR, sync_error="x" * 300)
    make_stream(repository=repository, read=10, expected=40)
    page.set_viewport_size({"width": width, "height": 800})

    root = f"/w/{source.workspace.slug}/"
    for path in ("", "feed/", f"threads/{pull.pk}/", "repositories/", "settings/people/"):
        page.goto(f"{root}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_receipt_is_whole_on_a_small_screen(
    page: Page, source: Source, scheme: Literal["light", "dark"]
) -> None:
    repository = make_repository(source=source)
    receipt = {
        kind: {"here": 1_234_567, "github": 1_234_567, "taken_at": timezone.now().isoformat()}
        for kind in ThreadKind.values
    }
    make_run(repository=repository, finished_at=timezone.now(), receipt=receipt)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(f"/w/{source.workspace.slug}/repositories/{repository.pk}/")
    receipt_shown = page.locator("#receipt")

    expect(receipt_shown.get_by_text("1,234,567").first).to_be_visible()
    # Nothing sticks out of the window, nor hides in a box that scrolls without a hint.
    place = receipt_shown.locator("table").bounding_box()
    assert place is not None
    assert place["x"] + place["width"] <= 360
    scrolls = "all => all.filter(one => one.scrollWidth > one.clientWidth).length"
    assert page.locator("div.scroll").evaluate_all(scrolls) == 0


def test_without_a_script_the_filters_unfold_and_lead_on(
    browser: Browser, base_url: str, alice: User, workspace: Workspace
) -> None:
    client = Client()
    client.force_login(alice)
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        session = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
        page = context.new_page()
        page.goto(f"/w/{workspace.slug}/feed/")
        page.get_by_text("Filter", exact=True).click()
        link = page.get_by_role("link", name="Comments", exact=True)
        expect(link).to_have_css("border-radius", "6px")
        link.click()

        expect(page).to_have_url(re.compile("q=type%3Acomment"))


@pytest.mark.usefixtures("signed_in")
def test_the_keyboard_reaches_the_content_first(page: Page, thread: Thread) -> None:
    make_message(thread=thread)
    page.goto(f"/w/{thread.workspace.slug}/feed/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("#content :focus")).to_have_count(1)


@pytest.mark.usefixtures("signed_in")
def test_a_person_is_found_and_named_without_leaving_the_keyboard(
    page: Page, thread: Thread
) -> None:
    make_identity(workspace=thread.workspace, username="stranger")
    page.goto(f"/w/{thread.workspace.slug}/people/")
    expect(page.locator("tbody tr")).to_have_count(2)

    page.locator("#people").get_by_role("searchbox").fill("mir")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=mir"))

    page.get_by_role("link", name="Mira").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Tags").fill("speaker")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    page.goto(f"/w/{thread.workspace.slug}/people/?q=tag%3Aspeaker")
    expect(page.get_by_role("link", name="Mira")).to_be_visible()
