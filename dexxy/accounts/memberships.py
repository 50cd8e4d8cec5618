"""Who is in a workspace, and as what. A workspace never is without an administrator."""

from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Membership, Role, User, Workspace
from dexxy.accounts.security.open_sessions import sessions_end
from dexxy.accounts.security.second_step import second_step_reset
from dexxy.accounts.selectors import (
    AdminOnlyError,
    Viewer,
    in_person,
    is_admin,
    memberships_of,
    signed_in,
)
from dexxy.accounts.services import audit, audit_of_user
from dexxy.accounts.sign_in import link_make
from dexxy.common.errors import DexxyError, NotFoundError


class MembershipNotFoundError(NotFoundError):
    """There is no such membership, or not in a workspace of the viewer's."""


class ResetRefusedError(DexxyError):
    """An admin may make no link that signs somebody in, nor reset their second step."""

    code = "reset_refused"


class LastAdminError(DexxyError):
    """The workspace would be left without an administrator."""

    code = "last_admin"


@transaction.atomic
def membership_set_role(*, viewer: Viewer, membership_id: int, role: Role) -> Membership:
    """Make somebody an administrator or a member. For administrators.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        MembershipNotFoundError: it is in no workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there.
        LastAdminError: nobody else is an administrator.
    """
    actor, workspace = _actor_and_workspace(viewer, membership_id)
    _require_admin(viewer, workspace)
    in_person(viewer)
    return operator_set_role(actor=actor, membership_id=membership_id, role=role)


@transaction.atomic
def membership_remove(*, viewer: Viewer, membership_id: int) -> Membership:
    """Take somebody out of a workspace, as `operator_remove` does. Everybody may leave.

    Raises:
        UnauthenticatedError: nobody is signed in.
        MembershipNotFoundError: it is in no workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there, and it is not their own.
        LastAdminError: nobody else is an administrator.
    """
    actor, workspace = _actor_and_workspace(viewer, membership_id)
    if not actor.memberships.filter(pk=membership_id).exists():
        _require_admin(viewer, workspace)
    return operator_remove(actor=actor, membership_id=membership_id)


@transaction.atomic
def membership_reset_link(*, viewer: Viewer, membership_id: int) -> str:
    """Make a link by which a member who forgot their password signs in once and sets a new one.

    Their password works no more, and they are signed out everywhere. Who signs in as them
    elsewhere afterwards is joined anew, which ends what whoever had the link did with it; so does
    a link to sign in that comes by mail.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        MembershipNotFoundError: it is in no workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there.
        ResetRefusedError: the account opens more than VIEWER administers, or nothing any more.
    """
    actor, workspace = _actor_and_workspace(viewer, membership_id)
    _require_admin(viewer, workspace)
    in_person(viewer)
    user = _resettable(actor, membership_id)
    user.set_unusable_password()
    user.is_vouched = True  # until they answer a mail: the link may be used by whoever made it
    user.save(update_fields=["password", "is_vouched"])
    SocialAccount.objects.filter(user=user).delete()
    sessions_end(user)
    audit_of_user(user, actor, "user.reset_link_made")
    return link_make(user)


@transaction.atomic
def membership_reset_second_step(*, viewer: Viewer, membership_id: int) -> None:
    """Let a member who lost their second step sign in without one, until they add another.

    Their authenticator app, passkeys and recovery codes work no more, and they are signed out
    everywhere.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        MembershipNotFoundError: it is in no workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there.
        ResetRefusedError: the account opens more than VIEWER administers, or nothing any more.
    """
    actor, workspace = _actor_and_workspace(viewer, membership_id)
    _require_admin(viewer, workspace)
    in_person(viewer)
    user = _resettable(actor, membership_id)
    second_step_reset(user, actor=actor)


# What who runs this Dexxy does in any workspace: its caller has asked whether ACTOR may.
@transaction.atomic
def operator_add(*, actor: User, workspace: Workspace, user: User, role: Role) -> Membership:
    """Put somebody into a workspace in which they are not."""
    membership = Membership.objects.create(workspace=workspace, user=user, role=role)
    audit(workspace, actor, "membership.added", membership, user=user.email, role=role)
    return membership


@transaction.atomic
def operator_set_role(*, actor: User, membership_id: int, role: Role) -> Membership:
    """Make somebody an administrator or a member.

    Who is no administrator any more loses their tokens and open invitations there.

    Raises:
        MembershipNotFoundError: there is none any more.
        LastAdminError: nobody else is an administrator.
    """
    membership = _locked(membership_id)
    if role != Role.ADMIN:
        _keep_an_admin(membership)
    if membership.role != role:
        workspace, user = membership.workspace, membership.user
        ended = {} if role == Role.ADMIN else _end_access(workspace, user)
        details = {"user": user.email, "role": role, **ended}
        audit(workspace, actor, "membership.role_changed", membership, **details)
        membership.role = role
        membership.save(update_fields=["role", "updated_at"])
    return membership


@transaction.atomic
def operator_remove(*, actor: User, membership_id: int) -> Membership:
    """Take somebody out of a workspace, with their tokens and open invitations there.

    Raises:
        MembershipNotFoundError: there is none any more.
        LastAdminError: nobody else is an administrator.
    """
    membership = _locked(membership_id)
    _keep_an_admin(membership)
    workspace, user = membership.workspace, membership.user
    ended = _end_access(workspace, user)
    for rule in workspace.sign_in_rules.all():
        rule.used_by.add(user)
    audit(workspace, actor, "membership.removed", membership, user=user.email, **ended)
    # The row as it was, for whoever asks what was removed.
    pk = membership.pk
    membership.delete()
    membership.pk = pk
    # Whoever leaves by themselves goes on to where they can be invited anew.
    if user != actor and not user.is_staff and not user.memberships.exists():
        sessions_end(user)
    return membership


@transaction.atomic
def operator_deactivate(*, actor: User, user: User) -> None:
    """Let somebody sign in no more, and end their tokens and open invitations everywhere."""
    user.is_active = False
    user.save(update_fields=["is_active"])
    sessions_end(user)
    workspaces = Workspace.objects.filter(memberships__user=user).order_by("pk")
    for workspace in workspaces.select_for_update(no_key=True, of=("self",)):
        ended = _end_access(workspace, user)
        audit(workspace, actor, "user.deactivated", user, user=user.email, **ended)


def _resettable(actor: User, membership_id: int) -> User:
    """Return the user of a membership, where ACTOR administers all that their account opens."""
    user = _locked(membership_id).user
    # Who gets in as that person sees all that they may see.
    others = Membership.objects.filter(user=actor, role=Role.ADMIN).values("workspace")
    is_beyond = user.memberships.exclude(workspace__in=others).exists()
    if user.is_staff or is_beyond or not user.is_active or user == actor:
        raise ResetRefusedError(
            _(
                "You can reset nothing of this account: it is your own, may not sign in any more, "
                "or opens more than the workspaces that you administer. Ask whoever runs this "
                "Dexxy for dexxy sign-in-link."
            )
        )
    return user


def _end_access(workspace: Workspace, user: User) -> dict[str, int]:
    """End what USER could come back by, or let others in by; return how much of it there was."""
    now = timezone.now()
    tokens = user.api_tokens.filter(workspace=workspace, revoked_at=None)
    invitations = workspace.invitations.filter(invited_by=user, accepted_at=None, revoked_at=None)
    return {
        "tokens": tokens.update(revoked_at=now, updated_at=now),
        "invitations": invitations.update(revoked_at=now, updated_at=now),
    }


def _actor_and_workspace(viewer: Viewer, membership_id: int) -> tuple[User, Workspace]:
    """Return who acts, and the workspace of a membership in one of VIEWER's."""
    actor = signed_in(viewer)
    mine = Workspace.objects.filter(memberships__in=memberships_of(viewer))
    workspace = mine.filter(pk__in=_memberships(membership_id).values("workspace")).first()
    if workspace is None:
        raise MembershipNotFoundError(_("There is no such membership."))
    return actor, workspace


def _locked(membership_id: int) -> Membership:
    """Return a membership with all of its workspace locked, so that of two who leave at the same
    moment the second finds itself the last."""
    found = _memberships(membership_id)
    # Messages of the workspace can be stored meanwhile: its key stays.
    workspaces = Workspace.objects.select_for_update(no_key=True)
    list(workspaces.filter(pk__in=found.values("workspace")))
    membership = found.select_related("workspace", "user").first()
    if membership is None:
        raise MembershipNotFoundError(_("There is no such membership."))
    return membership


def _memberships(pk: int) -> QuerySet[Membership]:
    return Membership.objects.filter(pk=pk)


def _require_admin(viewer: Viewer, workspace: Workspace) -> None:
    if not is_admin(viewer, workspace):
        raise AdminOnlyError(_("Only an administrator of the workspace may do that."))


def _keep_an_admin(membership: Membership) -> None:
    admins = membership.workspace.memberships.filter(role=Role.ADMIN, user__is_active=True)
    if membership.role == Role.ADMIN and not admins.exclude(pk=membership.pk).exists():
        raise LastAdminError(_("A workspace needs an administrator: make somebody else one first."))
