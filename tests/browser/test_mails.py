"""A digest as mail programs show it: narrow, dark, with what is long, and small enough to be whole.

Gmail cuts a mail off behind 102 kB of HTML, and asks its reader to load the rest.
https://developers.google.com/workspace/gmail/markup/overview
"""

from datetime import timedelta
from typing import Any, Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from dexxy.accounts.models import User, Workspace
from dexxy.mail.models import Digest, MailKind, OutgoingMail
from dexxy.mail.preferences import mail_preference_set
from dexxy.messages.models import MessageKind, Thread
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.web.mailing.digest import MOST
from dexxy.web.mailing.tasks import send_mails
from tests import needs
from tests.factories import make_identity, make_message, make_source, make_thread
from tests.mail_server import MailServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LARGEST = 100_000
# Without spaces, in signs that are written as six, and in signs of three bytes.
TITLES = ("x" * 255, "<&\"'>" * 51, "线程池" * 85)


def digest_send(user: User, workspace: Workspace) -> None:
    """Send a digest that is as long as one can be."""
    source = make_source(workspace=workspace, name=f"{'o' * 39}/{'r' * 100}")
    workspace.name = "W" * 200
    workspace.save()
    at = timezone.now() - timedelta(hours=2)
    for number in range(MOST + 5):
        author = make_identity(workspace=workspace, name=f"{number}{'N' * 199}")
        title = TITLES[number % len(TITLES)]
        thread = make_thread(source=source, author=author, title=title, opened_at=at)
        make_message(thread=thread, kind=MessageKind.OPENED, author=author, occurred_at=at)
    threads = list(Thread.objects.values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))
    mail_preference_set(viewer=user, workspace=workspace, digest=Digest.DAILY)
    since = timezone.now() - timedelta(days=1)
    OutgoingMail.objects.create(
        workspace=workspace, user=user, kind=MailKind.DIGEST, period="today", since=since
    )
    send_mails()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_longest_digest_fits_and_can_be_read(
    browser: Browser,
    bob: User,
    workspace: Workspace,
    mail_server: MailServer,
    scheme: Literal["light", "dark"],
) -> None:
    digest_send(bob, workspace)
    [mail] = mail_server.taken
    html = mail.get_body(("html",))
    assert html is not None
    assert html.get_content().count("<tr>") > 3 * MOST
    assert len(html.as_bytes()) < LARGEST

    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        page.set_content(html.get_content())
        for width in (1200, 600, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(needs.axe())
        rules: dict[str, Any] = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}
        found = page.evaluate("rules => axe.run(rules)", rules)["violations"]
        assert [(one["help"], [n["html"] for n in one["nodes"]]) for one in found] == []
