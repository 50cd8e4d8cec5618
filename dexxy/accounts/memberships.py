"""Who is in a workspace, and as what. A workspace never is without an administrator."""

from django.db import transaction
from django.utils import timezone

from dexxy.accounts.models import Membership, Role, User, Workspace
from dexxy.accounts.selectors import (
    AdminOnlyError,
    Viewer,
    is_admin,
    memberships_of,
    signed_in,
)
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError, NotFoundError


class MembershipNotFoundError(NotFoundError):
    """There is no such membership, or not in a workspace of the viewer's."""


class LastAdminError(DexxyError):
    """The workspace would be left without an administrator."""

    code = "last_admin"


@transaction.atomic
def membership_set_role(*, viewer: Viewer, membership_id: int, role: Role) -> Membership:
    """Make somebody an administrator or a member. For administrators.

    Raises:
        UnauthenticatedError: nobody is signed in.
        MembershipNotFoundError: it is in no workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there.
        LastAdminError: nobody else is an administrator.
    """
    membership, actor = _locked(viewer, membership_id)
    _require_admin(viewer, membership.workspace)
    if role != Role.ADMIN:
        _keep_an_admin(membership)
    if membership.role != role:
        audit(
            membership.workspace,
            actor,
            "membership.role_changed",
            membership,
            user=membership.user.email,
            role=role,
        )
        membership.role = role
        membership.save(update_fields=["role", "updated_at"])
    return membership


@transaction.atomic
def membership_remove(*, viewer: Viewer, membership_id: int) -> Membership:
    """Take somebody out of a workspace, with their tokens for it. Everybody may leave.

    Raises:
        UnauthenticatedError: nobody is signed in.
        MembershipNotFoundError: it is in no workspace of VIEWER's.
        AdminOnlyError: VIEWER is a member there, and it is not their own.
        LastAdminError: nobody else is an administrator.
    """
    membership, actor = _locked(viewer, membership_id)
    if membership.user_id != actor.pk:
        _require_admin(viewer, membership.workspace)
    _keep_an_admin(membership)
    workspace, user = membership.workspace, membership.user
    audit(workspace, actor, "membership.removed", membership, user=user.email)
    user.api_tokens.filter(workspace=workspace, revoked_at=None).update(revoked_at=timezone.now())
    # The row as it was, for whoever asks what was removed.
    pk = membership.pk
    membership.delete()
    membership.pk = pk
    return membership


def _locked(viewer: Viewer, membership_id: int) -> tuple[Membership, User]:
    """Return a membership with all of its workspace locked, so that of two who leave at the same
    moment the second finds itself the last."""
    actor = signed_in(viewer)
    found = Membership.objects.filter(
        pk=membership_id, workspace__in=memberships_of(viewer).values("workspace")
    )
    workspace_id = found.values_list("workspace", flat=True).first()
    if workspace_id is None:
        raise MembershipNotFoundError("There is no such membership.")
    Workspace.objects.select_for_update().get(pk=workspace_id)
    membership = found.select_related("workspace", "user").first()
    if membership is None:
        raise MembershipNotFoundError("There is no such membership.")
    return membership, actor


def _require_admin(viewer: Viewer, workspace: Workspace) -> None:
    if not is_admin(viewer, workspace):
        raise AdminOnlyError("Only an administrator of the workspace may do that.")


def _keep_an_admin(membership: Membership) -> None:
    others = membership.workspace.memberships.filter(role=Role.ADMIN).exclude(pk=membership.pk)
    if membership.role == Role.ADMIN and not others.exists():
        raise LastAdminError("A workspace needs an administrator: make somebody else one first.")
