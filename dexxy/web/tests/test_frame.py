import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.health import OVERDUE, SyncHealth, sync_health
from dexxy.integrations.models import Credential, CredentialKind, GitHubRepository, SyncStatus
from dexxy.sources.models import Source, SourceKind
from dexxy.web.frame.navigation import DESTINATIONS, Area
from dexxy.web.templatetags.frame import hue, initials
from dexxy.web.wording import health as health_words
from tests.factories import make_repository, make_source, make_workspace


def page(client: Client, workspace: Workspace, path: str = "feed/") -> str:
    return client.get(f"/w/{workspace.slug}/{path}").content.decode()


def test_each_destination_is_one_click_away_and_the_page_that_is_open_is_marked(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)

    shown, more = page(client, workspace, "people/"), page(client, workspace, "more/")

    for to in DESTINATIONS:
        assert f"<span>{str(to.name).replace('&', '&amp;')}</span>" in shown + more
        if not to.area & (Area.SIDEBAR | Area.FOOT):
            assert str(to.name) in more
    assert len([to for to in DESTINATIONS if Area.BAR in to.area]) == 4
    # In the sidebar, and in the bar of a phone.
    current = re.findall(r'<a href="([^"]*)" aria-current="page"><svg', shown)
    assert current == [f"/w/{workspace.slug}/people/"] * 2


def test_only_who_is_in_several_workspaces_is_offered_others(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)
    assert "Switch workspace" not in page(client, workspace)

    other = make_workspace(name="Elsewhere", admin=alice)

    assert f'href="/w/{other.slug}/"' in page(client, workspace)


def test_the_scheme_is_chosen_without_a_script_and_kept(client: Client, bob: User) -> None:
    client.force_login(bob)
    referer = {"Referer": "http://testserver/doctor/"}

    for chosen, marked in (("dark", True), ("light", True), ("system", False), ("pink", False)):
        answer = client.post("/theme/", {"theme": chosen}, headers=referer)
        assert answer["Location"] == "/doctor/"
        assert (f'data-theme="{chosen}"' in client.get("/").content.decode()) is marked
    assert client.get("/theme/").status_code == 405


@pytest.mark.django_db
def test_a_scheme_that_somebody_else_wrote_into_the_cookie_is_none(client: Client) -> None:
    client.cookies["dexxy_theme"] = '"><script>'

    assert b"data-theme" not in client.get("/accounts/login/").content


def line(viewer: User, workspace: Workspace) -> tuple[str, str]:
    health = sync_health(viewer, workspace)
    return health_words.health_state(health), health_words.health_line(health)


def test_the_health_line_says_what_matters_most(
    bob: User, workspace: Workspace, source: Source
) -> None:
    assert line(bob, workspace) == ("off", "No repository connected")

    one = make_repository(source=source)
    GitHubRepository.objects.update(last_synced_at=timezone.now() - timedelta(minutes=2))
    assert line(bob, workspace) == ("good", "Up to date, 2 min ago")

    GitHubRepository.objects.update(sync_status=SyncStatus.SYNCING)
    assert line(bob, workspace) == ("busy", "Syncing 1 repository")

    until = timezone.now() + timedelta(minutes=20)
    one.installation.credential = Credential.objects.create(
        server="github", kind=CredentialKind.USER, account_id=1, paused_until=until
    )
    one.installation.save()
    assert line(bob, workspace) == ("warn", f"Rate limit until {until:%H:%M} UTC")

    Credential.objects.update(paused_until=None)
    GitHubRepository.objects.update(next_sync_at=timezone.now() - OVERDUE - timedelta(seconds=1))
    assert line(bob, workspace) == ("bad", "1 repository overdue")

    other = make_repository(source=make_source(workspace=workspace))
    GitHubRepository.objects.filter(pk=one.pk).update(sync_status=SyncStatus.DISABLED)
    assert line(bob, workspace) == ("bad", "1 repository needs you")
    GitHubRepository.objects.filter(pk=other.pk).update(sync_status=SyncStatus.ERROR)
    assert line(bob, workspace) == ("bad", "2 repositories need you")

    GitHubRepository.objects.update(sync_status=SyncStatus.PAUSED)
    assert line(bob, workspace) == ("good", "Paused")


def test_a_workspace_without_repositories_says_when_its_scripts_fed_it(
    bob: User, charlie: User, workspace: Workspace
) -> None:
    make_source(workspace=workspace, kind=SourceKind.FED)
    assert line(bob, workspace) == ("good", "Fed by scripts")

    Source.objects.update(fed_at=timezone.now() - timedelta(minutes=2))
    make_source(workspace=workspace, kind=SourceKind.FED)
    assert line(bob, workspace) == ("good", "Fed by scripts, 2 min ago")
    assert line(charlie, workspace) == ("off", "No repository connected")

    Source.objects.update(is_archived=True)
    assert line(bob, workspace) == ("off", "No repository connected")


def test_the_health_of_a_workspace_is_nobody_else_s(
    charlie: User, workspace: Workspace, source: Source
) -> None:
    make_repository(source=source, status=SyncStatus.ERROR)

    assert sync_health(charlie, workspace) == SyncHealth(0, 0, 0, 0, None, None)


def test_what_may_be_out_of_date_says_so_above_what_it_shows(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    client.force_login(bob)
    make_repository(source=source, status=SyncStatus.ERROR)
    note = "What you see may be out of date."

    assert note in page(client, workspace)
    assert note in page(client, workspace, "people/")
    assert note in page(client, workspace, "settings/people/")

    GitHubRepository.objects.update(sync_status=SyncStatus.ACTIVE)
    assert note not in page(client, workspace)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Bo-Yi Wu", "BW"), ("mira", "M"), ("Ana de la Cruz", "AC"), ("线程池", "线"), ("  ", "?")],
)
def test_a_name_is_shortened_to_its_initials(name: str, shown: str) -> None:
    assert initials(name) == shown


def test_a_person_has_one_of_six_colours_and_nobody_none() -> None:
    assert {hue(pk) for pk in range(1, 100)} == {f"a{number}" for number in range(1, 7)}
    assert hue(None) == ""


def test_what_went_wrong_by_htmx_stands_on_the_page_that_follows(
    client: Client, bob: User, workspace: Workspace, source: Source
) -> None:
    client.force_login(bob)
    repository = make_repository(source=source, status=SyncStatus.PAUSED)
    at = f"/w/{workspace.slug}/repositories/"
    headers = {"HX-Request": "true", "HX-Target": "repositories"}

    answer = client.post(f"{at}{repository.pk}/sync/", headers=headers)

    assert (answer["HX-Redirect"], "HX-Trigger" in answer) == (at, False)
    # A part that is asked for meanwhile has no place for it.
    assert "HX-Trigger" not in client.get(at, headers=headers)
    assert 'role="alert"' in page(client, workspace, "repositories/")
