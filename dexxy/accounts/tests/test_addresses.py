"""An address counts when it is proven, and nobody gets one that is somebody else's."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.test import Client

from dexxy.accounts.addresses import (
    AddressTakenError,
    address_compared,
    address_is_proven,
    address_owner,
    address_prove,
    address_refuse_taken,
    user_store,
    users_at,
)
from dexxy.accounts.invitations import (
    AddressClaimedError,
    InvitationError,
    InvitationNotFoundError,
    UnprovenAddressError,
    WrongAddressError,
    invitation_accept,
    invitation_create,
    invitation_sign_up,
)
from dexxy.accounts.models import AuditEntry, Invitation, User, Workspace
from dexxy.accounts.services import UserError, first_admin_ensure, user_create
from tests.factories import PASSWORD, make_user, make_workspace

DORA = "dora@example.com"


def code_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def join(secret: str, email: str = DORA, *, takes_address: bool = False) -> User:
    return invitation_sign_up(
        secret=secret, email=email, name="Dora", password=PASSWORD, takes_address=takes_address
    )


def test_the_invitation_that_names_an_address_proves_it(alice: User, workspace: Workspace) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace, email=DORA.upper())
    _, later = invitation_create(viewer=alice, workspace=workspace, email=DORA)

    dora = join(code_of(link))

    assert address_is_proven(dora, DORA)
    assert invitation_accept(viewer=dora, secret=code_of(later)).user == dora


def test_an_address_that_was_only_typed_opens_no_invitation_that_names_it(
    alice: User, workspace: Workspace
) -> None:
    _, anybody = invitation_create(viewer=alice, workspace=workspace)
    claims = join(code_of(anybody))
    workspace.memberships.get(user=claims).delete()
    _, named = invitation_create(viewer=alice, workspace=workspace, email=DORA)

    with pytest.raises(UnprovenAddressError, match="nothing proves that this address is yours"):
        invitation_accept(viewer=claims, secret=code_of(named))

    assert not address_is_proven(claims, DORA)
    assert not workspace.memberships.filter(user=claims).exists()


def claim(alice: User, workspace: Workspace) -> User:
    """Let somebody call themselves by Dora's address."""
    _, anybody = invitation_create(viewer=alice, workspace=workspace)
    return join(code_of(anybody))


def test_whoever_only_typed_an_address_keeps_it_not_from_who_proves_it(
    alice: User, workspace: Workspace
) -> None:
    claimant = claim(alice, workspace)
    _, named = invitation_create(viewer=alice, workspace=workspace, email=DORA.upper())
    with pytest.raises(AddressClaimedError, match=r"never proved it\. Is it yours"):
        join(code_of(named))
    assert User.objects.get(email=DORA) == claimant

    dora = join(code_of(named), takes_address=True)

    assert dora != claimant
    assert address_is_proven(dora, DORA)
    claimant.refresh_from_db()
    assert claimant.email.endswith("@dexxy.invalid")
    assert workspace.memberships.filter(user=claimant).exists()
    entry = AuditEntry.objects.get(action="user.address_released")
    assert (entry.target_id, entry.details) == (str(claimant.pk), {"email": DORA})


@pytest.mark.parametrize("why", ["proven", "operator", "another workspace"])
def test_nobody_else_loses_an_address_to_an_invitation(
    alice: User, bob: User, workspace: Workspace, why: str
) -> None:
    claimant = claim(alice, workspace)
    _, named = invitation_create(viewer=alice, workspace=workspace, email=DORA)
    if why == "proven":
        address_prove(claimant)
    elif why == "operator":
        User.objects.filter(pk=claimant.pk).update(is_staff=True)
    else:
        make_workspace(admin=bob).memberships.create(user=claimant)

    with pytest.raises(InvitationError, match=r"There is an account with.* Sign in, then"):
        join(code_of(named), takes_address=True)

    assert User.objects.get(email=DORA) == claimant


def test_whoever_adds_an_address_to_their_own_gets_nothing_by_it(
    client: Client, alice: User, charlie: User, workspace: Workspace
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace, email=DORA)
    client.force_login(charlie)

    for action in ("action_add", "action_primary"):
        form = {action: "", "email": DORA}
        assert client.post("/accounts/email/", form).status_code == 404

    charlie.refresh_from_db()
    assert charlie.email == "charlie@example.com"
    assert not EmailAddress.objects.exists()
    with pytest.raises(WrongAddressError):
        invitation_accept(viewer=charlie, secret=code_of(link))


@pytest.mark.parametrize("email", [DORA, "Dora@Example.com"])
def test_an_address_that_somebody_has_is_refused_in_a_sentence(
    alice: User, workspace: Workspace, email: str
) -> None:
    make_user(email=DORA)
    _, link = invitation_create(viewer=alice, workspace=workspace)

    with pytest.raises(InvitationError, match="There is an account with the address"):
        join(code_of(link), email)
    with pytest.raises(AddressTakenError, match="There is an account with the address"):
        user_create(email=email)

    assert User.objects.filter(email__iexact=DORA).count() == 1


def test_an_address_that_somebody_else_has_proven_is_no_login_name_either(
    alice: User, db: None
) -> None:
    EmailAddress.objects.create(user=alice, email=DORA, verified=True)

    with pytest.raises(AddressTakenError, match="There is an account with the address"):
        user_store(User(email=DORA.upper()))

    assert User.objects.count() == 1


def test_what_whoever_runs_dexxy_says_of_an_address_counts(db: None) -> None:
    dora = user_create(email=DORA)

    assert address_is_proven(dora, DORA)
    assert address_is_proven(first_admin_ensure(), "admin@localhost")


@pytest.fixture
def root(client: Client, db: None) -> User:
    user = make_user(email="root@example.com", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def change(client: Client, user: User, **fields: str) -> str:
    form = {"email": user.email, "name": user.name, "is_active": "on", **fields}
    if form["is_active"] == "":
        del form["is_active"]
    return client.post(f"/admin/accounts/user/{user.pk}/change/", form).content.decode()


def test_the_administration_ends_an_account_of_before_whose_address_nobody_would_get(
    client: Client, root: User, alice: User
) -> None:
    User.objects.filter(pk=alice.pk).update(email="mar\u212a@example.com")
    alice.refresh_from_db()

    change(client, alice, is_active="")

    alice.refresh_from_db()
    assert (alice.email, alice.is_active) == ("mar\u212a@example.com", False)


def test_an_address_that_the_administration_changes_is_proven_and_the_old_one_is_not(
    client: Client, root: User, alice: User
) -> None:
    address_prove(alice)

    change(client, alice, email=DORA)

    alice.refresh_from_db()
    assert alice.email == DORA
    assert address_is_proven(alice, DORA)
    assert not address_is_proven(alice, "alice@example.com")


def test_the_administration_changes_nothing_where_the_address_is_somebody_else_s(
    client: Client, root: User, alice: User, bob: User
) -> None:
    address_prove(bob)

    page = change(client, alice, email="BOB@example.com", name="Dora")

    assert "There is an account with the address bob@example.com." in page
    alice.refresh_from_db()
    assert (alice.email, alice.name) == ("alice@example.com", "Alice")
    assert list(EmailAddress.objects.values_list("user", "email")) == [(bob.pk, bob.email)]


def test_the_administration_cannot_claim_an_address_beside_a_user_s_own(
    client: Client, root: User, alice: User
) -> None:
    form = {"user": alice.pk, "email": DORA, "verified": "on", "primary": "on"}

    assert client.post("/admin/account/emailaddress/add/", form).status_code == 403
    assert not EmailAddress.objects.exists()


def test_whoever_is_made_inactive_leaves_no_way_in_behind(
    client: Client, root: User, alice: User, charlie: User, workspace: Workspace
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace)

    change(client, alice, is_active="")

    with pytest.raises(InvitationNotFoundError):
        invitation_accept(viewer=charlie, secret=code_of(link))
    assert workspace.invitations.get().revoked_at is not None
    entry = AuditEntry.objects.get(action="user.deactivated")
    assert (entry.workspace, entry.actor, entry.target_id) == (workspace, root, str(alice.pk))
    assert entry.details == {"user": "alice@example.com", "tokens": 0, "invitations": 1}


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Dora@Example.COM", "dora@example.com"),
        ("dora@example.com\u2028", "dora@example.com\u2028"),  # a space to strip()
        ("dora@Bücher.example", "dora@xn--bcher-kva.example"),
        ("DORA@xn--bcher-kva.example", "dora@xn--bcher-kva.example"),
        ("mar\u212a@example.com", "mar\u212a@example.com"),
        ("dora@\u212ade.org", "dora@\u212ade.org"),  # no domain, and not kde.org
        ("dora@example\u3002com", "dora@example\u3002com"),
        ("dora@faß.example", "dora@xn--fa-hia.example"),  # which is not fass.example
        ("dora", "dora"),
        ("", ""),
    ],
)
def test_of_an_address_ascii_letters_alone_are_compared_without_their_case(
    written: str, compared: str
) -> None:
    assert address_compared(written) == compared
    assert address_compared(compared) == compared


@pytest.mark.parametrize(
    "odd", ["mar\u212a@example.com", "dora@github\u3002org", "dora@\u212ade.org"]
)
def test_nobody_is_given_an_address_that_another_program_folds(
    alice: User, workspace: Workspace, odd: str
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace)

    with pytest.raises(InvitationError, match="take for another one"):
        join(code_of(link), odd)
    with pytest.raises(InvitationError, match="take for another one"):
        invitation_create(viewer=alice, workspace=workspace, email=odd)
    with pytest.raises(UserError, match="take for another one"):
        user_create(email=odd)

    assert User.objects.count() == 2


def test_addresses_of_before_in_another_script_go_on_working(
    alice: User, workspace: Workspace
) -> None:
    alice.email = "alice@bücher.example"
    alice.save()
    EmailAddress.objects.create(user=alice, email="alice@bücher.example", verified=True)
    mark = make_user(email="mark@example.com")
    User.objects.filter(pk=mark.pk).update(email="mar\u212a@example.com")
    EmailAddress.objects.create(user=mark, email="mark@example.com", verified=True)
    invitation, _ = invitation_create(viewer=alice, workspace=workspace, email=DORA)
    Invitation.objects.filter(pk=invitation.pk).update(email="dora@bücher.example")

    import_module("dexxy.accounts.migrations.0016_addresses_as_compared").rewrite(apps, None)

    alice.refresh_from_db()
    assert alice.email == "alice@xn--bcher-kva.example"
    assert address_owner("Alice@bücher.example") == alice
    assert Invitation.objects.get().email == "dora@xn--bcher-kva.example"
    # What `lower()` made of it was never proven to be theirs.
    assert address_owner("mark@example.com") is None
    assert list(users_at("mar\u212a@example.com")) == [mark]
    address_refuse_taken("mark@example.com")
