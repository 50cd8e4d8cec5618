"""From an empty database to who waits, in a real browser, by the link that is printed."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from sesame.utils import get_query_string

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.services import first_admin_ensure
from dexxy.integrations.models import GitHubRepository, RunTrigger
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github_sync import repository_sync
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests import needs
from tests.browser.test_github import by_the_app, fits
from tests.factories import make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    # As narrow as any; axe is evaluated into pages whose policy would not load it.
    viewport = {"width": 320, "height": 640}
    return {**browser_context_args, "viewport": viewport, "bypass_csp": True}


def is_clean(page: Page, heading: str) -> None:
    """Look at a step as it is in both schemes: nothing sticks out, axe finds nothing."""
    assert fits(page, heading)
    for scheme in ("light", "dark"):
        # Colours that are on their way to others have less contrast.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(needs.axe())
        found = page.evaluate("axe.run().then((found) => found.violations)")
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []


def from_repositories_to_who_waits(page: Page, look: Callable[[Page, str], object]) -> None:
    """Go through the last steps, which are the same whatever connected GitHub."""
    look(page, "Choose repositories")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Read the chosen ones").click()

    look(page, "Reading your community")
    repository_sync(repository_id=GitHubRepository.objects.get().pk, trigger=RunTrigger.COMMAND)
    # The page looks by itself.
    expect(page.get_by_text("The first sync is complete.")).to_be_visible()
    page.get_by_role("link", name="Continue").click()

    look(page, "Who is on your team?")
    page.get_by_role("button", name=re.compile("^(Confirm the team and start|Start)$")).click()

    look(page, "Waiting for us")
    checklist = page.get_by_role("region", name="What is left to set up")
    expect(checklist.get_by_role("link", name="First sync complete")).to_have_count(0)


def test_from_an_empty_folder_to_who_waits(
    page: Page, base_url: str, settings: Settings, at_github: GitHubServer
) -> None:
    settings.DEXXY_BASE_URL = base_url
    admin = first_admin_ensure(is_set_up=False)

    page.goto(f"/sign-in/link/{get_query_string(admin)}")
    page.get_by_role("button", name="Sign in").click()
    is_clean(page, "Welcome to Dexxy")
    page.get_by_label("Your name").fill("Mei")
    page.get_by_label("Email address").fill("mei@example.com")
    page.get_by_label("Password").fill("a good long password")
    page.get_by_role("button", name="Continue").click()

    is_clean(page, "Name your workspace")
    page.get_by_label("Name of the workspace").fill("Ants")
    page.get_by_role("button", name="Continue").click()

    is_clean(page, "Connect GitHub")
    page.get_by_role("textbox", name="Token").fill(f" {DEMO_TOKEN} ")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("status")).to_contain_text(["It works."])
    is_clean(page, "Connect GitHub")
    page.get_by_role("button", name="Use this token").click()

    page.reload()
    from_repositories_to_who_waits(page, is_clean)
    checklist = page.get_by_role("region", name="What is left to set up")
    expect(checklist.get_by_role("link", name="Invite a colleague")).to_be_visible()
    checklist.get_by_role("button", name="Close this list").click()
    expect(checklist).to_have_count(0)
    assert Workspace.objects.get().is_set_up


@pytest.mark.slow
def test_by_the_app_the_first_run_goes_on_to_who_waits(
    page: Page, operator: User, world: World
) -> None:
    owner = world.actor("dexxy-demo")
    assert owner is not None
    world.add_repository(owner, "hill", is_private=True)
    ants = make_workspace(name="Ants", admin=operator)
    Workspace.objects.update(is_set_up=False)

    page.goto(f"/start/connect/?workspace={ants.slug}")
    page.get_by_role("link", name="Register the GitHub App").click()
    by_the_app(page)
    page.get_by_role("link", name="Choose repositories").click()

    from_repositories_to_who_waits(page, fits)
    done = page.locator("#checklist").locator("xpath=ancestor::section").locator(".is-ok")
    expect(done).to_have_text(["Connect GitHub, done", "First sync complete, done"])
