"""The people of a workspace."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.errors import NotFoundError
from dexxy.common.pages import PAGE, Page, page_newest_first
from dexxy.members.models import Identity, Member


class MemberNotFoundError(NotFoundError):
    """There is no such member in the workspace."""


def members_by_id(viewer: Viewer, workspace: Workspace, ids: Sequence[int]) -> list[Member]:
    """Return those of the members with IDS that WORKSPACE has.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    if not ids:
        return []
    require_membership(viewer, workspace)
    return list(workspace.members.filter(pk__in=ids).order_by("pk"))


def member_for(viewer: Viewer, workspace: Workspace, pk: int) -> Member:
    """Return one member.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: WORKSPACE has no such member.
    """
    require_membership(viewer, workspace)
    member = workspace.members.filter(pk=pk).first()
    if member is None:
        raise MemberNotFoundError("There is no such member.")
    return member


def member_list(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Page[Member]:
    """Return FIRST members behind the cursor AFTER: who was never seen, then the last seen first.

    Members without an account are left out: theirs was merged into another.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_membership(viewer, workspace)
    return page_newest_first(_with_accounts(workspace), "last_seen_at", first, after)


def member_count(viewer: Viewer, workspace: Workspace) -> int:
    """Count all that `member_list` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return _with_accounts(workspace).count()


def member_identities(member: Member) -> list[Identity]:
    """Return the accounts of MEMBER, which comes from a selector that asked for the viewer."""
    return list(member.identities.select_related("member").order_by("pk"))


def _with_accounts(workspace: Workspace) -> QuerySet[Member]:
    accounts = Identity.objects.filter(member=OuterRef("pk"))
    return workspace.members.filter(Exists(accounts))
