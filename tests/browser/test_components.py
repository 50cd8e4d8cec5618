"""Each component, and each page, in both schemes and at three widths: nothing sticks out, axe finds
nothing. What the components look like is on /_components/, which exists while debugging."""

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pytest
from django.test import Client
from django.urls import include, path
from django.utils import timezone
from playwright.sync_api import Browser, Page

from dexxy.accounts.models import User
from dexxy.config.urls import urlpatterns as product
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.members.merges.suggestion_answers import Suggested, suggestions_apply
from dexxy.members.models import MemberSummary
from dexxy.messages.models import MessageKind, ThreadKind
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.sources.models import Source
from dexxy.web.frame.components import components
from tests import needs
from tests.factories import (
    make_endpoint,
    make_identity,
    make_message,
    make_outgoing,
    make_repository,
    make_run,
    make_stream,
    make_thread,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls(__name__),
]

# As the addresses are while debugging.
urlpatterns = [path("_components/", components), path("", include(product))]

# What axe looks for: a scheme changes colours alone.
ALL: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast"]}


class Look(NamedTuple):
    """How pages are opened: in which scheme, how wide, and what axe looks for there."""

    scheme: Literal["light", "dark"]
    widths: tuple[int, ...]
    rules: dict[str, Any]


LOOKS = [
    pytest.param(Look("light", (320, 1440), ALL), id="light"),
    pytest.param(Look("dark", (1440,), COLOURS), id="dark", marks=pytest.mark.slow),
    pytest.param(Look("light", (390,), ALL), id="phone", marks=pytest.mark.slow),
]
# Bytes, without pictures.
HEAVIEST = 150_000


@pytest.fixture(params=LOOKS)
def look(request: pytest.FixtureRequest) -> Look:
    found: Look = request.param
    return found


@pytest.fixture
def page_of_alice(browser: Browser, base_url: str, alice: User, look: Look) -> Iterator[Page]:
    """A page whose content policy lets axe in, which is evaluated into it."""
    client = Client()
    client.force_login(alice)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base_url}
    options: dict[str, Any] = {"base_url": base_url, "color_scheme": look.scheme}
    with browser.new_context(bypass_csp=True, **options) as context:
        context.add_cookies([cookie])  # type: ignore[list-item]
        yield context.new_page()


def complaints(page: Page, address: str, look: Look) -> list[str]:
    """Return what sticks out of a page at any width, and what axe finds at the last one."""
    found = []
    for width in look.widths:
        page.set_viewport_size({"width": width, "height": 844})
        answer = page.goto(address)
        assert answer is not None
        if len(answer.body()) > HEAVIEST:
            found.append(f"{address} has {len(answer.body())} bytes")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{address} is {wide} wide at {width}")
    page.evaluate(needs.axe())
    options = {**look.rules, "resultTypes": ["violations"]}
    for one in page.evaluate("options => axe.run(options)", options)["violations"]:
        found += [f"{address} at {width}: {one['help']}: {n['html']}" for n in one["nodes"]]
    return found


def test_each_component_fits_and_is_accessible(page_of_alice: Page, look: Look) -> None:
    assert complaints(page_of_alice, "/_components/", look) == []


def test_each_page_fits_and_is_accessible(page_of_alice: Page, source: Source, look: Look) -> None:
    workspace = source.workspace
    author, other = (
        make_identity(workspace=workspace, username=f"a-name-without-end-{'x' * 60}{number}")
        for number in range(2)
    )
    thread = make_thread(source=source, author=author, title="线程池" * 40, labels=["bug" * 20])
    make_message(
        thread=thread, author=author, body=f"# Title\n\n{'x' * 300}\n\n```\n{'y ' * 200}\n```"
    )
    make_message(thread=thread, author=other, kind=MessageKind.CLOSED)
    evidence = [{"rule": "same_name", "weight": 3.4, "sentence": "Both are named Ada."}]
    made = Suggested(author.home_member_id, other.home_member_id, 0.876, evidence)
    suggestions_apply(workspace.pk, made=[made], withdrawn=[])
    repository = make_repository(source=source, sync_error="x" * 300)
    make_stream(repository=repository, read=10, expected=40)
    counts = {"here": 1_234_567, "github": 1_234_567, "taken_at": timezone.now().isoformat()}
    make_run(
        repository=repository,
        finished_at=timezone.now(),
        receipt=dict.fromkeys(ThreadKind.values, counts),
    )
    standings_recompute(workspace.pk, [thread.pk], {})
    endpoint = make_endpoint(workspace=workspace, name="x" * 90)
    sent = make_outgoing(endpoint=endpoint)
    sent.payload, sent.answer, sent.error = {"x": "y" * 300}, "z " * 300, "e" * 200
    sent.save()
    OutgoingMail.objects.create(
        workspace=workspace,
        user=User.objects.get(email="alice@example.com"),
        kind=MailKind.TEST,
        period="x",
        error="z" * 200,
        given_up_at=timezone.now(),
    )
    root = f"/w/{workspace.slug}/"
    MemberSummary.objects.update_or_create(
        member=author.member,
        defaults={
            "workspace": workspace,
            "organization": "Halden" * 20,
            "waiting": 2,
            "organization_key": "halden",
            "weeks": list(range(12)),
            "regular_threads": 3,
        },
    )

    for address in (
        root,
        f"{root}waiting/snooze/?only={thread.pk}",
        f"{root}waiting/how/",
        f"{root}settings/team/",
        f"{root}feed/?kind=comment&label=bug",
        f"{root}threads/",
        f"{root}threads/{thread.pk}/",
        f"{root}people/",
        f"{root}people/import/",
        f"{root}organizations/",
        f"{root}organizations/halden/",
        f"{root}organizations/halden/merge/",
        f"{root}people/{author.member_id}/",
        f"{root}people/{author.member_id}/merge/?with={other.member_id}",
        f"{root}people/{author.member_id}/erase/",
        f"{root}people/{author.member_id}/notes/",
        f"{root}people/suggestions/",
        f"{root}insights/?all=1",
        f"{root}insights/people/people/",
        f"{root}repositories/",
        f"{root}repositories/{repository.pk}/",
        f"{root}repositories/history/",
        f"{root}settings/general/",
        f"{root}settings/people/",
        f"{root}settings/github/",
        f"{root}settings/notifications/",
        f"{root}settings/notifications/endpoints/{endpoint.pk}/",
        f"{root}settings/notifications/mail/",
        f"{root}settings/tokens/",
        f"{root}settings/data/",
        f"{root}settings/deliveries/",
        f"{root}settings/audit/",
        f"{root}settings/danger/",
        "/account/",
        "/account/security/",
        f"{root}more/",
        "/accounts/password/change/",
    ):
        assert complaints(page_of_alice, address, look) == []


def test_the_sign_in_page_fits_and_is_accessible(
    page: Page, browser: Browser, base_url: str
) -> None:
    with browser.new_context(bypass_csp=True, base_url=base_url) as context:
        look = Look("light", (320, 1440), ALL)
        assert complaints(context.new_page(), "/accounts/login/", look) == []
