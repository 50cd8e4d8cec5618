"""The queue in a real browser: what is done leaves, comes back, and the keyboard does it all."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Error, Locator, Page, Route, expect

from dexxy.accounts.models import User, Workspace
from dexxy.messages.models import Thread, Triage
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.messages.waiting.triage import thread_note, threads_assign
from dexxy.sources.models import Source

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("complaints"),
]

POLL = 21_000


def ago(days: float) -> str:
    return f"{(timezone.now() - timedelta(days=days) - BEGIN) / timedelta(hours=1):.4f}"


def recount(workspace: Workspace) -> None:
    threads = list(Thread.objects.filter(workspace=workspace).values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))


@pytest.fixture
def teller(source: Source) -> Teller:
    return Teller(source, team={"T": None})


@pytest.fixture
def queue(
    page: Page, context: BrowserContext, base_url: str, alice: User, teller: Teller
) -> list[Thread]:
    """Three threads that wait, on the page that Alice has opened."""
    threads = teller.tell(
        f"I A opens {ago(50)} | P B opens {ago(9)} | D C opens {ago(3)}, D says {ago(2.5)}"
    )
    for number, thread in enumerate(threads):
        Thread.objects.filter(pk=thread.pk).update(title=f"Thread {number}")
    recount(teller.source.workspace)
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    page.goto(f"/w/{teller.source.workspace.slug}/")
    return threads


def test_a_row_that_needs_no_answer_leaves_and_comes_back_by_undo(
    page: Page, queue: list[Thread]
) -> None:
    rows = page.locator("li.row")
    expect(rows).to_have_count(3)
    expect(page.locator(".side .n-waiting")).to_have_text("3 waiting")

    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Thread 0")).to_be_focused()
    page.keyboard.press("e")
    expect(rows).to_have_count(2)
    expect(page.locator(".side .n-waiting")).to_have_text("2 waiting")
    expect(page).to_have_title("(2) Waiting · Team · Dexxy")
    expect(page.locator(".toast")).to_contain_text("Set aside")
    # The next row takes its place.
    expect(page.get_by_role("link", name="Thread 1")).to_be_focused()

    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_count(3)
    expect(page.locator(".side .n-waiting")).to_have_text("3 waiting")


def test_rows_are_selected_and_snoozed_together_by_the_keyboard(
    page: Page, queue: list[Thread]
) -> None:
    expect(page.locator(".bulk")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(page.locator(".bulk")).to_contain_text("2 selected")

    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Snooze 2 threads until when?")).to_be_visible()
    page.get_by_role("button", name="In a week").click()

    expect(page.locator("li.row")).to_have_count(1)
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("2 threads are snoozed until")
    page.keyboard.press("z")
    expect(page.locator("li.row")).to_have_count(3)
    # The focus is in the list again, and all that is selected needs no answer.
    expect(page.get_by_role("link", name="Thread 0")).to_be_focused()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("e")
    expect(page.locator(".toast")).to_contain_text("2 threads are set aside")


def test_back_and_u_return_to_the_row_that_was_left(page: Page, queue: list[Thread]) -> None:
    second = page.get_by_role("link", name="Thread 1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thread 1")).to_be_visible()

    page.keyboard.press("u")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thread 1")).to_be_visible()
    page.go_back()
    expect(second).to_be_focused()


def test_the_palette_offers_what_can_be_done_with_the_current_row(
    page: Page, queue: list[Thread]
) -> None:
    page.keyboard.press("j")
    page.keyboard.press("Control+k")
    group = page.get_by_role("group", name="On what is selected")
    expect(group.get_by_role("option")).to_have_text(["Assigna", "Snoozes", "No answer needede"])
    group.get_by_role("option", name="No answer needed").click()

    expect(page.locator("li.row")).to_have_count(2)
    expect(page.locator(f"#t{queue[0].pk}")).to_have_count(0)


def test_arrow_keys_reach_every_row_where_letters_are_switched_off(
    page: Page, context: BrowserContext, base_url: str, queue: list[Thread]
) -> None:
    context.add_cookies([{"name": "dexxy_keys", "value": "off", "url": base_url}])
    page.reload()

    page.get_by_role("link", name="Thread 0").focus()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Thread 0")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Thread 1")).to_be_focused()


def test_the_queue_is_filtered_by_its_menus_on_a_phone(page: Page, queue: list[Thread]) -> None:
    Thread.objects.filter(pk=queue[1].pk).update(labels=["good first issue"])
    recount(queue[1].workspace)
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()

    page.locator("summary").filter(has_text="Label").click()
    page.get_by_role("link", name="good first issue").click()

    expect(page.locator("li.row")).to_have_count(1)
    expect(page.get_by_role("link", name="Thread 1")).to_be_visible()


def test_who_was_answered_leaves_by_itself_and_who_came_is_said(
    page: Page, queue: list[Thread], teller: Teller
) -> None:
    page.clock.install()
    page.reload()
    expect(page.locator("li.row")).to_have_count(3)

    teller.act(queue[0], "T", "says", ago(0))
    teller.tell(f"I E opens {ago(40)}")
    recount(teller.source.workspace)
    page.clock.run_for(POLL)

    expect(page.locator(f"#t{queue[0].pk}")).to_contain_text("No longer waiting")
    expect(page.get_by_role("status").get_by_role("link", name="1 more waits")).to_be_visible()


def test_what_the_page_asked_before_an_undo_marks_no_row_that_is_back(
    page: Page, queue: list[Thread]
) -> None:
    page.clock.install()
    page.reload()
    rows, held = page.locator("li.row"), list[Route]()
    page.route("**/waiting/changed/", lambda route: held.append(route))
    page.keyboard.press("j")
    page.keyboard.press("e")
    expect(rows).to_have_count(2)
    page.clock.run_for(POLL)
    expect(page.locator("#arrived.htmx-request")).to_have_count(1)
    late = taken(page, held)
    answer = late.fetch()
    assert f't{queue[0].pk}" hx-swap-oob' in answer.text()

    page.keyboard.press("z")
    expect(rows).to_have_count(3)
    with suppress(Error):  # nobody waits for it any more
        late.fulfill(response=answer)
    page.clock.run_for(1000)

    expect(page.locator(".is-gone")).to_have_count(0)
    expect(rows).to_have_count(3)


def test_two_people_at_one_row_are_told_of_each_other(
    page: Page, queue: list[Thread], bob: User, workspace: Workspace
) -> None:
    threads_assign(actor=bob, workspace=workspace, thread_ids=[queue[0].pk], user_id=bob.pk)
    page.keyboard.press("j")
    page.keyboard.press("i")

    expect(page.get_by_role("alert")).to_contain_text("Bob has assigned Bob meanwhile.")
    page.keyboard.press("j")
    page.keyboard.press("i")
    expect(page.locator(f"#t{queue[0].pk}")).to_contain_text("Assigned to Alice")


def test_a_note_that_a_colleague_has_changed_is_said_in_the_dialog(
    page: Page, queue: list[Thread], bob: User, workspace: Workspace
) -> None:
    row = page.locator(f"#t{queue[0].pk}")
    row.hover()
    row.locator("summary").click()
    row.get_by_role("link", name="Note").click()
    page.get_by_label("For your colleagues").fill("I ask Jo.")
    thread_note(actor=bob, workspace=workspace, thread_id=queue[0].pk, note="Jo is away.")
    page.get_by_role("button", name="Save").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Bob has changed the note meanwhile.")
    expect(dialog).to_contain_text("Jo is away.")
    expect(dialog.get_by_label("For your colleagues")).to_have_value("I ask Jo.")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(row).to_contain_text("Note: I ask Jo.")


def taken(page: Page, held: list[Route]) -> Route:
    """Return what is held, once the browser has told of it: its page knows earlier than we do."""
    while not held:
        page.wait_for_timeout(10)
    return held.pop()


def act_of(page: Page, thread: Thread) -> Locator:
    page.locator(f"#t{thread.pk}").hover()
    return page.locator(f"#t{thread.pk} [data-key=e]")


def test_a_second_click_sends_nothing_and_other_rows_wait_for_their_turn(
    page: Page, queue: list[Thread]
) -> None:
    first, second, third = queue
    held: list[Route] = []
    sent: list[str] = []

    def hold(route: Route) -> None:
        sent.append(str(route.request.post_data).partition("only=")[2])
        held.append(route)

    page.route("**/waiting/aside/", hold)

    act_of(page, first).dblclick()
    act_of(page, second).dblclick()
    act_of(page, third).click()

    for thread in queue:
        one = taken(page, held)
        page.wait_for_timeout(200)
        assert not held  # one after the other
        with page.expect_response("**/waiting/aside/"):
            one.continue_()
        expect(page.locator(f"#t{thread.pk}")).to_have_count(0)
    expect(page.locator(".row.waits")).to_have_count(0)
    assert sent == [str(thread.pk) for thread in queue]
    assert Triage.objects.filter(is_set_aside=True).count() == 3
    expect(page.get_by_role("alert")).to_have_count(0)


def test_what_could_not_be_sent_is_said_and_can_be_done_again(
    page: Page, queue: list[Thread], complaints: list[str]
) -> None:
    page.route("**/waiting/aside/", lambda route: route.abort())

    act_of(page, queue[0]).click()

    expect(page.locator("#toasts")).to_contain_text("That did not work.")
    expect(page.locator(".side .health")).to_contain_text("Not connected")
    complaints.clear()  # of the browser, and of htmx
    page.unroute("**/waiting/aside/")
    act_of(page, queue[0]).click()
    expect(page.locator(f"#t{queue[0].pk}")).to_have_count(0)
    expect(page.locator(".side .health")).not_to_contain_text("Not connected")


def test_a_thread_is_assigned_from_its_row(page: Page, queue: list[Thread], alice: User) -> None:
    page.locator("li.row").nth(1).hover()
    page.locator("li.row").nth(1).get_by_role("link", name="Assign").first.click()
    page.get_by_role("button", name="Me", exact=True).click()

    expect(page.locator(f"#t{queue[1].pk}")).to_contain_text("Assigned to")
    assert Triage.objects.get(thread=queue[1]).assignee == alice
