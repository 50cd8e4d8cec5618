"""From the printed link to a workspace that reads GitHub, without a script."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from sesame.utils import get_query_string

from dexxy.accounts.addresses import address_is_proven
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.services import FIRST_ADMIN_EMAIL, first_admin_ensure
from dexxy.integrations.models import GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.factories import (
    make_app,
    make_installation,
    make_repository,
    make_source,
    make_user,
    make_workspace,
)

ACCOUNT = {"name": "Mei", "email": "mei@example.com", "password": "a good long password"}


@pytest.fixture
def first(db: None) -> User:
    return first_admin_ensure(is_set_up=False)


@pytest.fixture
def mei(client: Client, first: User) -> User:
    """Who completed the account."""
    client.force_login(first)
    client.post("/start/account/", ACCOUNT)
    first.refresh_from_db()
    return first


def page_of(client: Client, path: str) -> str:
    return " ".join(client.get(path, follow=True).content.decode().split())


def test_the_printed_link_leads_to_the_first_step_until_it_is_done(
    client: Client, first: User
) -> None:
    answer = client.post(f"/sign-in/link/{get_query_string(first)}", follow=True)

    assert answer.redirect_chain[-1][0] == "/start/account/"
    # Neither can be skipped.
    assert client.get("/start/connect/")["Location"] == "/start/account/"

    answer = client.post("/start/account/", ACCOUNT, follow=True)

    assert answer.redirect_chain[-1][0] == "/start/workspace/"
    first.refresh_from_db()
    assert (first.name, first.email) == ("Mei", "mei@example.com")
    assert first.check_password(ACCOUNT["password"])
    assert address_is_proven(first, "mei@example.com")
    assert not address_is_proven(first, FIRST_ADMIN_EMAIL)
    # They are signed in still, and what is complete is not completed again.
    client.post("/start/account/", {**ACCOUNT, "email": "other@example.com"})
    assert "Your account is complete" in page_of(client, "/start/account/")
    first.refresh_from_db()
    assert first.email == "mei@example.com"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "a\0b"},
        {"email": "no address"},
        {"email": "taken@example.com"},
        {"password": "short"},
    ],
)
def test_what_cannot_be_an_account_is_a_sentence_beside_what_was_typed(
    client: Client, first: User, wrong: dict[str, str]
) -> None:
    make_user(email="taken@example.com")
    client.force_login(first)

    answer = client.post("/start/account/", {**ACCOUNT, **wrong})

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert ACCOUNT["password"] not in answer.content.decode()
    first.refresh_from_db()
    assert first.email == FIRST_ADMIN_EMAIL


def test_the_workspace_is_named_and_keeps_its_address(client: Client, mei: User) -> None:
    answer = client.post("/start/workspace/", {"name": "Ants", "time_zone": "Asia/Kolkata"})

    assert answer["Location"] == "/start/connect/?workspace=default"
    workspace = Workspace.objects.get()
    assert (workspace.name, workspace.slug) == ("Ants", "default")
    # The step can be opened again, and says what was chosen.
    assert 'value="Ants"' in page_of(client, "/start/workspace/")
    assert client.post("/start/workspace/", {"name": " "}).status_code == 422


def test_a_token_is_tried_before_it_is_stored(
    client: Client, mei: User, at_github: GitHubServer
) -> None:
    page = client.post("/start/connect/", {"do": "try", "token": f"  {DEMO_TOKEN}\n"})

    text = " ".join(page.content.decode().split())
    assert "It works." in text
    assert "dexxy-demo" in text
    assert DEMO_TOKEN not in text
    assert not GitHubInstallation.objects.exists()

    chosen = client.post("/start/connect/", {"do": "use"}, follow=True).content.decode()

    assert GitHubInstallation.objects.get().access_token.read() == DEMO_TOKEN
    assert "Choose repositories" in chosen
    # How large they are is asked for beside that, or by a link where there is no script.
    counted = page_of(client, "/start/connect/?sizes=1")
    assert re.search(r"Issues: [\d,]+, Pull requests: [\d,]+.*at least [\d,]+ request", counted)
    assert "Count how large they are" not in counted
    part = {"HX-Request": "true", "HX-Target": "sizes"}
    spans = client.get("/start/connect/?sizes=1", headers=part).content.decode()
    assert 'hx-swap-oob="true"' in spans
    assert "<html" not in spans
    # Sent without a choice it stays there.
    assert client.post("/start/connect/", {"do": "choose"}).status_code == 200
    number = re.search(r'name="repository" value="(\d+)"', chosen)
    assert number is not None
    sent = client.post("/start/connect/", {"do": "choose", "repository": number[1]})
    assert sent["Location"] == "/start/sync/?workspace=default"
    followed = GitHubRepository.objects.get()
    assert followed.full_name in page_of(client, "/start/sync/")


def test_the_first_sync_leads_to_where_the_token_is_authorized(
    client: Client, alice: User, workspace: Workspace
) -> None:
    page = "https://github.com/orgs/owner/sso?authorization_request=A7Q2"
    repository = make_repository(source=make_source(workspace=workspace))
    client.force_login(alice)
    sync = f"/start/sync/?workspace={workspace.slug}"
    assert "Authorize the token on GitHub" not in page_of(client, sync)

    repository.sync_error = f"It wants the token authorized: open {page} in a browser."
    repository.save()

    assert f'href="{page}" rel="noopener">Authorize the token on GitHub' in page_of(client, sync)


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "The token has characters that no token has."),
        ("two words", "The token has characters that no token has."),
        ("ghs_1234", "This is no personal access token"),
        ("ghp_dead", "GitHub does not accept this token."),
    ],
)
def test_a_token_that_is_none_is_a_sentence(
    client: Client, mei: User, at_github: GitHubServer, token: str, said: str
) -> None:
    page = client.post("/start/connect/", {"do": "try", "token": token})

    assert page.status_code == 422
    assert said in page.content.decode()
    # Nothing was kept that could be used.
    assert client.post("/start/connect/", {"do": "use"}).status_code == 422
    assert not GitHubInstallation.objects.exists()


def test_the_home_page_says_what_is_left_until_that_is_closed(client: Client, mei: User) -> None:
    client.post("/start/workspace/", {"name": "Ants", "time_zone": "UTC"})

    page = page_of(client, "/w/default/")

    assert "What is left to set up" in page
    assert 'href="/start/connect/?workspace=default"' in page
    assert "Invite a colleague" in page
    server = 'href="/w/default/settings/mail-server/">Give Dexxy a mail server'
    assert (server in page) == mei.is_staff
    User.objects.filter(pk=mei.pk).update(is_staff=not mei.is_staff)
    assert (server in page_of(client, "/w/default/")) != mei.is_staff
    assert 'href="/w/default/settings/notifications/#mail">Choose a digest by mail' in page
    mail = {"digest": "weekly", "weekday": "0", "hour": "8"}
    client.post("/w/default/settings/notifications/mail/", mail)
    assert "#mail" not in page_of(client, "/w/default/")
    client.post("/w/default/checklist/close/")
    assert "What is left to set up" not in page_of(client, "/w/default/")
    assert AuditEntry.objects.filter(action="workspace.set_up", actor=mei).count() == 1


def test_every_step_can_be_opened_and_left_for_later(client: Client, mei: User) -> None:
    for step in ("workspace", "connect", "sync", "team"):
        assert client.get(f"/start/{step}/").status_code == 200, step
    assert client.post("/start/team/")["Location"] == "/w/default/"


def test_a_step_is_done_when_it_was_and_not_when_it_was_skipped(client: Client, mei: User) -> None:
    def done(step: str) -> list[str]:
        return re.findall(r"<span>([^<]+)<span class=\"hidden\">, done", page_of(client, step))

    assert done("/start/team/") == ["Your account"]
    client.post("/start/workspace/", {"name": "Ants", "time_zone": "UTC"})
    assert done("/start/team/") == ["Your account", "Workspace"]
    said = client.post("/start/team/", follow=True).content.decode()
    assert "Everything is set up" not in said
    assert "The list on this page has what is left to set up." in said

    make_repository(source=make_source(workspace=Workspace.objects.get()))
    assert done("/start/team/") == ["Your account", "Workspace", "Connect GitHub"]
    GitHubRepository.objects.update(last_synced_at=timezone.now())
    assert done("/start/workspace/")[1:] == ["Workspace", "Connect GitHub", "First sync"]
    client.post("/w/default/checklist/close/")
    assert "Everything is set up" in client.post("/start/team/", follow=True).content.decode()


def test_who_comes_back_from_github_goes_on_with_the_first_run(client: Client, mei: User) -> None:
    make_installation(workspace=Workspace.objects.get(), app=make_app())

    page = page_of(client, "/integrations/github/connected/default/new/")
    assert 'href="/start/connect/?workspace=default">Choose repositories' in page
    assert "/w/default/repositories/add/" not in page

    client.post("/w/default/checklist/close/")
    page = page_of(client, "/integrations/github/connected/default/new/")
    assert 'href="/w/default/repositories/add/">Choose repositories' in page


def test_an_admin_makes_another_workspace_and_a_member_does_not(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    client.force_login(alice)
    for _ in range(2):
        client.post("/start/workspace/?new", {"name": "Bee keepers", "time_zone": "UTC"})

    made = Workspace.objects.filter(name="Bee keepers").order_by("pk")
    assert [one.slug for one in made] == ["bee-keepers", "bee-keepers-2"]
    assert alice.memberships.filter(workspace__in=made, role="admin").count() == 2
    client.force_login(bob)
    assert client.post("/start/workspace/?new", {"name": "Bob's"}).status_code == 403
    assert client.get(f"/start/connect/?workspace={workspace.slug}").status_code == 403


def test_the_first_run_of_another_workspace_is_not_found(
    client: Client, alice: User, workspace: Workspace
) -> None:
    theirs = make_workspace(admin=make_user())
    client.force_login(alice)

    for step in ("workspace", "connect", "sync", "team"):
        assert client.get(f"/start/{step}/?workspace={theirs.slug}").status_code == 404
    client.logout()
    assert client.get("/start/team/")["Location"] == "/accounts/login/?next=/start/team/"


def test_the_demo_says_how_to_start_for_real_and_what_becomes_of_it(
    client: Client, alice: User, workspace: Workspace, settings: Settings
) -> None:
    client.force_login(alice)
    home = f"/w/{workspace.slug}/"
    assert client.get("/start/real/").status_code == 404
    assert "/start/real/" not in client.get(home).content.decode()
    settings.DEXXY_DEMO = True

    page = page_of(client, "/start/real/")

    assert "<code>dexxy up</code>" in page
    assert "Nothing of it goes along" in page
    for path in (home, f"{home}more/"):
        assert 'href="/start/real/"' in client.get(path).content.decode()
