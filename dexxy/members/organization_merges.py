"""Make two names of one organization one by hand, where no spelling tells that they are.

Summaries have the key of today's organization. Whoever counts a member anew asks here for it, so
that no sync takes a merge back.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.models import MemberSummary, OrganizationMerge
from dexxy.members.organization_list import organization_for
from dexxy.members.organizations import organization_key
from dexxy.members.who_may_see import require_people

_LOCK = "SELECT pg_advisory_xact_lock{how}(hashtextextended('organizations', %(workspace)s))"
_MOVE = """
UPDATE members_membersummary s SET organization_key = r.key
FROM {rows} WHERE s.workspace_id = %(workspace)s AND s.organization_key = %(key)s
  AND s.organization = r.name AND s.organization_key <> r.key
"""
_MOVED = {"name": "text", "key": "text"}


class OrganizationMergeError(BadInputError):
    """Two organizations that cannot be merged."""


class OrganizationMergeNotFoundError(NotFoundError):
    """There is no such merge in the workspace, or it was undone already."""


def organizations_hold(workspace_id: int) -> None:
    """Let nobody merge organizations until the transaction ends; before any summary is locked."""
    fetch_all(_LOCK.format(how="_shared"), {"workspace": workspace_id})


def organization_keys(workspace_id: int) -> Callable[[str], str]:
    """Return what tells the key of today's organization from a name, '' where nothing is left."""
    edges = _edges(workspace_id)
    return lambda name: _root(edges, organization_key(name))


def organization_key_now(workspace_id: int, key: str) -> str:
    """Return the key of the organization that KEY is part of today, mostly itself."""
    return _root(_edges(workspace_id), key)


def organization_merges(
    viewer: Viewer, workspace: Workspace
) -> Mapping[str, list[OrganizationMerge]]:
    """Return the merges that the organizations of today consist of, by key, the oldest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    merges = list(_live(workspace.pk).select_related("actor").order_by("pk"))
    edges = {one.merged: one.kept for one in merges}
    found = defaultdict(list)
    for one in merges:
        found[_root(edges, one.kept)].append(one)
    return found


@transaction.atomic
def organization_merge(
    *, actor: User, workspace: Workspace, kept: str, merged: str
) -> OrganizationMerge:
    """Let everybody who is of one organization be of another, whose name is shown.

    Args:
        kept, merged: their keys, today's or those of before a merge.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        OrganizationNotFoundError: nobody in WORKSPACE is of one of them.
        OrganizationMergeError: they are one already.
    """
    require_membership(actor, workspace)
    fetch_all(_LOCK.format(how=""), {"workspace": workspace.pk})
    edges = _edges(workspace.pk)
    one = organization_for(actor, workspace, _root(edges, kept))
    other = organization_for(actor, workspace, _root(edges, merged))
    if one.key == other.key:
        raise OrganizationMergeError(_("They are one organization already."))
    merge = OrganizationMerge.objects.create(
        workspace=workspace,
        kept=one.key,
        kept_name=one.name,
        merged=other.key,
        merged_name=other.name,
        actor=actor,
    )
    of_other = MemberSummary.objects.filter(workspace=workspace, organization_key=other.key)
    of_other.update(organization_key=one.key)
    audit(workspace, actor, "organization.merged", merge, kept=one.name, merged=other.name)
    return merge


@transaction.atomic
def organization_unmerge(*, actor: User, workspace: Workspace, merge_id: int) -> OrganizationMerge:
    """Take a merge back: whoever is of the merged organization by name is of it again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        OrganizationMergeNotFoundError: WORKSPACE has no such merge, or it was undone before.
    """
    require_membership(actor, workspace)
    fetch_all(_LOCK.format(how=""), {"workspace": workspace.pk})
    merge = _live(workspace.pk).filter(pk=merge_id).first()
    if merge is None:
        raise OrganizationMergeNotFoundError(_("There is no such merge, or it was undone already."))
    was = organization_key_now(workspace.pk, merge.kept)
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.save(update_fields=["undone_at", "undone_by", "updated_at"])
    summaries = MemberSummary.objects.filter(workspace=workspace, organization_key=was)
    names = summaries.order_by().values_list("organization", flat=True).distinct()
    key_of = organization_keys(workspace.pk)
    rows = Rows(_MOVED, [(name, key_of(name)) for name in names])
    execute(_MOVE, {"workspace": workspace.pk, "key": was}, rows)
    audit(
        workspace,
        actor,
        "organization.unmerged",
        merge,
        kept=merge.kept_name,
        merged=merge.merged_name,
    )
    return merge


def _live(workspace_id: int) -> QuerySet[OrganizationMerge]:
    return OrganizationMerge.objects.filter(workspace=workspace_id, undone_at=None)


def _edges(workspace_id: int) -> dict[str, str]:
    """Return what each organization that is merged into another is merged into."""
    return dict(_live(workspace_id).values_list("merged", "kept"))


def _root(edges: dict[str, str], key: str) -> str:
    while key in edges:
        key = edges[key]
    return key
