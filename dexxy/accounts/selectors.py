"""What a viewer may see: everything is reached through a workspace with a membership."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from dexxy.accounts.models import Role, User, Workspace
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.ids import parse_id

Viewer = User | AnonymousUser


class UnauthenticatedError(DexxyError):
    """Nobody is signed in."""

    code = "unauthenticated"


class AdminOnlyError(DexxyError):
    """The viewer is in the workspace, but not as an admin."""

    code = "forbidden"


class WorkspaceNotFoundError(NotFoundError):
    """There is no such workspace, or the viewer is not in it."""


def workspaces(viewer: Viewer) -> QuerySet[Workspace]:
    """Return the workspaces of VIEWER, the oldest membership first.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    user = signed_in(viewer)
    return Workspace.objects.filter(memberships__user=user).order_by("memberships__pk")


def workspace_for(viewer: Viewer, key: int | str) -> Workspace:
    """Return the workspace with the id (a number) or slug (text) KEY.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: it does not exist, or VIEWER is not in it.
    """
    wanted = {"pk": key} if isinstance(key, int) else {"slug": key}
    workspace = workspaces(viewer).filter(**wanted).first()
    if workspace is None:
        raise WorkspaceNotFoundError("There is no such workspace.")
    return workspace


def workspace_by_id(viewer: Viewer, text: str) -> Workspace:
    """Return the workspace whose id was sent as TEXT.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: it does not exist, VIEWER is not in it, or TEXT is no id.
    """
    signed_in(viewer)
    pk = parse_id(text)
    if pk is None:
        raise WorkspaceNotFoundError("There is no such workspace.")
    return workspace_for(viewer, pk)


def require_membership(viewer: Viewer, workspace: Workspace) -> None:
    """Refuse whoever is not in WORKSPACE: each selector asks, whatever its caller did before.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: VIEWER is not in it.
    """
    if not workspace.memberships.filter(user=signed_in(viewer)).exists():
        raise WorkspaceNotFoundError("There is no such workspace.")


def is_admin(viewer: Viewer, workspace: Workspace) -> bool:
    """Say whether VIEWER is an admin of WORKSPACE.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    return workspace.memberships.filter(user=signed_in(viewer), role=Role.ADMIN).exists()


def require_admin(viewer: Viewer, workspace: Workspace) -> User:
    """Refuse whoever is not an admin of WORKSPACE, and return who is.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: VIEWER is not in it.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_membership(viewer, workspace)
    if not is_admin(viewer, workspace):
        raise AdminOnlyError("Only an administrator of the workspace may do that.")
    return signed_in(viewer)


def signed_in(viewer: Viewer) -> User:
    """Return VIEWER as a user.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    if not isinstance(viewer, User) or not viewer.is_active:
        raise UnauthenticatedError("Sign in first.")
    return viewer
