"""From an empty Dexxy to a followed repository, in a real browser, through GitHub's own pages."""

import re

import pytest
from playwright.sync_api import Page, expect

from dexxy.accounts.models import User
from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy_simulator.world import World
from tests.factories import make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fits(page: Page, heading: str | re.Pattern[str]) -> bool:
    """Say whether nothing sticks out at the side of the page with this heading, once it is there.

    A page that is only just arriving has no document yet to measure.
    """
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    page.wait_for_load_state()
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def by_the_app(page: Page) -> None:
    """Register the App and install it on GitHub, from the page here that begins that."""
    page.get_by_role("button", name="Register it for my account on GitHub").click()
    page.get_by_role("button", name=re.compile("Create GitHub App")).click()
    assert fits(page, "The App is registered")
    page.get_by_role("button", name="Connect Ants").click()
    page.get_by_label("All repositories").first.check()
    page.get_by_role("button", name=re.compile("Install")).first.click()
    page.get_by_role("button", name=re.compile("Authorize")).click()
    assert fits(page, "GitHub is connected")


def test_from_nothing_to_a_followed_repository_on_a_telephone(
    page: Page, operator: User, world: World
) -> None:
    workspace = make_workspace(name="Ants", admin=operator)
    owner = world.actor("dexxy-demo")
    assert owner is not None
    world.add_repository(
        owner, "a-repository-with-a-name-that-is-as-long-as-names-may-be", is_private=True
    )
    page.set_viewport_size({"width": 360, "height": 740})

    page.goto(f"/w/{workspace.slug}/repositories/")
    page.get_by_role("link", name="Register the GitHub App").click()
    assert fits(page, "Register the GitHub App")
    by_the_app(page)
    assert GitHubInstallation.objects.get().workspace == workspace

    page.get_by_role("link", name="Choose repositories").click()
    page.get_by_role("checkbox").first.check()
    assert fits(page, "Add repositories")
    page.get_by_role("button", name="Add selected").click()
    assert fits(page, "Repositories")
    page.locator("summary", has=page.get_by_label(re.compile("^More for "))).click()
    page.get_by_role("button", name=re.compile("Pause")).click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("is paused.")
    assert GitHubRepository.objects.get().sync_status == "paused"
