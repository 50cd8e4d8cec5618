"""A lost password, a lost second step and sessions: one outcome, whichever door mends them."""

import re
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from dexxy.accounts.addresses import address_prove
from dexxy.accounts.models import AuditEntry, BrowserSession, User, Workspace
from dexxy.web.mailing.tasks import send_mails
from tests.factories import PASSWORD, make_user
from tests.mail_server import MailServer
from tests.second_step import app_of

NEW = "another horse battery staple"
# Returns the answer to the new password.
Renew = Callable[[str], Any]


@pytest.fixture(autouse=True)
def forgotten_limits() -> None:
    cache.clear()


@pytest.fixture
def root(db: None) -> Client:
    """The browser of who runs this Dexxy."""
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def admin(alice: User, workspace: Workspace) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def elsewhere(bob: User) -> Client:
    """Another browser, in which Bob is signed in."""
    client = Client()
    client.force_login(bob)
    client.get("/account/")
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def path_in(text: str) -> str:
    [found] = re.findall(r"http://[^/\s<]+(/sign-in/[^\s<]+)", text)
    return str(found).replace("&amp;", "&")


def printed(email: str, *options: str) -> str:
    out = StringIO()
    call_command("sign_in_link", email, *options, stdout=out, stderr=StringIO())
    return path_in(out.getvalue())


@pytest.fixture
def renew(
    request: pytest.FixtureRequest,
    root: Client,
    admin: Client,
    bob: User,
    workspace: Workspace,
    mail_server: MailServer,
) -> Renew:
    """Let Bob, who forgot his password, have another one through one of the doors."""
    address_prove(bob)
    his = Client()

    def by_link(path: str, password: str) -> Any:
        return his.post(path, {"password": password, "again": password})

    def by_mail(password: str) -> Any:
        his.post("/sign-in/mail/?for=password", {"email": bob.email})
        send_mails()
        body = mail_server.taken[-1].get_body(("plain",))
        assert body is not None
        return by_link(path_in(body.get_content()), password)

    def by_admin(password: str) -> Any:
        people = f"/w/{workspace.slug}/settings/people/"
        admin.post(f"{people}{bob.memberships.get().pk}/reset-link/")
        his.post(path_in(admin.get(people).content.decode()))
        return his.post("/accounts/password/set/", {"password1": password, "password2": password})

    def by_command(password: str) -> Any:
        return by_link(printed(bob.email, "--new-password"), password)

    def in_administration(password: str) -> Any:
        sent = {"password1": password, "password2": password, "usable_password": "true"}
        return root.post(f"/admin/accounts/user/{bob.pk}/password/", sent)

    doors: Mapping[str, Renew] = {
        "mail": by_mail,
        "page of people": by_admin,
        "command": by_command,
        "administration": in_administration,
    }
    return doors[request.param]


DOORS = ["mail", "page of people", "command", "administration"]


@pytest.mark.parametrize("renew", DOORS, indirect=True)
def test_a_lost_password_is_replaced_alike_through_each_door(
    renew: Renew, bob: User, elsewhere: Client
) -> None:
    assert renew(NEW).status_code == 302

    bob.refresh_from_db()
    assert (bob.check_password(NEW), bob.check_password(PASSWORD)) == (True, False)
    assert not is_signed_in(elsewhere)
    told = AuditEntry.objects.filter(action__in=["user.password_set", "user.changed"])
    assert [(one.action, one.target_id) for one in told] == [("user.password_set", str(bob.pk))]
    client = Client()
    client.post("/accounts/login/", {"login": bob.email, "password": NEW})
    assert is_signed_in(client)


@pytest.mark.parametrize("renew", DOORS, indirect=True)
def test_a_password_that_is_too_short_is_refused_alike_by_each_door(
    renew: Renew, bob: User
) -> None:
    answer = renew("kurz4")

    assert answer.status_code in {200, 422}
    assert "This password is too short" in answer.content.decode()
    bob.refresh_from_db()
    assert not bob.check_password("kurz4")
    assert not AuditEntry.objects.filter(action="user.password_set").exists()


@pytest.mark.parametrize("door", ["page", "command"])
def test_a_lost_second_step_is_reset_alike_through_each_door(
    admin: Client, bob: User, workspace: Workspace, elsewhere: Client, door: str
) -> None:
    app_of(bob)
    AuditEntry.objects.all().delete()

    def reset() -> None:
        if door == "command":
            printed(bob.email, "--reset-second-step")
        else:
            mine = bob.memberships.get()
            admin.post(f"/w/{workspace.slug}/settings/people/{mine.pk}/second-step/")

    reset()
    # There is nothing left to reset, and nothing to write down.
    reset()

    assert not Authenticator.objects.exists()
    assert not is_signed_in(elsewhere)
    assert not BrowserSession.objects.filter(user=bob).exists()
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.target_id) == ("user.second_step_reset", str(bob.pk))
    client = Client()
    client.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    assert is_signed_in(client)


@pytest.mark.parametrize("door", ["page", "api", "administration"])
def test_who_is_taken_out_of_their_last_workspace_is_signed_out_alike_through_each_door(
    root: Client, admin: Client, bob: User, workspace: Workspace, elsewhere: Client, door: str
) -> None:
    pk = bob.memberships.get().pk

    if door == "page":
        admin.post(f"/w/{workspace.slug}/settings/people/{pk}/remove/")
    elif door == "api":
        document = f"mutation {{ membershipRemove(membershipId: {pk}) {{ __typename }} }}"
        admin.post("/graphql/", {"query": document}, "application/json")
    else:
        root.post(f"/admin/accounts/membership/{pk}/delete/", {"post": "yes"})

    assert not is_signed_in(elsewhere)
    assert not BrowserSession.objects.filter(user=bob).exists()
    [entry] = AuditEntry.objects.all()
    assert (entry.action, entry.target_id) == ("membership.removed", str(pk))
