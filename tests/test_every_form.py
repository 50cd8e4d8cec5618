"""Whoever sends a form is told what became of it, and what ends something asks first.

The forms are those that stand on the pages: each has to be in one of the tables of this file, so
that a new one is thought of.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import ListPage, Role, User, Workspace
from dexxy.members.models import Member
from dexxy.messages.models import Thread
from dexxy.outgoing.endpoints import endpoint_set_paused
from dexxy.outgoing.feed_addresses import feed_address_create
from dexxy.people.export_keeping import export_request
from dexxy.people.models import Export, Format
from tests.every_page import Opened, every_page, pages
from tests.factories import (
    PASSWORD,
    make_endpoint,
    make_identity,
    make_message,
    make_repository,
    make_source,
    make_thread,
    make_workspace,
)
from tests.forms import Button, Door, Page, client_of, doors
from tests.second_step import app_of

__all__ = ["every_page", "pages"]

Given = dict[str, str]
NEW = "a good long password"

# What a person fills in, by what a form does.
FILLED: dict[str, Given] = {
    "account_address": {"email": "new@example.org"},
    "account_change_password": {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
    "ask_for_mail": {"email": "somebody@example.org"},
    "endpoint": {"name": "Other"},
    "invitation": {"email": "x@example.org", "name": "X", "password": NEW},
    "member_action add": {"platform": "discord", "username": "ada"},
    "member_edit": {"display_name": "Other"},
    "member_erase": {"name": "Mina"},
    **{f"people_bulk {one}": {"member": "@person", "tag": "a"} for one in ("tag", "team", "untag")},
    **{
        f"waiting_decide {one}": {"only": "@thread", "thread": "@thread"}
        for one in ("aside", "assign", "assign me", "assign to", "note")
    },
    "member_notes add": {"text": "A note."},
    "member_notes edit": {"text": "Another."},
    "saved_view_save": {"name": "A view"},
    "settings_danger": {"name": "Team"},
    "settings_notifications": {"name": "Ours", "url": "https://example.org/hook"},
    "settings_team me": {"who": "mina"},
    "settings_team on": {"who": "mina"},
    "settings_tokens": {"name": "CI"},
    "sign_in_rule_create": {"domain": "example.org"},
}
# What is sent as it stands. These say that it was done, too.
PRESSED = {
    *("account", "account_app_remove", "account_codes", "account_session_end"),
    *("account_sessions_end", "deliveries_missed", "endpoint_redeliver", "export_delete"),
    "mail_test",
    *(f"endpoint_action {one}" for one in ("delete", "pause", "resume", "rotate", "test")),
    *("feed_address_create", "feed_address_revoke", "feed_read until"),
    *("github_disconnect", "invitation_revoke", "merge_undo", "notifications_private"),
    *(f"member_action {one}" for one in ("bot", "lock", "outside", "team", "unlock")),
    *("member_merge", "member_notes delete", "membership_action remove"),
    *("membership_action reset-link", "membership_action second-step"),
    *("membership_action role admin", "membership_action role member"),
    *("organization_merge", "organization_merge_undo"),
    *("repositories_sync", "repository_disconnect", "saved_view_delete"),
    *(f"repository_action {one}" for one in ("pause", "resume", "sync")),
    *("settings_danger restore", "settings_delivery_again", "settings_general"),
    *("settings_general kinds", "settings_mail", "settings_people"),
    *("settings_team acts", "settings_team late", "settings_team off"),
    *("sign_in_rule_delete", "start_team", "threads_columns", "threads_columns usual"),
    *("suggestion_action accept", "suggestion_action reject", "token_revoke"),
    *(f"waiting_decide snooze {one}" for one in ("monday", "month", "tomorrow", "week")),
}
# What the next page shows anyhow, so that nothing needs to be said.
SHOWN = {
    "account_login": "the page that was asked for",
    "account_logout": "where one signs in",
    "checklist_close": "the list is gone",
    "density compact": "the rows are closer",
    "feed_read thread": "the mark is gone",
    "keyboard off": "the button says so",
    "mfa_login_webauthn": "only a passkey sends it, and the page that was asked for is next",
    "people_bulk csv": "a file comes",
    "people_bulk merge": "the next page asks whether they are one person",
    "people_import": "the next page says what the file would change",
    "start_workspace": "the next step",
    "theme dark": "it is dark",
    "theme light": "it is light",
    "theme system": "it is as the system has it",
    "unsubscribe": "the page says that it is over",
}
# What cannot be done here, since the App's key opens nothing: these say what is wrong.
REFUSED: dict[str, Given] = {
    "github_keys client_secret": {"client_secret": "no secret"},
    "github_keys key": {"private_key": "no key"},
    "github_keys webhook_secret": {},
    "settings_delivery_ask": {},
    # There is nothing to undo, and no day is chosen.
    "waiting_undo": {},
    "waiting_decide snooze": {},
}
# Pages whose red button is the answer to their question.
PAGES_THAT_ASK = {
    *("github_disconnect", "member_erase", "repository_disconnect", "saved_view_delete"),
    "settings_danger",
}
# How what ends something is called; taking a merge back makes two of one, and loses nothing.
ENDS = re.compile(r"delete|remove|revoke|disconnect|erase|_ends?$|codes|rotate|outside|second-step")


@pytest.fixture
def more_pages(alice: User, bob: User, workspace: Workspace, pages: dict[str, str]) -> Opened:
    """Pages of a second workspace, which ends, and of somebody with a second step."""
    client = client_of(alice)
    other = make_workspace(name="Other", admin=alice)
    other.is_set_up, other.delete_at = False, timezone.now() + timedelta(days=3)
    other.save()
    root = f"/w/{other.slug}/"
    for name in ("other/one", "other/two"):
        source = make_source(workspace=other, name=name)
        repository = make_repository(source=source)
    client.post(f"{root}repositories/{repository.pk}/pause/")
    client.get(f"{root}feed/")
    make_message(thread=make_thread(source=source), occurred_at=timezone.now())
    mira = make_identity(workspace=other, username="mira", name="Mira").member_id
    client.post(f"{root}people/{mira}/lock/")
    paused = make_endpoint(workspace=other)
    endpoint_set_paused(viewer=alice, endpoint_id=paused.pk, paused=True)
    other.memberships.create(user=bob, role=Role.ADMIN)
    app_of(bob)
    client_of(bob)
    seen = {
        "waiting": root,
        "feed": f"{root}feed/",
        "repositories": f"{root}repositories/",
        "member": f"{root}people/{mira}/",
        "endpoint": f"{root}settings/notifications/endpoints/{paused.pk}/",
        "people": f"{root}settings/people/",
        "danger": f"{root}settings/danger/",
    }
    return [(alice, seen), (bob, {"security": "/account/security/"})]


@pytest.fixture
def opened(
    alice: User,
    workspace: Workspace,
    every_page: Opened,
    more_pages: Opened,
    settings: Settings,
) -> Opened:
    """Every page, and more of what stands on some of them."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"
    mina = make_identity(workspace=workspace, username="mina", name="Mina").member_id
    api_token_create(viewer=alice, workspace=workspace, name="script")
    feed_address_create(viewer=alice, workspace=workspace, page=ListPage.FEED)
    export_request(viewer=alice, workspace=workspace, what=Export.THREADS, form=Format.CSV)
    workspace.sign_in_rules.create(domain="example.com")
    erase = {"erase": f"/w/{workspace.slug}/people/{mina}/erase/"}
    return [(alice, erase), *more_pages, *every_page]


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def said_after(door: Door, given: Given, known: Mapping[str, Page]) -> list[tuple[str, str]]:
    """Return what is said once a form was sent, and was not said before."""
    client, button = client_of(door.viewer), door.button
    answer = client.post(button.action, button.sent(_with_ids(button, given)), follow=True)
    assert answer.status_code < 500, button.does
    path = answer.request["PATH_INFO"]
    before = known[path].said if path in known else []
    now = Page(path, answer.content.decode()).said
    return [(role, text) for role, text in now if text and (role, text) not in before]


def _with_ids(button: Button, given: Given) -> Given:
    """Return what is given with the ids of somebody, and of a thread, where the form stands."""
    somebody = Member.objects.get(display_name="Mina").pk
    threads = Thread.objects.filter(archived_reason="")
    thread = threads.filter(workspace__slug=(button.path.split("/") + [""] * 2)[2]).first()
    ids = {"@person": somebody, "@thread": thread.pk if thread else 0}
    return {name: str(ids.get(value, value)) for name, value in given.items()}


def ends(button: Button) -> bool:
    if button.does in ("membership_action reset-link", "membership_action role member"):
        return True
    # A suggestion that is turned down ends nothing.
    return ENDS.search(button.does) is not None or button.does == "settings_team off"


def by_what_they_do(opened: Opened) -> tuple[dict[str, Door], dict[str, Page]]:
    """Return a button for each thing that can be done, and the pages by their addresses."""
    found, known = dict[str, Door](), dict[str, Page]()
    for door in doors(opened):
        known[door.page.path] = door.page
        other = found.setdefault(door.button.does, door)
        # One that has more to send is on a page that asks for it.
        if len(door.button.form.fields) > len(other.button.form.fields):
            found[door.button.does] = door
    return found, known


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_form_says_that_it_was_done_or_what_is_wrong(opened: Opened) -> None:
    found, known = by_what_they_do(opened)

    assert found.keys() == {*FILLED, *PRESSED, *SHOWN, *REFUSED}
    silent = []
    for does, door in found.items():
        if does in SHOWN:
            continue
        with undone():
            said = said_after(door, FILLED.get(does) or REFUSED.get(does, {}), known)
        if not any(role == ("alert" if does in REFUSED else "status") for role, _text in said):
            silent.append((does, said))
    assert silent == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_form_that_is_sent_empty_says_what_is_missing_or_that_it_was_done(
    opened: Opened,
) -> None:
    found, known = by_what_they_do(opened)

    silent = []
    for does, door in found.items():
        form = door.button.form
        typed = [name for name, values in form.fields.items() if not any(values)]
        form.required.clear()
        if not typed or does in SHOWN.keys() - {"account_login", "people_import"}:
            continue
        with undone():
            if not said_after(door, {}, known):
                silent.append(does)
    assert silent == []


@pytest.mark.slow
def test_what_ends_something_is_red_and_asks_first(opened: Opened) -> None:
    """By its mark: a red button stands behind a question, and what ends something is red."""
    for door in doors(opened):
        button = door.button
        is_red = {"is-danger", "is-main"} <= button.look
        # Its page is the question: it can be left by a link, or has a name typed.
        is_asked = button.asks or button.url_name in PAGES_THAT_ASK
        assert not is_red or is_asked, button.does
        assert is_red or not ends(button), button.does
