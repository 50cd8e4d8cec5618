"""Who may see the people of a workspace, with everything that the team notes about them.

Every page, field and download that shows a member asks `require_people` here.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.errors import NotFoundError
from dexxy.members.models import Member


class MemberNotFoundError(NotFoundError):
    """There is no such member in the workspace."""


def require_people(viewer: Viewer, workspace: Workspace) -> None:
    """Check that VIEWER may see the people of WORKSPACE: names, addresses, tags and notes.

    Whoever is in the workspace may, with any role.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: VIEWER is not in WORKSPACE, which does not exist for them.
    """
    require_membership(viewer, workspace)


def members_by_id(viewer: Viewer, workspace: Workspace, ids: Sequence[int]) -> list[Member]:
    """Return those of the members with IDS that WORKSPACE has.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    if not ids:
        return []
    require_people(viewer, workspace)
    return list(workspace.members.filter(pk__in=ids).order_by("pk"))


def member_for(viewer: Viewer, workspace: Workspace, pk: int) -> Member:
    """Return one member.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: WORKSPACE has no such member.
    """
    require_people(viewer, workspace)
    member = workspace.members.filter(pk=pk, erased_at=None).first()
    if member is None:
        raise MemberNotFoundError(_("There is no such member."))
    return member


def member_now(viewer: Viewer, workspace: Workspace, pk: int) -> Member:
    """Return the member that the one with the id PK is part of today, mostly itself.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: WORKSPACE has no such member.
    """
    require_people(viewer, workspace)
    accounts = workspace.identities.filter(home_member=pk, member__erased_at=None)
    account = accounts.select_related("member").first()
    if account is None:
        raise MemberNotFoundError(_("There is no such member."))
    return account.member
