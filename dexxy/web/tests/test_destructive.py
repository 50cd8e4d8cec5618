"""What cannot be undone looks like it, and asks before it is sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.urls import get_resolver, resolve

import dexxy.web
from dexxy.accounts.models import User, Workspace
from dexxy.people.export_keeping import export_request
from dexxy.people.models import Export, Format
from tests.factories import make_endpoint, make_identity, make_user
from tests.second_step import app_of

TEMPLATES = Path(dexxy.web.__file__).parent / "templates"
COMPONENT = "web/components/destructive.html"
# Pages that ask are the question, and one more has the name of what is deleted typed.
PAGES_THAT_ASK = {
    "web/github/disconnect.html",
    "web/people/erase.html",
    "web/repository_disconnect.html",
    "web/saved/delete.html",
    "web/settings/danger.html",
    # The looks of all components.
    "web/frame/components.html",
}
# What is sent to these addresses ends something: by name, and what a page sends beside it. What a
# form of any page does is in tests/test_every_form.py, so that a new one is not forgotten here.
DESTRUCTIVE: dict[str, set[str]] = {
    "account_app_remove": set(),
    "account_codes": set(),
    "account_passkey_action": {"/remove/"},
    "account_session_end": set(),
    "account_sessions_end": set(),
    "endpoint_action": {"/delete/", "/rotate/"},
    "export_delete": set(),
    "feed_address_revoke": set(),
    "invitation_revoke": set(),
    "member_action": {"/outside/"},
    "member_notes": {"delete"},
    "membership_action": {"/remove/", "/reset-link/", "/second-step/", "member"},
    "settings_team": {"off"},
    "sign_in_rule_delete": set(),
    "token_revoke": set(),
}
# A page that asks is at the same address.
ASKED_ELSEWHERE = {
    *("github_disconnect", "member_erase", "repository_disconnect", "saved_view_delete"),
}


@dataclass
class Sent:
    """A button that sends a form.

    Args:
        asks: it stands in what is to be opened first.
    """

    name: str
    press: str
    look: set[str]
    asks: bool

    @property
    def is_destructive(self) -> bool:
        if self.name not in DESTRUCTIVE:
            return False
        parts = DESTRUCTIVE[self.name]
        return not parts or any(
            one in self.press if one.startswith("/") else self.press == one for one in parts
        )


class _Page(HTMLParser):
    """Read the buttons of a page, each with the form that it sends."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.action, self.depth = path, "", 0
        self.found: list[Sent] = []
        self.summaries: list[set[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        look = set(given.get("class", "").split())
        if tag == "details" and (self.depth or "asks" in look):
            self.depth += 1
        elif tag == "summary" and self.depth == 1:
            self.summaries.append(look)
        elif tag == "form":
            self.action = given.get("action") or self.path
        elif tag == "button" and self.action and given.get("type", "submit") == "submit":
            where = given.get("formaction", self.action).partition("?")[0]
            press = given.get("value") or where
            name = resolve(where).url_name or ""
            self.found.append(Sent(name, press, look, asks=self.depth > 0))

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self.depth:
            self.depth -= 1
        elif tag == "form":
            self.action = ""


def test_what_looks_destructive_is_sent_by_the_one_component_that_asks() -> None:
    looks = re.compile(r'<button[^>]*class="[^"]*(is-danger|\bbad\b)[^"]*"|is-ghost bad')
    found = {
        str(path.relative_to(TEMPLATES))
        for path in TEMPLATES.rglob("*.html")
        if looks.search(path.read_text())
    }

    assert found == {COMPONENT, *PAGES_THAT_ASK}


def test_every_address_that_ends_something_is_on_the_list_of_what_asks() -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    ends = re.compile(
        r"^(?!mfa_|oidc_|github_(?!disc)).*_(revoke|delete|remove|disconnect|erase|end|ends)$"
    )

    found = {name for name in names if ends.match(name)}

    assert found - ASKED_ELSEWHERE == {name for name in DESTRUCTIVE if ends.match(name)}


@pytest.fixture
def pages(client: Client, alice: User, bob: User, workspace: Workspace) -> list[str]:
    """Pages with something of every kind that Alice may end, but a passkey."""
    root = f"/w/{workspace.slug}/"
    client.force_login(alice)
    mira = make_identity(workspace=workspace, username="mira", name="Mira").member_id
    app_of(bob)
    make_endpoint(workspace=workspace)
    export_request(viewer=alice, workspace=workspace, what=Export.THREADS, form=Format.CSV)
    for path, sent in (
        ("settings/tokens/", {"name": "CI", "scope": "read", "days": "30"}),
        ("settings/people/", {"email": "x@example.org", "role": "member", "days": "7"}),
        ("settings/people/rules/", {"domain": "example.org", "role": "member"}),
        ("settings/notifications/feeds/", {"of": "waiting"}),
        ("settings/team/", {"decision": "on", "who": "mira"}),
        (f"people/{mira}/notes/", {"do": "add", "text": "Likes ants."}),
    ):
        assert client.post(root + path, sent).status_code == 302, path
    endpoint = workspace.endpoints.get()
    settings = ("tokens", "people", "notifications", "team", "data", "danger")
    return [
        *(f"{root}settings/{name}/" for name in settings),
        f"{root}settings/notifications/endpoints/{endpoint.pk}/",
        f"{root}people/{mira}/notes/",
    ]


def sent_by(client: Client, pages: list[str]) -> Iterator[Sent]:
    for path in pages:
        page = _Page(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        page.feed(answer.content.decode())
        assert all("is-danger" in look for look in page.summaries), path
        yield from page.found


def test_each_destructive_button_is_red_and_behind_a_question(
    client: Client, bob: User, pages: list[str]
) -> None:
    found = [one for one in sent_by(client, pages) if one.is_destructive]
    client.force_login(bob)
    found += [one for one in sent_by(client, ["/account/security/"]) if one.is_destructive]

    assert {one.name for one in found} == DESTRUCTIVE.keys() - {
        "account_passkey_action",
        # With a session elsewhere: tests/test_every_form.py.
        "account_session_end",
        "account_sessions_end",
    }
    assert [one for one in found if not (one.asks and {"is-danger", "is-main"} <= one.look)] == []


def test_what_asks_needs_no_script(client: Client, alice: User, workspace: Workspace) -> None:
    client.force_login(alice)
    stranger = make_user(email="eve@example.org", name="<Eve>")
    membership = workspace.memberships.create(user=stranger, role="member")

    page = client.get(f"/w/{workspace.slug}/settings/people/").content.decode()

    questions = page.split('<details class="menu asks">')[1:]
    [asked] = [one for one in questions if f"/people/{membership.pk}/remove/" in one]
    assert re.search(
        r"<summary[^>]*>Remove<span class=\"hidden\"> &lt;Eve&gt;</span></summary>", asked
    )
    assert "They will see nothing of Team any more" in asked
    assert "Remove <bdi>&lt;Eve&gt;</bdi>" in asked
