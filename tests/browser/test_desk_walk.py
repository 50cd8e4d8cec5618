"""The way through the desk that somebody goes each day: from signing in to a repository.

An admin goes it with a script and a member without one; an outsider finds none of its addresses.
The repository is read of a GitHub, and what is answered there leaves the page by itself.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubRepository, RunTrigger
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Thread, Triage
from dexxy.messages.summaries.follower import summaries_catch_up
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy_simulator.model import Actor, Issue, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.browser.test_signing_in import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A page that stays open asks a little more often.
POLL = 21_000


@dataclass
class Village:
    """A repository in which people ask, and its owner answers.

    Args:
        seen: the addresses at which the walk came by.
    """

    world: World
    owner: Actor
    repository: Repository
    connected: GitHubRepository
    issues: dict[str, Issue]
    seen: set[str] = field(default_factory=set)

    def follow(self) -> None:
        """Do what the workers do: read GitHub, and let the queue and the people follow."""
        repository_sync(repository_id=self.connected.pk, trigger=RunTrigger.COMMAND)
        assert waiting_catch_up(seconds=30) == 0
        assert summaries_catch_up(seconds=30) == 0

    def answer(self, title: str) -> None:
        """Answer an issue, on GitHub."""
        self.world.comment(self.issues[title], self.owner, "Mended: take the next release.")
        self.follow()

    def at(self, page: Page, heading: str) -> None:
        """See that PAGE is that with HEADING, and that nothing sticks out of it."""
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        root = page.locator("html")
        assert root.evaluate("(one) => one.scrollWidth <= one.clientWidth"), page.url
        self.seen.add(page.url.partition("#")[0])


@pytest.fixture
def village(workspace: Workspace) -> Iterator[Village]:
    world = World()
    owner, jo, mei = (world.add_actor(name) for name in ("owner", "jo", "mei"))
    world.add_token(DEMO_TOKEN, owner)
    with world.at(world.now() - timedelta(days=12)):
        repository = world.add_repository(owner, "village")
        issues = {"It leaks": world.open_issue(repository, jo, "It leaks", "Under load.")}
        # Who closes what others opened is on the team.
        world.close(world.open_issue(repository, mei, "It rusts"), owner)
    for days, who, title in ((9, mei, "It stalls"), (3, jo, "It is slow"), (2, mei, "It crashes")):
        with world.at(world.now() - timedelta(days=days)):
            issues[title] = world.open_issue(repository, who, title, "Always.")
    with SimulatorServer(world) as server:
        github = GitHubServer(server.url, server.graphql_url, server.url)
        connected = repository_connect_by_token(
            workspace=workspace, full_name="owner/village", token=DEMO_TOKEN, server=github
        )
        village = Village(world, owner, repository, connected, issues)
        village.follow()
        yield village


def row_of(page: Page, title: str) -> str:
    return f"#t{Thread.objects.get(title=title).pk}"


@pytest.mark.slow
def test_the_desk_is_walked_by_an_admin_a_member_and_an_outsider(
    village: Village,
    browser: Browser,
    base_url: str,
    workspace: Workspace,
    alice: User,
    bob: User,
    charlie: User,
) -> None:
    said: list[str] = []
    with browser.new_context(base_url=base_url) as context:
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        _admin_walks(page, village, alice)
    assert said == []
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        _member_walks(context.new_page(), village, bob, f"/w/{workspace.slug}/")
    with browser.new_context(base_url=base_url) as context:
        page = context.new_page()
        sign_in(page, charlie)
        expect(page.get_by_role("heading", name="Waiting for us")).to_be_visible()
        assert len(village.seen) > 12
        for address in village.seen:
            answer = context.request.get(address)
            assert (answer.status, "village" in answer.text()) == (404, False), address


def _admin_walks(page: Page, village: Village, alice: User) -> None:
    page.clock.install()
    sign_in(page, alice)
    village.at(page, "Waiting for us")
    rows = page.locator("li.row.waits")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("It leaks")

    # It is answered on GitHub, and the row says so by itself.
    village.answer("It leaks")
    page.clock.run_for(POLL)
    expect(page.locator(row_of(page, "It leaks"))).to_contain_text("No longer waiting")
    expect(page.locator(".side .n-waiting")).to_have_text("3 waiting")
    page.clock.resume()

    page.locator(row_of(page, "It stalls")).hover()
    page.locator(row_of(page, "It stalls")).get_by_role("link", name="Snooze").first.click()
    page.get_by_role("dialog").get_by_role("button", name="In a week").click()
    expect(page.locator(row_of(page, "It stalls"))).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("Snoozed until")
    page.get_by_role("link", name=re.compile("^Snoozed 1")).click()
    expect(page.locator(row_of(page, "It stalls"))).to_contain_text("by Alice, until")

    page.get_by_role("link", name="It stalls").click()
    village.at(page, "It stalls")
    expect(page.locator("main")).to_contain_text("Snoozed by Alice until")
    page.get_by_role("button", name="Wake").click()
    expect(page.locator("#toasts")).to_contain_text("Awake again.")
    page.locator("header.thread-title").get_by_role("link", name="mei").click()
    village.at(page, "mei")

    page.locator(".side").get_by_role("link", name="People").click()
    village.at(page, "People")
    page.get_by_role("link", name=re.compile("^Waiting for us")).click()
    expect(page.get_by_role("row")).to_have_count(3)  # the head, jo and mei
    village.at(page, "People")
    page.locator("#save-view summary").click()
    page.get_by_label("Name of the view").fill("Owed an answer")
    page.get_by_label("For everybody in the workspace").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_role("link", name="Owed an answer")).to_have_attribute(
        "aria-current", "page"
    )
    village.at(page, "People")

    page.locator(".side").get_by_role("link", name="Insights").click()
    village.at(page, "Insights")
    expect(page.locator("main")).to_contain_text("Waiting now")
    page.keyboard.press("[")
    expect(page).to_have_url(re.compile("period=custom"))
    village.at(page, "Insights")

    page.locator(".side").get_by_role("link", name="Repositories").click()
    village.at(page, "Repositories")
    page.get_by_role("link", name="owner/village").first.click()
    village.at(page, "owner/village")


def _member_walks(page: Page, village: Village, bob: User, root: str) -> None:
    sign_in(page, bob)
    village.at(page, "Waiting for us")
    rows = page.locator("li.row.waits")
    expect(rows).to_have_count(3)
    village.answer("It is slow")
    page.reload()
    expect(rows).to_have_count(2)

    first = page.locator(row_of(page, "It stalls"))
    first.locator("summary").click()
    first.locator(".menu-list").get_by_role("link", name="Snooze").click()
    village.at(page, "Snooze until when?")
    page.get_by_role("button", name="In a week").click()
    expect(rows).to_have_count(1)
    assert Triage.objects.get(snoozed_until__isnull=False).held_by == bob

    page.goto(f"{root}?tab=snoozed")
    page.get_by_role("link", name="It stalls").click()
    village.at(page, "It stalls")
    expect(page.locator("main")).to_contain_text("Snoozed by Bob until")
    page.locator("header.thread-title").get_by_role("link", name="mei").click()
    village.at(page, "mei")

    page.goto(f"{root}people/")
    page.get_by_role("link", name="Owed an answer").click()
    village.at(page, "People")
    expect(page.get_by_role("link", name="mei").first).to_be_visible()

    page.goto(f"{root}insights/")
    page.get_by_role("link", name="Show all of them at once").click()
    village.at(page, "Insights")
    expect(page.locator("main")).to_contain_text("Waiting now")

    page.goto(f"{root}repositories/")
    village.at(page, "Repositories")
    page.get_by_role("link", name="owner/village").first.click()
    village.at(page, "owner/village")
    # What only admins may is shown, and said.
    page.goto(f"{root}settings/team/")
    village.at(page, "Team")
    expect(page.locator("main")).to_contain_text("Only an admin can do this.")
