"""A team sets Dexxy up and is reached by it, with no terminal but the one of `dexxy up`.

Everything is real but GitHub and the receivers: the processes of `dexxy up`, from an empty folder,
a browser, a mail server, a receiver of webhooks, a feed reader, and a client of MCP.
"""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import feedparser
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from standardwebhooks import Webhook

from dexxy.cli.tests.running import Running, dexxy, environment, free_port
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.embedded.tests.observing import wait_until, wait_until_deserted
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.site.layout import COOKIE
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.mail_server import MailServer
from tests.receiver import Receiver, receiving

# It starts all processes of a Dexxy, which takes half a minute where others work, too.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

# Seconds until a worker has done what a page asked for; mails are looked for every half a minute.
SOON = 180.0


@pytest.fixture(scope="session")
def base_url() -> str:
    """Let pages be opened by their whole addresses: no server of the tests has any of them."""
    return ""


@pytest.fixture
def dialect() -> Dialect:
    return USUAL


@pytest.fixture
def farm(world: World) -> Repository:
    """A repository of who begins, who has answered one of two people who asked."""
    owner, mei = world.actor("dexxy-demo"), world.add_actor("mei", name="Mei Sand")
    assert owner is not None
    farm = world.add_repository(owner, "farm")
    answered = world.open_issue(farm, mei, "How do I build it?", "On an old machine.")
    world.comment(answered, owner, "By make.")
    world.open_issue(farm, mei, "It crashes", "An error at start.")
    world.add_actor("dora", name="Dora").emails = {"dora@example.org": True}
    return farm


@dataclass
class Up:
    """`dexxy up` in an empty folder."""

    running: Running
    data_dir: Path
    env: dict[str, str]
    url: str
    mcp_url: str

    @property
    def printed_link(self) -> str:
        found = re.search(r"http://\S+/sign-in/link/\S+", self.running.said())
        assert found is not None, self.running.said()
        return found[0]

    def days_pass(self) -> None:
        """Let the digest be due that would be so tomorrow: a test cannot wait for it."""
        code = (
            "from datetime import timedelta; from django.db.models import F;"
            "from dexxy.mail.models import MailPreference;"
            "MailPreference.objects.update(digest_after=F('digest_after') - timedelta(days=2))"
        )
        done = dexxy("manage", "shell", "--command", code, data_dir=self.data_dir, **self.env)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def up(simulator: SimulatorServer, mail_server: MailServer, settings: Settings) -> Iterator[Up]:
    place = make_place()
    data_dir, port, mcp_port = place / "data", free_port(), free_port()
    env = {
        "DEXXY_GITHUB_API_URL": simulator.url,
        "DEXXY_GITHUB_GRAPHQL_URL": simulator.graphql_url,
        "DEXXY_GITHUB_WEB_URL": simulator.url,
        "DEXXY_SIGN_IN_GITHUB": "1",
        "DEXXY_SMTP_URL": f"smtp://127.0.0.1:{settings.EMAIL_PORT}",
        "DEXXY_MAIL_FROM": "Dexxy <dexxy@example.com>",
        "DEXXY_OUTSIDE_ALLOWED": "127.0.0.0/8",
        "DEXXY_MCP_PORT": str(mcp_port),
    }
    arguments = ("up", "--port", str(port))
    running = Running(*arguments, log=place / "up.log", env=environment(data_dir, **env))
    running.wait_until(lambda: "Ctrl-C stops" in running.said(), "it is ready", SOON)
    yield Up(running, data_dir, env, f"http://localhost:{port}", f"http://127.0.0.1:{mcp_port}/mcp")
    running.end()
    wait_until_deserted(data_dir)
    remove_place(place)


def opened(browser: Browser, simulator: SimulatorServer, login: str) -> BrowserContext:
    """Open a browser whose owner is signed in at GitHub as LOGIN."""
    context = browser.new_context()
    context.set_default_timeout(SOON * 1000)
    context.add_cookies([{"name": COOKIE, "value": login, "url": simulator.url}])
    return context


def received(mail_server: MailServer, subject: str) -> EmailMessage:
    """Wait for the mail whose subject has SUBJECT in it."""

    def found() -> list[EmailMessage]:
        return [one for one in mail_server.taken if subject in str(one["Subject"])]

    wait_until(found, f"a mail about {subject}", SOON)
    return found()[0]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def comes(page: Page, address: str, words: str) -> None:
    """Open a page until it has WORDS: a worker counts who waits a moment after the sync."""

    def shown() -> bool:
        page.goto(address)
        return page.get_by_text(words).count() > 0

    wait_until(shown, f"{words} on {address}", SOON)


def settings_page(page: Page, up: Up, name: str) -> None:
    page.goto(f"{up.url}/w/ants/settings/{name}/")


def begin(page: Page, up: Up) -> None:
    """Go from the printed link to the list of who waits."""
    page.goto(up.printed_link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Email address").fill("ada@example.com")
    page.get_by_label("Password").fill("a good long password")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the workspace").fill("Ants")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("textbox", name="Token").fill(DEMO_TOKEN)
    page.get_by_role("button", name="Try it").click()
    page.get_by_role("button", name="Use this token").click()
    expect(page.get_by_text(re.compile("at least \\d+ requests? to GitHub")).first).to_be_visible(
        timeout=SOON * 1000
    )
    page.get_by_role("checkbox", name="dexxy-demo/farm").check()
    page.get_by_role("button", name="Read the chosen ones").click()
    expect(page.get_by_text("The first sync is complete.")).to_be_visible(timeout=SOON * 1000)
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("button", name=re.compile("^(Confirm the team and start|Start)$")).click()
    expect(page.get_by_role("heading", name="Waiting for us")).to_be_visible()


def move(page: Page, up: Up) -> None:
    """Give the workspace the address that its name suggests."""
    page.goto(f"{up.url}/w/default/settings/general/")
    page.get_by_label("Address", exact=True).fill("ants")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_url(f"{up.url}/w/ants/settings/general/")


def sign_in_by_github_is_set_up(page: Page, up: Up) -> None:
    page.goto(f"{up.url}/setup/github/")
    page.get_by_role("button", name="Register it for my account on GitHub").click()
    page.get_by_role("button", name=re.compile("Create GitHub App")).click()
    expect(page.get_by_role("heading", name="The App is registered")).to_be_visible()


def join(page: Page, link: str) -> None:
    """Come in by an invitation, and by GitHub."""
    page.goto(link)
    page.get_by_role("button", name="Sign in with GitHub").click()
    page.get_by_role("button", name=re.compile("^Authorize")).click()
    expect(page.get_by_role("heading", name="Waiting for us")).to_be_visible()


def listed_by_an_assistant(url: str, token: str) -> list[str]:
    """Return the titles of the threads that the SDK's own client hears of."""

    async def ask() -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=SOON) as asking,
            Client(streamable_http_client(url, http_client=asking)) as client,
        ):
            return (await client.call_tool("list_waiting", {})).structured_content

    # In the thread of the tests the loop of a browser runs.
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(lambda: asyncio.run(ask())).result()
    return [str(row["thread"]["title"]) for row in answer["threads"]]


def test_a_team_is_set_up_and_reached_with_no_terminal_but_the_first_command(
    browser: Browser,
    up: Up,
    simulator: SimulatorServer,
    world: World,
    farm: Repository,
    mail_server: MailServer,
) -> None:
    ada = opened(browser, simulator, "dexxy-demo")
    page = ada.new_page()
    begin(page, up)
    move(page, up)
    comes(page, f"{up.url}/w/ants/", "It crashes")

    # A colleague is invited by mail, and signs in by GitHub.
    sign_in_by_github_is_set_up(page, up)
    settings_page(page, up, "people")
    page.get_by_label("Email address").fill("dora@example.org")
    page.get_by_label("Send the link to this address, too").check()
    page.get_by_role("button", name="Make a link").click()
    mail = received(mail_server, "invites you")
    assert mail["To"] == "dora@example.org"
    [link] = re.findall(r"http://\S+/invitations/\S+", text_of(mail))
    dora = opened(browser, simulator, "dora")
    theirs = dora.new_page()
    join(theirs, link)
    refused = theirs.goto(f"{up.url}/w/ants/settings/audit/")
    assert refused is not None
    assert refused.status == 403

    # Their role is changed: what was refused is open.
    settings_page(page, up, "people")
    page.get_by_role("button", name=re.compile("Make an admin: Dora")).click()
    expect(page.get_by_text("They are an admin now.").first).to_be_visible()
    theirs.goto(f"{up.url}/w/ants/settings/audit/")
    expect(theirs.get_by_role("heading", name="Audit log")).to_be_visible()

    # They choose a digest, and it arrives.
    settings_page(theirs, up, "notifications")
    theirs.get_by_label("Digest").select_option(label="Every day")
    theirs.locator("form").filter(has=theirs.get_by_label("Digest")).get_by_role(
        "button", name="Save"
    ).click()
    up.days_pass()
    digest = received(mail_server, "Ants: your day")
    assert digest["To"] == "dora@example.org"
    assert "It crashes" in text_of(digest)

    with receiving() as to:
        webhook_arrives(page, up, world, farm, to)
    feed_is_read(page, up)

    # An assistant is told who waits.
    settings_page(page, up, "tokens")
    page.get_by_label("What it is for").fill("assistant")
    page.get_by_role("button", name="Make the token").click()
    token = page.get_by_text(re.compile("^Bearer ")).inner_text().removeprefix("Bearer ")
    assert "It crashes" in " ".join(listed_by_an_assistant(up.mcp_url, token))
    ada.close()
    dora.close()


def webhook_arrives(page: Page, up: Up, world: World, farm: Repository, to: Receiver) -> None:
    """Add an endpoint, let something happen on GitHub, and verify what is sent."""
    settings_page(page, up, "notifications")
    page.get_by_label("Name", exact=True).fill("Our bot")
    page.get_by_label("Address", exact=True).fill(f"{to.url}/dexxy")
    page.get_by_role("button", name="Add", exact=True).click()
    secret = page.locator(".note code").inner_text()
    world.open_issue(farm, world.actor("mei"), "Another one")
    page.goto(f"{up.url}/w/ants/repositories/")
    page.get_by_role("link", name="dexxy-demo/farm").first.click()
    page.get_by_role("button", name="Sync now").first.click()
    wait_until(lambda: any(b"Another one" in one.body for one in to.received), "it is sent", SOON)

    [sent] = [one for one in to.received if b"Another one" in one.body]
    told = Webhook(secret).verify(sent.body, sent.headers)
    assert told["type"] == "thread.opened"


def feed_is_read(page: Page, up: Up) -> None:
    """Make the secret address of a feed, and read it as a feed reader does."""
    settings_page(page, up, "notifications")
    page.get_by_label("Feed of").select_option(label="Threads")
    page.get_by_role("button", name="Make the address").click()
    address = page.locator(".note code").inner_text()

    feed = feedparser.parse(httpx.get(address).content)

    assert (feed.bozo, feed.version) == (False, "atom10")
    assert any("Another one" in entry.title for entry in feed.entries)
