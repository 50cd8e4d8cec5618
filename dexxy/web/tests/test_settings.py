import re
from collections.abc import Sequence
from functools import cache
from html import unescape
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone, translation

from dexxy.accounts.first_run import workspace_begin
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.reader import zone_names, zones_by_region
from dexxy.accounts.selectors import workspace_called
from dexxy.accounts.services import WorkspaceExistsError, workspace_create, workspace_ensure
from dexxy.common.sql import fetch_all
from dexxy.sources.models import Source
from dexxy.web.tests.test_access import pages
from dexxy.web.wording import times
from tests.factories import START, make_identity, make_message, make_thread, make_workspace
from tools import texts

__all__ = ["pages"]

GENERAL = {"name": "Ants", "time_zone": "Asia/Kolkata", "language": "de"}


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/general/"


def test_an_admin_sets_a_workspace_up_and_the_log_says_so(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)

    page = client.post(path, GENERAL, follow=True).content.decode()

    workspace.refresh_from_db()
    assert (workspace.name, workspace.time_zone, workspace.language) == tuple(GENERAL.values())
    assert '<html lang="de"' in page
    assert 'value="Ants"' in page
    [entry] = AuditEntry.objects.filter(action="workspace.updated")
    assert (entry.actor, entry.details) == (alice, GENERAL)
    # Sent twice it changes nothing more.
    client.post(path, GENERAL)
    assert AuditEntry.objects.filter(action="workspace.updated").count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"name": " "},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "a\0b"},
        {"language": "xx"},
    ],
)
def test_what_cannot_be_set_up_is_refused_with_what_was_typed(
    client: Client, alice: User, workspace: Workspace, path: str, changed: dict[str, str]
) -> None:
    client.force_login(alice)

    page = client.post(path, {**GENERAL, **changed})

    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    workspace.refresh_from_db()
    assert workspace.time_zone == "UTC"


def test_a_member_sees_how_it_is_set_up_and_cannot_change_it(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)

    page = client.get(path).content.decode()

    assert "Only an admin can change this." in page
    assert '<button class="btn is-main">' not in page
    assert client.post(path, GENERAL).status_code == 403
    workspace.refresh_from_db()
    assert workspace.language == ""


def test_the_page_of_exports_leads_admins_to_the_import_of_people(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    found = {}
    for who in (alice, bob):
        client.force_login(who)
        page = client.get(f"/w/{workspace.slug}/settings/data/").content.decode()
        found[who] = page.partition('id="import"')[2]

    assert f'href="/w/{workspace.slug}/people/import/">Import people</a>' in found[alice]
    assert "people/import/" not in found[bob]
    assert "Only an admin can do this." in found[bob]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("settings/", "settings/general/"),
        ("team/", "settings/people/"),
        ("settings/invitations/", "settings/people/"),
        ("tokens/?after=1", "settings/tokens/?after=1"),
    ],
)
def test_an_address_of_before_leads_to_the_one_of_today(
    client: Client, workspace: Workspace, old: str, new: str
) -> None:
    assert client.get(f"/w/{workspace.slug}/{old}")["Location"] == f"/w/{workspace.slug}/{new}"


@pytest.fixture
def thread_path(workspace: Workspace, source: Source) -> str:
    thread = make_thread(source=source)
    make_message(thread=thread, author=make_identity(workspace=workspace), occurred_at=START)
    return f"/w/{workspace.slug}/threads/{thread.pk}/"


def titles(client: Client, path: str, **headers: str) -> set[str]:
    page = client.get(path, headers=headers).content.decode()
    return set(re.findall(r'<time [^>]*title="([^"]*)"', page))


def test_times_are_those_of_the_reader_then_of_the_workspace(
    client: Client, bob: User, workspace: Workspace, thread_path: str
) -> None:
    client.force_login(bob)

    def expected(zone: str) -> str:
        with timezone.override(ZoneInfo(zone)):
            return times.exactly(START)

    assert expected("UTC") in titles(client, thread_path)
    Workspace.objects.update(time_zone="Asia/Kolkata")
    assert expected("Asia/Kolkata") in titles(client, thread_path)
    User.objects.update(time_zone="America/Sao_Paulo")
    assert expected("America/Sao_Paulo") in titles(client, thread_path)
    assert expected("America/Sao_Paulo").endswith(" UTC-03")
    # What no database of zones knows any more is read as UTC.
    User.objects.update(time_zone="Mars/Olympus")
    assert expected("UTC") in titles(client, thread_path)


def language(client: Client, path: str, **headers: str) -> str:
    page = client.get(path, headers=headers)
    [found] = re.findall(r'<html lang="(\w+)"', page.content.decode())
    assert page["Content-Language"] == found
    assert "Accept-Language" in page["Vary"]
    return str(found)


def test_the_language_is_the_reader_s_then_the_workspace_s_then_the_browser_s(
    client: Client, bob: User, workspace: Workspace
) -> None:
    german = {"Accept-Language": "de-AT, en;q=0.5"}
    assert language(client, "/accounts/login/") == "en"
    assert language(client, "/accounts/login/", **german) == "de"
    assert language(client, "/accounts/login/", **{"Accept-Language": "fr"}) == "en"
    client.force_login(bob)
    path = f"/w/{workspace.slug}/people/"

    assert language(client, path, **german) == "de"
    Workspace.objects.update(language="en")
    assert language(client, path, **german) == "en"
    User.objects.update(language="de")
    assert language(client, path) == "de"
    assert translation.get_language() == "en"


@pytest.mark.django_db
def test_every_zone_that_can_be_chosen_is_one_of_the_database_too() -> None:
    names = sorted(zone_names())
    assert len(names) > 300
    assert zone_names() <= available_timezones()
    known = "SELECT name FROM pg_timezone_names WHERE name = ANY(%(names)s)"
    found = fetch_all(known, {"names": names})
    assert [name for name in names if (name,) not in set(found)] == []


def test_a_time_zone_is_offered_by_one_name_and_by_the_old_one_where_it_is_chosen() -> None:
    offered = {name for _region, zones in zones_by_region() for name, _place in zones}

    assert {"UTC", "Africa/Asmara", "Asia/Kolkata", "Europe/Berlin"} <= offered
    assert offered.isdisjoint({"Africa/Asmera", "Asia/Calcutta", "America/Buenos_Aires"})
    kept = {name for _region, zones in zones_by_region("Asia/Calcutta") for name, _place in zones}
    assert kept - offered == {"Asia/Calcutta"}


@cache
def translated() -> frozenset[str]:
    """Return the English texts that are others in German, without those that hold values."""
    [catalogue] = [path for path in texts.catalogues() if "de" in path.parts]
    return frozenset(
        id
        for message in texts.read(catalogue)
        for id, told in zip(strings_of(message.id), texts.strings(message), strict=False)
        if id and id != told and not re.search(r"[{%<]", id)
    )


def strings_of(ids: str | Sequence[str]) -> Sequence[str]:
    return [ids] if isinstance(ids, str) else ids


def english_in(page: str) -> list[str]:
    """Return the texts of a page that are English ones of the catalogue."""
    shown = re.sub(r"<(script|style|code|pre|option|bdi)\b.*?</\1>", "", page, flags=re.DOTALL)
    read_out = re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', shown)
    whole = [*read_out, *re.findall(">([^<]+)", shown)]
    return sorted({text.strip() for text in map(unescape, whole)} & translated())


def test_english_on_a_german_page_is_found() -> None:
    assert english_in('<b title="Settings">Team</b><i>Read again</i>') == ["Settings"]


def test_each_page_is_german_for_who_reads_german_and_its_numbers_in_markup_are_not(
    client: Client, alice: User, pages: dict[str, str]
) -> None:
    User.objects.update(language="de")
    client.force_login(alice)

    for path in pages.values():
        page = client.get(path).content.decode()
        if "<html" in page:
            assert '<html lang="de"' in page, path
            assert "Einstellungen" in page, path
        assert english_in(page) == [], path
        # `width="1,5"` is no number to a browser.
        assert (
            re.findall(r'="[^"]*\d,\d[^"]*"', re.sub(r'(title|aria-label)="[^"]*"', "", page)) == []
        )


def test_who_was_signed_in_until_now_reads_why_they_see_the_sign_in_page(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    fresh = client.get(path, follow=True).content.decode()
    assert "Your session has ended." not in fresh
    client.force_login(bob)
    Session.objects.all().delete()

    shown = client.get(path, follow=True).content.decode()
    assert "Your session has ended. Sign in to go on." in shown
    sent = client.post(path, GENERAL, follow=True).content.decode()
    assert "What you sent was not stored." in sent
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{path}"}
    part = client.get(path, headers=headers)
    assert part["HX-Redirect"] == f"/accounts/login/?next={path}"
    assert "Your session has ended." in client.get(part["HX-Redirect"]).content.decode()


def test_a_workspace_moves_and_what_it_was_called_before_leads_on(
    client: Client, alice: User, charlie: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)
    before = workspace.slug

    answer = client.post(path, {**GENERAL, "slug": "hill"})

    assert answer["Location"] == "/w/hill/settings/general/"
    old = client.get(f"/w/{before}/threads/?state=open&q=a%2Fb")
    assert (old.status_code, old["Location"]) == (302, "/w/hill/threads/?state=open&q=a%2Fb")
    # A form that was open meanwhile is taken all the same.
    client.post(f"/w/{before}/settings/general/", {**GENERAL, "name": "Hill"})
    workspace.refresh_from_db()
    assert (workspace.name, workspace.slug) == ("Hill", "hill")
    # Commands that know the old name find it, and make no second one.
    assert workspace_called(before) == workspace_ensure(slug=before, admin=charlie) == workspace
    # Nobody learns by it where it is.
    client.force_login(charlie)
    assert client.get(f"/w/{before}/").status_code == 404


def test_a_workspace_moves_back_and_its_addresses_stay_its_own(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)
    before, other = workspace.slug, make_workspace(admin=alice)
    client.post(path, {**GENERAL, "slug": "hill"})

    for taken in (before, "hill"):
        theirs = f"/w/{other.slug}/settings/general/"
        answer = client.post(theirs, {**GENERAL, "slug": taken})
        assert (answer.status_code, "choose another slug" in answer.content.decode()) == (422, True)
        with pytest.raises(WorkspaceExistsError):
            workspace_create(name="Third", slug=taken, admin=alice)
    assert workspace_begin(viewer=alice, name=before).slug == f"{before}-2"
    client.post("/w/hill/settings/general/", {**GENERAL, "slug": before})

    assert client.get(path).status_code == 200
    assert client.get("/w/hill/")["Location"] == f"/w/{before}/"
    assert [one.slug for one in workspace.former_addresses.all()] == ["hill"]


@pytest.mark.parametrize("slug", ["", " ", "a b", "a/b", "ä", "x" * 64, "a\0b", "<b>"])
def test_what_cannot_be_an_address_is_refused_with_what_was_typed(
    client: Client, alice: User, workspace: Workspace, path: str, slug: str
) -> None:
    client.force_login(alice)

    page = client.post(path, {**GENERAL, "slug": slug})

    assert page.status_code == 422
    assert 'role="alert"' in page.content.decode()
    assert Workspace.objects.get(pk=workspace.pk).slug == workspace.slug


def test_kinds_are_left_out_and_taken_in_again(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)
    kinds = {"do": "kinds", "kind": ["issue", "pull_request"]}

    page = client.post(path, kinds, follow=True).content.decode()

    assert re.findall(r'name="kind" value="(\w+)"( checked)?', page) == [
        ("issue", " checked"),
        ("pull_request", " checked"),
        ("discussion", ""),
    ]
    none = client.post(path, {"do": "kinds", "kind": ["poem"]})
    assert (none.status_code, "Choose at least one kind" in none.content.decode()) == (422, True)
    client.force_login(bob)
    assert client.post(path, kinds).status_code == 403
    client.force_login(alice)
    client.post(path, {"do": "kinds", "kind": ["issue", "pull_request", "discussion"]})
    workspace.refresh_from_db()
    assert workspace.thread_kinds is None
    logged = AuditEntry.objects.filter(action="workspace.kinds_taken").order_by("pk")
    assert [len(one.details["kinds"]) for one in logged] == [2, 3]
