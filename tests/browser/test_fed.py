"""What a script tells of a mailing list is in the pages as what is read from GitHub is."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.services.contributors.activities import activities_ingest_sent
from dexxy.members.models import Identity
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LINES = [
    {"type": "source", "provider": "lists", "id": "dev", "name": "dev@ants.org"},
    {
        "type": "person",
        "provider": "lists",
        "id": "ada@ants.org",
        "username": "ada-of-the-list",
        "name": "Ada Anthill",
        "email": "ada@ants.org",
        "email_verified": True,
    },
    {
        "type": "thread",
        "provider": "lists",
        "source": "dev",
        "id": "<1@ants.org>",
        "title": "Where is the queen?",
        "body": "I looked everywhere.",
        "author": "ada@ants.org",
        # What is older than its source by months waits in another list.
        "opened_at": (timezone.now() - timedelta(days=2)).isoformat(),
    },
]


@pytest.fixture
def ada(source: Source) -> Identity:
    """Who is known from GitHub, with an address that GitHub has proven."""
    ada = make_identity(workspace=source.workspace, username="ada", name="Ada Anthill")
    Identity.objects.filter(pk=ada.pk).update(email="ada@ants.org", is_email_verified=True)
    make_message(thread=make_thread(source=source, title="Lost tasks"), author=ada)
    return ada


def test_a_fed_thread_is_in_the_feed_in_waiting_and_at_the_member_whom_github_knows(
    page: Page,
    context: BrowserContext,
    base_url: str,
    alice: User,
    workspace: Workspace,
    ada: Identity,
) -> None:
    client = Client()
    client.force_login(alice)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])

    lines = "\n".join(json.dumps(line) for line in LINES)
    activities_ingest_sent(actor=alice, workspace=workspace, lines=lines)
    waiting_catch_up(seconds=30)

    page.goto(f"/w/{workspace.slug}/feed/")
    expect(page.get_by_role("link", name="Where is the queen?").first).to_be_visible()
    page.goto(f"/w/{workspace.slug}/")
    row = page.get_by_role("link", name="Where is the queen?").first
    expect(row).to_be_visible()
    row.click()
    expect(page.get_by_text("I looked everywhere.")).to_be_visible()
    page.get_by_role("link", name="Ada Anthill").first.click()
    expect(page.get_by_role("heading", name="Ada Anthill").first).to_be_visible()
    expect(page.get_by_text("Lost tasks").first).to_be_visible()
    expect(page.get_by_text("Where is the queen?").first).to_be_visible()
    # Both accounts are hers.
    page.goto(f"/w/{workspace.slug}/people/{Identity.objects.get(pk=ada.pk).member_id}/accounts/")
    expect(page.get_by_text("ada-of-the-list").first).to_be_visible()
    expect(page.locator('a[href="https://github.com/ada"]').first).to_be_visible()
