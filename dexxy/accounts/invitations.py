"""Links by which people join a workspace. Without mail, whoever invites sends them on.

A link is worth what its maker is: it opens nothing once they administer the workspace no more.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import (
    AddressTakenError,
    address_claimant,
    address_compared,
    address_given,
    address_is_proven,
    address_prove,
    address_release,
    column_compared,
    user_store,
    users_at,
)
from dexxy.accounts.api_tokens import hashed
from dexxy.accounts.models import Invitation, Membership, Role, User, Workspace
from dexxy.accounts.selectors import (
    Viewer,
    in_person,
    memberships_of,
    require_admin,
    signed_in,
)
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.common.pages import PAGE, Page, page_by_key

# Days that an invitation may last; the first is what is proposed.
LIFETIMES = (7, 1, 30)
# That one person makes in a day, in all workspaces: each can be a mail to anybody.
MOST_A_DAY = 100
_EMAIL = Invitation._meta.get_field("email")
_OVER = "The invitation is used, revoked, expired or not for you."


class InvitationNotFoundError(NotFoundError):
    """There is no such invitation, or it is used, revoked or expired; nobody can tell which."""


class InvitationError(BadInputError):
    """Nobody can be invited like that."""


class UnprovenAddressError(InvitationError):
    """An invitation names an address that its reader gave, but has not proven to be theirs."""


class WrongAddressError(InvitationError):
    """An invitation names another address than its reader's."""


class AddressHereError(InvitationError):
    """An account has the address that somebody wants to sign up with."""


class AddressClaimedError(AddressHereError):
    """An account has the address that an invitation names, but has not proven it."""


def invitations(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Page[Invitation]:
    """Return the invitations to WORKSPACE that can still be accepted, the newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_admin(viewer, workspace)
    found = _open().filter(workspace=workspace).select_related("invited_by")
    return page_by_key(found, first, after)


def invitation_total(viewer: Viewer, workspace: Workspace) -> int:
    """Count what `invitations` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    return _open().filter(workspace=workspace).count()


@transaction.atomic
def invitation_create(
    *,
    viewer: Viewer,
    workspace: Workspace,
    role: Role = Role.MEMBER,
    email: str = "",
    days: int = LIFETIMES[0],
) -> tuple[Invitation, str]:
    """Invite one person. The link is returned once and not kept.

    Args:
        days: how long it lasts, one of LIFETIMES.
        email: who may accept it; anybody who has the link where it is empty.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        SessionNeededError: VIEWER came by a token.
        InvitationError: EMAIL is no address, or that of somebody who is in WORKSPACE; it cannot
            last for DAYS; or VIEWER has made MOST_A_DAY.
    """
    require_admin(viewer, workspace)
    actor = in_person(viewer)
    _require_few(actor)
    if days not in LIFETIMES:
        raise InvitationError(_("An invitation lasts for 1, 7 or 30 days."))
    email = _checked(email)
    _refuse_members(actor, workspace, email)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        workspace=workspace,
        email=email,
        role=role,
        token_hash=hashed(secret),
        invited_by=actor,
        expires_at=timezone.now() + timedelta(days=days),
    )
    audit(workspace, actor, "invitation.created", invitation, email=email, role=role)
    return invitation, f"{settings.DEXXY_BASE_URL}/invitations/{secret}/"


def _checked(email: str) -> str:
    """Return EMAIL as it is compared.

    Raises:
        InvitationError: it is no address, or none that anybody is given.
    """
    try:
        email = address_given(email.strip())
    except ValidationError as error:
        raise InvitationError(" ".join(error.messages)) from error
    try:
        if email:
            _EMAIL.run_validators(email)
    except ValidationError as error:
        raise InvitationError(_("That is no e-mail address.")) from error
    return email


def _refuse_members(actor: User, workspace: Workspace, email: str) -> None:
    """Refuse to invite whoever is in WORKSPACE: their role is changed in the list of people.

    Somebody there who only typed the address is not who is meant by it.

    Raises:
        InvitationError: EMAIL is proven to be theirs.
    """
    known = workspace.memberships.filter(user__in=users_at(email)) if email else None
    member = known.select_related("user").first() if known is not None else None
    if member is None or not address_is_proven(member.user, email):
        return
    if member.user_id == actor.pk:
        raise InvitationError(_("You are in this workspace already."))
    raise InvitationError(
        _("{name} is in this workspace already: change their role in the list.").format(
            name=member.user
        )
    )


def _require_few(inviter: User) -> None:
    # Of two that are made at one moment the second waits, and counts the first.
    User.objects.select_for_update(no_key=True).get(pk=inviter.pk)
    since = timezone.now() - timedelta(days=1)
    if Invitation.objects.filter(invited_by=inviter, created_at__gt=since).count() >= MOST_A_DAY:
        raise InvitationError(
            _(
                "You have made {most} invitations within a day, which is the most: go on later."
            ).format(most=MOST_A_DAY)
        )


@transaction.atomic
def invitation_revoke(*, viewer: Viewer, invitation_id: int) -> Invitation:
    """Make a link useless.

    Raises:
        UnauthenticatedError: nobody is signed in.
        InvitationNotFoundError: there is no open one in a workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there.
    """
    workspaces = memberships_of(viewer).values("workspace")
    found = _open().select_for_update(of=("self",)).select_related("workspace")
    invitation = found.filter(pk=invitation_id, workspace__in=workspaces).first()
    if invitation is None:
        raise InvitationNotFoundError(_("There is no such invitation."))
    actor = require_admin(viewer, invitation.workspace)
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at", "updated_at"])
    audit(invitation.workspace, actor, "invitation.revoked", invitation, email=invitation.email)
    return invitation


@transaction.atomic
def invitation_accept(*, viewer: Viewer, secret: str) -> Membership:
    """Let VIEWER into the workspace of an invitation, which is spent by that.

    Who is in it already stays what they are.

    Raises:
        UnauthenticatedError: nobody is signed in.
        InvitationNotFoundError: there is no open one for VIEWER.
        WrongAddressError, UnprovenAddressError: as `invitation_require_theirs`.
    """
    user = signed_in(viewer)
    invitation = invitation_by_secret(secret, locked=True)
    if user.via_token is not None:
        raise InvitationNotFoundError(_OVER)
    invitation_require_theirs(invitation, user)
    return _taken(invitation, user)


def invitations_of_newcomer(proven: Sequence[str], secret: str = "") -> list[Invitation]:
    """Return the open invitations, locked, that somebody without an account may come in by.

    Args:
        proven: addresses that are theirs, as they are compared.
        secret: of the link that they opened, or ''.
    """
    theirs = Q(compared__in=proven)
    if secret:
        theirs |= Q(token_hash=hashed(secret), email="")
    found = (
        _open()
        .alias(compared=column_compared("email"))
        .filter(theirs)
        .select_related("workspace")
        .order_by("-pk")
    )
    return list(found.select_for_update(of=("self",)))


def invitations_take(user: User, invitations: Sequence[Invitation]) -> None:
    """Let USER in by invitations that `invitations_of_newcomer` found for them."""
    for invitation in invitations:
        _taken(invitation, user)


def _taken(invitation: Invitation, user: User) -> Membership:
    membership, is_new = Membership.objects.get_or_create(
        workspace=invitation.workspace, user=user, defaults={"role": invitation.role}
    )
    if is_new:
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at", "updated_at"])
        audit(invitation.workspace, user, "invitation.accepted", invitation, user=user.email)
    return membership


@transaction.atomic
def invitation_sign_up(
    *, secret: str, email: str, name: str, password: str, takes_address: bool = False
) -> User:
    """Make an account for who holds an invitation's link, and let it into the workspace.

    Args:
        takes_address: an account that has the address, but never proved it, is not theirs: it
            loses the address, if the inviter administers all workspaces that it is in.

    Raises:
        InvitationNotFoundError: there is no open one.
        WrongAddressError: it is for another address than EMAIL.
        AddressClaimedError: such an account has EMAIL, and TAKES_ADDRESS is not given.
        AddressHereError: there is an account with EMAIL.
        InvitationError: EMAIL is no address, NAME is too long, the password is
            too weak, or one of them is no text.
    """
    invitation = invitation_by_secret(secret, locked=True)
    user = _drafted(email, name, password)
    is_named = address_compared(invitation.email) == user.email
    if invitation.email and not is_named:
        raise WrongAddressError(
            _(
                "The invitation is for {email}: give that address, or ask whoever "
                "invited you for a link that names no address."
            ).format(email=invitation.email)
        )
    if is_named:
        _address_settle(invitation, takes_address=takes_address)
        user.is_vouched = True
    try:
        user_store(user)
    except AddressTakenError as error:
        raise AddressHereError(
            _("{error} Sign in, then open the link.").format(error=error)
        ) from error
    if is_named:
        address_prove(user)
    invitation_accept(viewer=user, secret=secret)
    return user


def invitation_by_secret(secret: str, *, locked: bool = False) -> Invitation:
    """Return the open invitation of a link.

    Raises:
        InvitationNotFoundError: there is none.
    """
    found = _open().filter(token_hash=hashed(secret)).select_related("workspace")
    invitation = (found.select_for_update(of=("self",)) if locked else found).first()
    if invitation is None:
        raise InvitationNotFoundError(_OVER)
    return invitation


def invitation_require_theirs(invitation: Invitation, user: User) -> None:
    """Refuse an invitation that names an address which is not USER's.

    Raises:
        WrongAddressError: it names another one than USER's.
        UnprovenAddressError: it is for the address that USER gave, and nothing proves that.
    """
    if not invitation.email or address_is_proven(user, invitation.email):
        return
    if address_compared(invitation.email) != address_compared(user.email):
        raise WrongAddressError(
            _(
                "The invitation is for {email}, and you are signed in as {user}: "
                "sign out and open the link again, or ask whoever invited you for "
                "a link that names no address."
            ).format(email=invitation.email, user=user.email)
        )
    raise UnprovenAddressError(
        _(
            "The invitation is for {email}, and nothing proves that this "
            "address is yours: ask whoever invited you for a link that names "
            "no address."
        ).format(email=invitation.email)
    )


def _drafted(email: str, name: str, password: str) -> User:
    """Return an account that is not stored yet.

    Raises:
        InvitationError: something of it cannot be.
    """
    if any("\0" in given for given in (email, name, password)):
        raise InvitationError(_("A field holds a null byte."))
    try:
        user = User(email=address_given(email.strip()), name=name.strip())
        user.clean_fields(exclude={"password"})
        validate_password(password, user)
    except ValidationError as error:
        raise InvitationError(" ".join(error.messages)) from error
    user.set_password(password)
    return user


def _address_settle(invitation: Invitation, *, takes_address: bool) -> None:
    """Free the address that an invitation names, where somebody only typed it.

    Raises:
        AddressClaimedError: somebody did, and TAKES_ADDRESS is not given.
    """
    claimant = address_claimant(invitation.email)
    if claimant is None:
        return
    theirs = Membership.objects.filter(user=claimant).select_related("workspace")
    # Else who administers any workspace could take the names of the people of all others.
    of_inviter = Membership.objects.filter(user=invitation.invited_by, role=Role.ADMIN)
    if theirs.exclude(workspace__in=of_inviter.values("workspace")).exists():
        return
    if not takes_address:
        raise AddressClaimedError(
            _(
                "There is an account with the address {email}, which never proved "
                "it. Is it yours? Sign in, and ask whoever invited you for a link "
                "that names no address. If it is not yours, you can have the "
                "address."
            ).format(email=invitation.email)
        )
    address_release(claimant)
    for membership in theirs:
        audit(membership.workspace, None, "user.address_released", claimant, email=invitation.email)


def _open() -> QuerySet[Invitation]:
    inviting = Membership.objects.filter(
        workspace=OuterRef("workspace"),
        user=OuterRef("invited_by"),
        user__is_active=True,
        role=Role.ADMIN,
    )
    return Invitation.objects.filter(
        Exists(inviting), accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    )
