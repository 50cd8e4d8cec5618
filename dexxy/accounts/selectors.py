"""What a viewer may see: everything is reached through a workspace with a membership."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import users_at
from dexxy.accounts.models import AuditEntry, Membership, Role, User, Workspace
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.ids import parse_id
from dexxy.common.pages import PAGE, Page, page_by_key, page_newest_first
from dexxy.common.sql import time_limit

Viewer = User | AnonymousUser


class UnauthenticatedError(DexxyError):
    """Nobody is signed in."""

    code = "unauthenticated"


class SessionNeededError(DexxyError):
    """A token cannot let anybody in, nor make a token: a stolen one would live on in that."""

    code = "forbidden"


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
    mine = memberships_of(viewer)
    return Workspace.objects.filter(memberships__in=mine).order_by("memberships__pk")


def memberships_of(viewer: Viewer) -> QuerySet[Membership]:
    """Return the memberships of VIEWER; by a token, the one that it opens.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    user = signed_in(viewer)
    token = user.via_token
    return (
        user.memberships.filter(workspace=token.workspace_id) if token else user.memberships.all()
    )


def first_workspace(viewer: Viewer) -> Workspace | None:
    """Return the workspace of VIEWER's oldest membership, or None where there is none.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    return workspaces(viewer).first()


def workspaces_administered(viewer: Viewer) -> list[Workspace]:
    """Return the workspaces of which VIEWER is an admin, the oldest membership first.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    found = memberships_of(viewer).filter(role=Role.ADMIN).select_related("workspace")
    return [one.workspace for one in found.order_by("pk")]


def workspace_called(slug: str) -> Workspace | None:
    """Return the workspace that has or had a slug, for who runs this Dexxy and may see all."""
    every = Workspace.objects
    return every.filter(slug=slug).first() or every.filter(former_addresses__slug=slug).first()


def user_called(email: str) -> User | None:
    """Return who signs in with the address EMAIL, for who runs this Dexxy."""
    return users_at(email).first()


def user_with(pk: int) -> User | None:
    """Return the user with a primary key, if there still is one who may sign in."""
    return User.objects.filter(pk=pk, is_active=True).first()


def first_operator() -> User | None:
    """Return who has run this Dexxy for the longest time and may still sign in, if anybody."""
    return User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()


def workspace_slugs(most: int) -> list[str]:
    """Return the slugs of at most MOST workspaces, for who runs this Dexxy and may see all."""
    return list(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:most])


def workspace_for(viewer: Viewer, key: int | str) -> Workspace:
    """Return the workspace with the id (a number) or slug (text) KEY, or that had that slug.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: it does not exist, or VIEWER is not in it.
    """
    mine = workspaces(viewer)
    wanted = {"pk": key} if isinstance(key, int) else {"slug": key}
    workspace = mine.filter(**wanted).first()
    if workspace is None and not isinstance(key, int):
        workspace = mine.filter(former_addresses__slug=key).first()
    if workspace is None:
        raise WorkspaceNotFoundError(_("There is no such workspace."))
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
        raise WorkspaceNotFoundError(_("There is no such workspace."))
    return workspace_for(viewer, pk)


def require_membership(viewer: Viewer, workspace: Workspace) -> None:
    """Refuse whoever is not in WORKSPACE: each selector asks, whatever its caller did before.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: VIEWER is not in it.
    """
    if not memberships_of(viewer).filter(workspace=workspace).exists():
        raise WorkspaceNotFoundError(_("There is no such workspace."))


def is_admin(viewer: Viewer, workspace: Workspace) -> bool:
    """Say whether VIEWER is an admin of WORKSPACE.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    return memberships_of(viewer).filter(workspace=workspace, role=Role.ADMIN).exists()


def require_admin(viewer: Viewer, workspace: Workspace) -> User:
    """Refuse whoever is not an admin of WORKSPACE, and return who is.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: VIEWER is not in it.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_membership(viewer, workspace)
    if not is_admin(viewer, workspace):
        raise AdminOnlyError(_("Only an administrator of the workspace may do that."))
    return signed_in(viewer)


def memberships(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Page[Membership]:
    """Return who is in WORKSPACE, who joined last first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_membership(viewer, workspace)
    return page_by_key(workspace.memberships.select_related("user"), first, after)


def own_membership(viewer: Viewer, workspace: Workspace) -> Membership:
    """Return as what VIEWER is in WORKSPACE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return memberships_of(viewer).get(workspace=workspace)


def membership_total(viewer: Viewer, workspace: Workspace) -> int:
    """Count who is in WORKSPACE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return workspace.memberships.count()


@dataclass(frozen=True)
class AuditFilters:
    """Which entries of the audit log are asked for; by default all.

    Args:
        actor_id: the user who did it.
        action: what was done, as `api_token.created`.
        since, until: when it was done; UNTIL itself is left out.
    """

    actor_id: int | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


WHOLE_LOG = AuditFilters()


def audit_log(
    viewer: Viewer,
    workspace: Workspace,
    filters: AuditFilters = WHOLE_LOG,
    first: int = PAGE,
    after: str | None = None,
) -> Page[AuditEntry]:
    """Return what was done in WORKSPACE, the newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_admin(viewer, workspace)
    with time_limit():
        return page_newest_first(audit_entries(workspace, filters), "created_at", first, after)


def audit_entries(workspace: Workspace, filters: AuditFilters = WHOLE_LOG) -> QuerySet[AuditEntry]:
    """Return what was done in WORKSPACE; its caller has asked whether somebody may know."""
    wanted = {
        "actor": filters.actor_id,
        "action": filters.action or None,
        "created_at__gte": filters.since,
        "created_at__lt": filters.until,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    return workspace.audit_entries.filter(**given).select_related("actor")


def audit_actors(viewer: Viewer, workspace: Workspace) -> list[User]:
    """Return who did something in WORKSPACE, by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    with time_limit():
        found = User.objects.filter(pk__in=workspace.audit_entries.values("actor"))
        return sorted(found, key=lambda one: str(one).lower())


def audit_total(viewer: Viewer, workspace: Workspace, filters: AuditFilters = WHOLE_LOG) -> int:
    """Count all that `audit_log` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        TooSlowError: there is too much to count.
    """
    require_admin(viewer, workspace)
    with time_limit():
        return audit_entries(workspace, filters).count()


def signed_in(viewer: Viewer) -> User:
    """Return VIEWER as a user.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    if not isinstance(viewer, User) or not viewer.is_active:
        raise UnauthenticatedError(_("Sign in first."))
    return viewer


def in_person(viewer: Viewer) -> User:
    """Return VIEWER as a user who came by a browser's session, and not by a token.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
    """
    user = signed_in(viewer)
    if user.via_token is not None:
        raise SessionNeededError(_("Sign in with a browser to do that: an API token cannot."))
    return user
