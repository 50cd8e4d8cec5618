"""Selecting people in a real browser: the bar appears, counts, and does what it says."""

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.members.models import Member, MemberMerge
from tests.factories import make_identity

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_rows_are_selected_and_tagged(
    context: BrowserContext, page: Page, base_url: str, alice: User, workspace: Workspace
) -> None:
    for number in range(4):
        make_identity(workspace=workspace, username=f"p{number}")
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    page.goto(f"/w/{workspace.slug}/people/")
    bar = page.get_by_role("region", name="What to do with the people selected")
    expect(bar).to_be_hidden()

    page.get_by_label("Select p1").check()
    page.get_by_label("Select p3").click(modifiers=["Shift"])
    expect(bar).to_be_visible()
    assert page.locator("tbody .pick :checked").count() == 3
    page.get_by_label("Select all on this page").check()
    assert page.locator("tbody .pick :checked").count() == 4
    page.get_by_label("Select p0").uncheck()

    bar.locator("summary").click()
    bar.get_by_label("Tag").fill("speaker")
    bar.get_by_role("button", name="Add the tag").click()

    expect(page.get_by_text("3 people have the tag “speaker” now.").first).to_be_attached()
    assert Member.objects.filter(tags=["speaker"]).count() == 3


def test_a_tag_and_a_merge_are_taken_back_from_their_toasts(
    context: BrowserContext, page: Page, base_url: str, alice: User, workspace: Workspace
) -> None:
    for number in range(3):
        make_identity(workspace=workspace, username=f"p{number}")
    Member.objects.filter(display_name="p1").update(tags=["speaker"])
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    page.goto(f"/w/{workspace.slug}/people/?sort=name")
    page.get_by_label("Select p0").check()
    page.get_by_label("Select p1").check()
    bar = page.get_by_role("region", name="What to do with the people selected")
    bar.locator("summary").click()
    bar.get_by_label("Tag").fill("speaker")
    bar.get_by_role("button", name="Add the tag").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("1 person has the tag “speaker” now.")

    toast.get_by_role("button", name="Undo").click()

    expect(toast).to_contain_text("The tag “speaker” is taken from 1 person.")
    # Who had it before keeps it.
    assert list(Member.objects.exclude(tags=[]).values_list("display_name", flat=True)) == ["p1"]

    page.get_by_label("Select p0").check()
    page.get_by_label("Select p2").check()
    bar.get_by_role("button", name="Merge").click()
    page.get_by_role("button", name="Merge").click()
    expect(toast).to_contain_text("They are one person now.")
    toast.get_by_role("button", name="Undo").click()
    expect(toast).to_contain_text("They are two people again")
    assert not MemberMerge.objects.filter(undone_at=None).exists()


def test_on_a_phone_people_are_selected_tagged_imported_and_taken_along(
    context: BrowserContext, page: Page, base_url: str, alice: User, workspace: Workspace
) -> None:
    for number in range(3):
        make_identity(workspace=workspace, username=f"p{number}")
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/w/{workspace.slug}/people/")
    expect(page.get_by_role("link", name="Import")).to_be_visible()
    expect(page.get_by_role("button", name="CSV of this list")).to_be_visible()

    page.get_by_label("Select p1").check()
    bar = page.get_by_role("region", name="What to do with the people selected")
    bar.locator("summary").click()
    bar.get_by_label("Tag").fill("speaker")
    bar.get_by_role("button", name="Add the tag").click()

    expect(page.get_by_text("1 person has the tag “speaker” now.").first).to_be_attached()


def test_the_page_stays_where_it_was_when_something_is_done_far_down(
    context: BrowserContext, page: Page, base_url: str, alice: User, workspace: Workspace
) -> None:
    for number in range(70):
        make_identity(workspace=workspace, username=f"p{number:02}")
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    page.goto(f"/w/{workspace.slug}/people/?sort=name")
    # In a part that came later, too.
    page.get_by_role("link", name="Show 50 more").click()
    for username in ("p40", "p65"):
        page.get_by_label(f"Select {username}").check()
        was = page.get_by_label(f"Select {username}").bounding_box()
        bar = page.get_by_role("region", name="What to do with the people selected")
        bar.locator("summary").click()
        bar.get_by_label("Tag").fill("speaker")
        with page.expect_navigation():
            bar.get_by_role("button", name="Add the tag").click()

        row = page.get_by_role("row").filter(has=page.get_by_label(f"Select {username}"))
        expect(row).to_be_in_viewport()
        if username == "p40":
            now = page.get_by_label("Select p40").bounding_box()
            assert was is not None
            assert now is not None
            assert abs(now["y"] - was["y"]) < 2
            page.get_by_role("link", name="Show 50 more").click()
