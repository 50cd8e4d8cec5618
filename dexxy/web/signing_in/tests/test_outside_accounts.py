"""Signing in with an account elsewhere: at GitHub, or at a provider of OpenID Connect."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.test import Client

from dexxy.accounts.addresses import address_is_proven, address_prove
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.memberships import membership_remove, membership_reset_link
from dexxy.accounts.models import AuditEntry, Invitation, Membership, Role, User, Workspace
from dexxy.accounts.security.second_step import second_step_reset
from dexxy.accounts.services import first_admin_ensure
from dexxy.accounts.sign_in_rules import sign_in_rule_create
from dexxy.integrations.models import GitHubApp
from dexxy_simulator.model import Actor, App
from dexxy_simulator.tokens import UserToken
from dexxy_simulator.world import World
from tests.factories import make_workspace
from tests.oidc import Provider
from tests.second_step import app_of
from tests.signing_in import by_github, leads_to, said, signed_in_as, there_and_back

DORA = {"sub": "d-1", "email": "dora@example.org", "email_verified": True, "name": "Dora"}


def by_oidc(client: Client, next_page: str = "") -> Any:
    return there_and_back(client, "/accounts/oidc/login/", next_page)


@pytest.fixture
def dora(db: None) -> User:
    user = User.objects.create_user("dora@example.org", "a long password of Dora's", name="Dora")
    address_prove(user)
    return user


@pytest.fixture
def rule(alice: User, workspace: Workspace) -> None:
    sign_in_rule_create(viewer=alice, workspace=workspace, domain="@Example.org")


def test_an_address_that_both_sides_have_proven_joins_the_accounts(
    client: Client, oidc: Provider, dora: User
) -> None:
    oidc.claims = {**DORA, "email": "Dora@Example.org"}

    response = by_oidc(client)

    assert (response.status_code, response["location"]) == (302, "/")
    assert signed_in_as(client) == dora
    assert SocialAccount.objects.get().user == dora
    assert SocialToken.objects.count() == 0


def test_the_account_is_known_by_its_number_when_its_address_is_another_one(
    client: Client, oidc: Provider, dora: User
) -> None:
    oidc.claims = DORA
    by_oidc(client)
    other = Client()
    oidc.claims = {**DORA, "email": "new@example.net"}

    by_oidc(other)

    assert signed_in_as(other) == dora
    assert User.objects.count() == 1


def test_who_had_the_account_before_loses_it_to_whoever_proves_the_address_elsewhere(
    client: Client, oidc: Provider, alice: User, workspace: Workspace
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace, email=str(DORA["email"]))
    forger = Client()
    password = "a password that alice made up"
    given = {"email": str(DORA["email"]), "name": "Dora", "password": password}
    forger.post(urlsplit(link).path, given)
    dora = User.objects.get(email=DORA["email"])
    assert signed_in_as(forger) == dora
    oidc.claims = DORA

    response = by_oidc(client)

    assert signed_in_as(client) == dora
    assert forger.get("/account/").status_code == 302  # signed out
    assert not Client().login(email=dora.email, password=password)
    page = client.get(response["location"], follow=True).content.decode()
    assert "You sign in by Ant Hill from now on. The password that the account had" in page


def test_who_added_a_passkey_before_does_not_stay_in_an_account_that_a_rule_lets_in(
    client: Client, oidc: Provider, alice: User, workspace: Workspace
) -> None:
    """Of a passkey that was added, another workspace would be open to whoever added it."""
    _, link = invitation_create(viewer=alice, workspace=workspace, email=str(DORA["email"]))
    given = {"email": str(DORA["email"]), "name": "Dora", "password": "a password of alice's"}
    Client().post(urlsplit(link).path, given)
    dora = User.objects.get(email=DORA["email"])
    Authenticator.objects.create(
        user=dora, type=Authenticator.Type.WEBAUTHN, data={"name": "alice's", "credential": {}}
    )
    other = make_workspace(admin=User.objects.create_user("otto@example.org"))
    otto = other.memberships.get().user
    sign_in_rule_create(viewer=otto, workspace=other, domain="example.org")
    oidc.claims = DORA

    assert said(by_oidc(client)) == (
        "The account of dora@example.org here has a passkey or an authenticator app, so it is not "
        "joined with yours at Ant Hill. Sign in as before and remove them, then sign in by Ant "
        "Hill. If they are not yours, ask whoever runs this Dexxy to reset them."
    )
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()
    assert list(dora.memberships.values_list("workspace", flat=True)) == [workspace.pk]

    second_step_reset(dora)
    by_oidc(client)

    assert signed_in_as(client) == dora
    assert other.memberships.filter(user=dora).exists()


def test_who_joined_first_is_asked_for_the_second_step_that_they_added_then(
    client: Client, oidc: Provider, dora: User
) -> None:
    oidc.claims = DORA
    by_oidc(client)
    app_of(dora)
    other = Client()

    assert by_oidc(other)["location"] == "/accounts/2fa/authenticate/"
    assert signed_in_as(other) is None


def test_who_makes_a_reset_link_does_not_stay_in_the_account(
    client: Client, oidc: Provider, alice: User, dora: User, workspace: Workspace
) -> None:
    place = Membership.objects.create(workspace=workspace, user=dora)
    oidc.claims = DORA
    by_oidc(client)
    forger = Client()
    link = urlsplit(membership_reset_link(viewer=alice, membership_id=place.pk))
    forger.post(f"{link.path}?{link.query}")
    assert signed_in_as(forger) == dora

    by_oidc(client)

    assert signed_in_as(client) == dora
    assert forger.get("/account/").status_code == 302


def test_whoever_runs_this_dexxy_keeps_their_password(
    client: Client, oidc: Provider, dora: User
) -> None:
    User.objects.filter(pk=dora.pk).update(is_staff=True)
    oidc.claims = DORA

    by_oidc(client)

    assert Client().login(email=dora.email, password="a long password of Dora's")


def test_nobody_takes_the_account_that_waits_for_whoever_begins(
    client: Client, oidc: Provider, db: None
) -> None:
    first_admin_ensure()
    oidc.claims = {**DORA, "email": "admin@localhost"}

    assert said(by_oidc(client)).startswith("There is no account for admin@localhost here")
    assert signed_in_as(client) is None


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_the_provider_has_not_verified_joins_nothing(
    client: Client, oidc: Provider, dora: User, verified: object
) -> None:
    oidc.claims = {**DORA, "email_verified": verified}

    assert said(by_oidc(client)) == (
        "Ant Hill has verified no email address of yours. Verify one there, and sign in once more."
    )
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    ("signed", "told", "is_proven"),
    [
        ({"xms_edov": True}, {}, True),
        ({"xms_edov": "1"}, {}, True),
        ({"xms_edov": False}, {}, False),
        ({"xms_edov": "0"}, {}, False),
        ({}, {}, False),
        # Only the signed token counts, of its own address, and a plain answer is believed.
        ({}, {"xms_edov": True}, False),
        ({"xms_edov": True, "email": "other@example.org"}, {}, False),
        ({"xms_edov": True}, {"email_verified": False}, False),
    ],
)
def test_entra_id_proves_an_address_by_the_owner_of_its_domain(
    client: Client,
    oidc: Provider,
    dora: User,
    signed: dict[str, object],
    told: dict[str, object],
    is_proven: bool,
) -> None:
    oidc.claims = {"sub": "d-1", "email": "dora@example.org", **told}
    oidc.id_token = {"email": "dora@example.org", **signed}

    by_oidc(client)

    assert signed_in_as(client) == (dora if is_proven else None)


def test_an_address_that_was_only_typed_here_joins_nothing(
    client: Client, oidc: Provider, rule: None
) -> None:
    User.objects.create_user("dora@example.org", "a long password of somebody's")
    oidc.claims = DORA

    assert said(by_oidc(client)).startswith(
        "There is an account with the address dora@example.org. Nothing proves that it is yours:"
    )
    assert signed_in_as(client) is None
    assert not SocialAccount.objects.exists()


def test_one_sender_begins_to_sign_in_a_hundred_times_in_ten_minutes(
    oidc: Provider, db: None
) -> None:
    """Each time leaves a session of half an hour."""
    page = "/accounts/oidc/login/"
    for number in range(100):
        sender = f"2001:db8::{number:x}"
        assert Client(REMOTE_ADDR=sender).post(page).status_code == 200

    refused = Client(REMOTE_ADDR="2001:db8::1:2:3:4").post(page)

    assert refused.status_code == 429
    assert b"You tried many times" in refused.content
    assert Session.objects.count() == 100
    assert Client(REMOTE_ADDR="2001:db8:0:1::1").post(page).status_code == 200


def test_who_was_not_invited_gets_no_account(client: Client, oidc: Provider, alice: User) -> None:
    oidc.claims = DORA

    assert said(by_oidc(client)).startswith("There is no account for dora@example.org here")
    assert list(User.objects.all()) == [alice]


def test_an_invitation_for_a_proven_address_makes_the_account(
    client: Client, oidc: Provider, alice: User, workspace: Workspace
) -> None:
    invitation_create(viewer=alice, workspace=workspace, role=Role.ADMIN, email="dora@example.org")
    oidc.claims = DORA

    by_oidc(client)

    user = signed_in_as(client)
    assert user is not None
    assert (user.email, user.name) == ("dora@example.org", "Dora")
    assert (user.has_usable_password(), address_is_proven(user, user.email)) == (False, True)
    assert user.memberships.get(workspace=workspace).role == Role.ADMIN


@pytest.mark.parametrize(
    ("invited", "proven"),
    [
        ("dora@github.org", "dora@g\u0131thub.org"),  # its I is that of PostgreSQL's upper()
        ("mark@example.org", "mar\u212a@example.org"),  # the Kelvin sign is a k to lower()
        ("dora@example.org", "dora@example.org\u2028"),  # which strip() takes off
        ("miss@example.org", "mi\u017f\u017f@example.org"),
    ],
)
def test_an_address_that_folds_to_an_invited_one_takes_no_invitation(
    client: Client, oidc: Provider, alice: User, workspace: Workspace, invited: str, proven: str
) -> None:
    invitation_create(viewer=alice, workspace=workspace, role=Role.ADMIN, email=invited)
    users = User.objects.count()
    oidc.claims = {**DORA, "email": proven}

    assert said(by_oidc(client)).startswith(
        f"{proven} has a letter that some programs take for another one"
    )

    assert User.objects.count() == users
    assert Invitation.objects.get().accepted_at is None


def test_an_address_that_folds_to_somebody_s_joins_nothing(
    client: Client, oidc: Provider, workspace: Workspace, alice: User
) -> None:
    mark = User.objects.create_user("mark@example.org")
    address_prove(mark)
    sign_in_rule_create(viewer=alice, workspace=workspace, domain="kde.org")
    users = User.objects.count()

    for proven in ("mar\u212a@example.org", "who@\u212ade.org"):
        oidc.claims = {**DORA, "email": proven}
        assert "some programs take for another one" in said(by_oidc(client))

    assert User.objects.count() == users
    assert not SocialAccount.objects.exists()


@pytest.mark.usefixtures("github_sign_in", "github_app")
def test_another_proven_address_lets_in_who_has_one_that_folds(
    client: Client, dora: User, at_github_dora: Actor
) -> None:
    at_github_dora.emails = {"d\u0131ra@example.org": True, "dora@example.org": True}

    by_github(client)

    assert signed_in_as(client) == dora


def test_a_newcomer_has_the_address_that_is_proven_and_not_as_the_invitation_writes_it(
    client: Client, oidc: Provider, alice: User, workspace: Workspace
) -> None:
    invitation_create(viewer=alice, workspace=workspace, email="dora@example.org")
    Invitation.objects.update(email="DORA@example.org")  # as it was stored before
    oidc.claims = {**DORA, "email": "Dora@Example.org"}

    by_oidc(client)

    user = signed_in_as(client)
    assert user is not None
    assert (user.email, address_is_proven(user, user.email)) == ("dora@example.org", True)


@pytest.mark.parametrize("proven", ["dora@bücher.example", "Dora@xn--bcher-kva.Example"])
def test_a_domain_in_another_script_is_one_however_it_is_written(
    client: Client, oidc: Provider, alice: User, workspace: Workspace, proven: str
) -> None:
    sign_in_rule_create(viewer=alice, workspace=workspace, domain="Bücher.example")
    invitation_create(viewer=alice, workspace=workspace, role=Role.ADMIN, email=proven)
    oidc.claims = {**DORA, "email": "dora@bücher.example"}

    by_oidc(client)

    user = signed_in_as(client)
    assert user is not None
    assert user.email == "dora@xn--bcher-kva.example"
    assert user.memberships.get().role == Role.ADMIN


def test_who_opened_a_link_without_an_address_comes_in_by_it(
    client: Client, oidc: Provider, alice: User, workspace: Workspace
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace)
    oidc.claims = DORA
    path = urlsplit(link).path
    assert b"Sign in with Ant Hill" in client.get(path).content

    response = by_oidc(client, path)

    assert response["location"] == "/"  # the link is spent
    assert Membership.objects.filter(workspace=workspace, user=signed_in_as(client)).exists()
    assert client.get(path).status_code == 404


def test_a_link_for_another_address_lets_nobody_in(
    client: Client, oidc: Provider, alice: User, workspace: Workspace
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace, email="bea@example.org")
    oidc.claims = DORA

    assert "nobody has invited you" in said(by_oidc(client, urlsplit(link).path))


def test_a_rule_of_an_admin_lets_in_and_is_in_the_audit_log(
    client: Client, oidc: Provider, rule: None, workspace: Workspace
) -> None:
    oidc.claims = DORA

    by_oidc(client)

    user = signed_in_as(client)
    membership = Membership.objects.get(workspace=workspace, user=user)
    assert membership.role == Role.MEMBER
    entry = AuditEntry.objects.get(action="membership.added")
    assert entry.details == {"user": "dora@example.org", "role": "member", "rule": "example.org"}


@pytest.mark.parametrize(
    "email", ["dora@sub.example.org", "dora@example.org.evil.net", "dora@xexample.org"]
)
def test_a_rule_is_about_its_domain_and_no_other(
    client: Client, oidc: Provider, rule: None, email: str
) -> None:
    oidc.claims = {**DORA, "email": email}

    assert "nobody has invited you" in said(by_oidc(client))


def test_who_was_removed_does_not_come_back_by_a_rule(
    client: Client, oidc: Provider, rule: None, alice: User, workspace: Workspace, dora: User
) -> None:
    membership = Membership.objects.create(workspace=workspace, user=dora)
    membership_remove(viewer=alice, membership_id=membership.pk)
    oidc.claims = DORA

    by_oidc(client)

    assert signed_in_as(client) == dora
    assert not dora.memberships.exists()


def test_who_may_not_sign_in_any_more_does_not_by_another_account(
    client: Client, oidc: Provider, dora: User
) -> None:
    dora.is_active = False
    dora.save()
    oidc.claims = DORA

    response = by_oidc(client)

    assert response["location"] == "/accounts/inactive/"
    assert signed_in_as(client) is None


@pytest.mark.parametrize(
    "misbehaves",
    [
        {"signs_with": "another"},
        {"id_token": {"aud": "somebody else"}},
        {"id_token": {"iss": "https://evil.example.org"}},
        {"id_token": {"exp": 1}},
        {"id_token": {"sub": "d-2"}},
        {"id_token": {"aud": ["dexxy", "another"], "azp": "another"}},
        {"claims": {**DORA, "sub": "d\0"}},
        {"claims": {**DORA, "email": 5}},
        {"fails": {"/token"}},
        {"fails": {"/userinfo"}},
        {"fails": {"/keys"}},
    ],
    ids=str,
)
def test_what_the_provider_did_not_sign_or_cannot_tell_signs_nobody_in(
    client: Client, oidc: Provider, dora: User, misbehaves: dict[str, Any]
) -> None:
    oidc.claims = DORA
    for name, value in misbehaves.items():
        setattr(oidc, name, value)

    assert said(by_oidc(client)).startswith("Ant Hill did not confirm the sign-in.")
    assert signed_in_as(client) is None


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example.org"},
        {"authorization_endpoint": None},
        {"jwks_uri": 7},
    ],
    ids=str,
)
def test_a_discovery_document_that_cannot_be_leads_nowhere(
    client: Client, oidc: Provider, db: None, document: dict[str, Any]
) -> None:
    oidc.document = document

    response = client.post("/accounts/oidc/login/")

    assert said(response).startswith("Ant Hill did not confirm the sign-in.")


def test_a_provider_leads_into_no_network_of_ours(
    client: Client, oidc: Provider, dora: User
) -> None:
    # Both names lead to it; the settings name the other one.
    elsewhere = oidc.issuer.replace("127.0.0.1", "localhost")
    oidc.claims, oidc.document = DORA, {"userinfo_endpoint": f"{elsewhere}/userinfo"}

    assert said(by_oidc(client)).startswith("Ant Hill did not confirm the sign-in.")


def test_what_somebody_else_began_is_not_finished(
    client: Client, oidc: Provider, dora: User
) -> None:
    oidc.claims = DORA
    begun = httpx.get(leads_to(Client(), "/accounts/oidc/login/"))
    parts = urlsplit(begun.headers["location"])

    response = client.get(parts.path, dict(parse_qsl(parts.query)))

    assert "began in another browser" in said(response)
    assert signed_in_as(client) is None


def test_nobody_is_sent_to_a_provider_by_a_link(client: Client, oidc: Provider) -> None:
    assert client.get("/accounts/oidc/login/").status_code == 405
    forged = Client(enforce_csrf_checks=True)
    assert forged.post("/accounts/oidc/login/").status_code == 403


@pytest.mark.django_db
def test_what_is_not_set_up_is_not_there(client: Client) -> None:
    for provider in ("github", "oidc"):
        assert client.post(f"/accounts/{provider}/login/").status_code == 404
        assert client.get(f"/accounts/{provider}/login/callback/").status_code == 404
    assert b"Sign in with" not in client.get("/accounts/login/").content


# Before the App is registered: its manifest asks for what signing in needs.
@pytest.mark.usefixtures("github_sign_in", "github_app", "at_github_dora")
def test_github_signs_in_by_a_verified_address_and_its_token_ends(
    client: Client, dora: User, world: World
) -> None:
    assert b"Sign in with GitHub" in client.get("/accounts/login/").content

    response = by_github(client)

    assert response["location"] == "/"
    assert signed_in_as(client) == dora
    account = SocialAccount.objects.get()
    assert account.extra_data == {"login": "dora"}
    assert [one for one in world.tokens.values() if isinstance(one, UserToken)] == []


@pytest.mark.usefixtures("github_sign_in", "github_app")
def test_an_address_that_github_has_not_verified_joins_nothing(
    client: Client, dora: User, at_github_dora: Actor
) -> None:
    at_github_dora.emails = {"dora@example.org": False}

    assert said(by_github(client)).startswith("GitHub has verified no email address of yours.")
    assert signed_in_as(client) is None


@pytest.mark.usefixtures("github_sign_in", "github_app", "at_github_dora")
def test_an_app_that_may_not_know_addresses_says_so(
    client: Client, dora: User, simulated_app: App
) -> None:
    permissions = dict(simulated_app.permissions)
    del permissions["emails"]
    simulated_app.permissions = permissions

    assert "“Email addresses: read”" in said(by_github(client))


@pytest.mark.usefixtures("github_sign_in", "github_app", "at_github_dora")
def test_who_cancels_at_github_is_told_that_nobody_is_signed_in(client: Client) -> None:
    state = dict(parse_qsl(urlsplit(leads_to(client, "/accounts/github/login/")).query))["state"]

    response = client.get(
        "/accounts/github/login/callback/", {"error": "access_denied", "state": state}
    )

    assert said(response) == "You did not go on at GitHub, so nobody is signed in."


@pytest.mark.usefixtures("at_github_dora")
def test_github_is_offered_where_it_is_switched_on_alone(
    client: Client, github_app: GitHubApp
) -> None:
    assert client.post("/accounts/github/login/").status_code == 404


def test_an_admin_makes_and_removes_a_rule(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)
    page = f"/w/{workspace.slug}/settings/people/"

    client.post(f"{page}rules/", {"domain": "example.org", "role": "admin"})
    [rule] = workspace.sign_in_rules.all()
    assert (rule.domain, rule.role) == ("example.org", Role.ADMIN)
    assert b"example.org" in client.get(page).content
    client.post(f"{page}rules/{rule.pk}/delete/")

    assert not workspace.sign_in_rules.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["sign_in_rule.created", "sign_in_rule.deleted"]


@pytest.mark.parametrize("domain", ["", "org", "gmail.com", "a b.org", "exa\0mple.org", "x" * 300])
def test_what_is_no_domain_of_one_s_own_is_no_rule(
    client: Client, alice: User, workspace: Workspace, domain: str
) -> None:
    client.force_login(alice)

    page = client.post(
        f"/w/{workspace.slug}/settings/people/rules/",
        {"domain": domain, "role": "member"},
        follow=True,
    )

    assert page.status_code == 200
    assert not workspace.sign_in_rules.exists()


def test_a_member_makes_no_rule(client: Client, bob: User, workspace: Workspace) -> None:
    client.force_login(bob)

    client.post(
        f"/w/{workspace.slug}/settings/people/rules/", {"domain": "example.org", "role": "admin"}
    )

    assert not workspace.sign_in_rules.exists()
    assert (
        b"Who comes in without an invitation" not in client.get("/w/team/settings/people/").content
    )
