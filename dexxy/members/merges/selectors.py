"""What there is to decide about members, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import PAGE, check_size
from dexxy.common.sql import fetch_all
from dexxy.members.merges.by_hand import MergeNotFoundError
from dexxy.members.models import Identity, Member, MemberMerge, MergeSuggestion
from dexxy.members.overviews import MemberOverview, overview_of
from dexxy.members.visibility import MemberNotFoundError, require_people

# Of the merges that were taken back, how many are told.
MOST_UNDONE = 20
# One for each two members of today, the most certain; none that are one already, are locked, or
# that somebody holds apart.
_OPEN = """
WITH pair AS MATERIALIZED (
    SELECT s.id, s.score, s.state, f.member_id AS a, o.member_id AS b
    FROM members_mergesuggestion s
    JOIN members_identity f ON f.home_member_id = s.first_id
    JOIN members_identity o ON o.home_member_id = s.second_id
    WHERE s.workspace_id = %(workspace)s AND s.state <> 'accepted' AND f.member_id <> o.member_id
), apart AS (
    SELECT a, b FROM pair WHERE state = 'rejected'
    UNION
    SELECT k.member_id, m.member_id
    FROM members_membermerge e
    JOIN members_identity k ON k.home_member_id = e.kept_id
    JOIN members_identity m ON m.home_member_id = e.merged_id
    WHERE e.workspace_id = %(workspace)s AND e.undone_at IS NOT NULL
), locked AS (
    SELECT i.member_id FROM members_identity i JOIN members_member m ON m.id = i.home_member_id
    WHERE i.workspace_id = %(workspace)s AND m.is_locked
), best AS (
    SELECT DISTINCT ON (least(a, b), greatest(a, b)) id, score, a, b
    FROM pair
    WHERE state = 'open'
      AND a NOT IN (SELECT member_id FROM locked) AND b NOT IN (SELECT member_id FROM locked)
      AND NOT EXISTS (
          SELECT FROM apart
          WHERE (apart.a, apart.b) = (pair.a, pair.b) OR (apart.a, apart.b) = (pair.b, pair.a))
    ORDER BY least(a, b), greatest(a, b), score DESC, id
)
SELECT id, a, b FROM best
WHERE %(member)s::bigint IS NULL OR %(member)s IN (a, b)
ORDER BY score DESC, id LIMIT %(first)s
"""


@dataclass(frozen=True, slots=True)
class OpenSuggestion:
    """A suggestion, and the two members of today that it would make one."""

    suggestion: MergeSuggestion
    first: Member
    second: Member


def suggestion_list(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, *, member_id: int | None = None
) -> list[OpenSuggestion]:
    """Return the FIRST most certain suggestions that somebody has still to decide on.

    Args:
        member_id: only those about this member.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError: FIRST is not served.
    """
    require_people(viewer, workspace)
    check_size(first)
    rows = fetch_all(_OPEN, {"workspace": workspace.pk, "first": first, "member": member_id})
    suggestions = MergeSuggestion.objects.in_bulk([pk for pk, _, _ in rows])
    members = Member.objects.in_bulk([member for _, *pair in rows for member in pair])
    return [OpenSuggestion(suggestions[pk], members[a], members[b]) for pk, a, b in rows]


def members_of(pair: MemberMerge | MergeSuggestion) -> tuple[Member, Member]:
    """Return the members of today that the two home members of a pair are part of.

    PAIR comes from a service that asked for the viewer.
    """
    if isinstance(pair, MemberMerge):
        first, second = pair.kept_id, pair.merged_id
    else:
        first, second = pair.first_id, pair.second_id
    accounts = Identity.objects.filter(home_member__in=(first, second)).select_related("member")
    found = {account.home_member_id: account.member for account in accounts}
    return found[first], found[second]


def merge_for(viewer: Viewer, workspace: Workspace, merge_id: int) -> MemberMerge:
    """Return one merge, undone or not.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MergeNotFoundError: WORKSPACE has no such merge.
    """
    require_people(viewer, workspace)
    merge = workspace.member_merges.filter(pk=merge_id).first()
    if merge is None:
        raise MergeNotFoundError("There is no such merge, or it was undone already.")
    return merge


def member_merges(viewer: Viewer, workspace: Workspace, member_id: int) -> list[MemberMerge]:
    """Return the merges that a member consists of, with who made them and why, the oldest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    homes = workspace.identities.filter(member=member_id).values("home_member")
    merges = workspace.member_merges.filter(undone_at=None, kept__in=homes)
    return list(_with_accounts(merges).order_by("pk"))


def member_merges_undone(viewer: Viewer, workspace: Workspace, member_id: int) -> list[MemberMerge]:
    """Return the merges of a member that were taken back, the last first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    homes = workspace.identities.filter(member=member_id).values("home_member")
    merges = workspace.member_merges.filter(
        Q(kept__in=homes) | Q(merged__in=homes),
        undone_at__isnull=False,
        kept__erased_at=None,
        merged__erased_at=None,
    )
    return list(_with_accounts(merges).order_by("-undone_at", "-pk")[:MOST_UNDONE])


def member_overview(viewer: Viewer, workspace: Workspace, member_id: int) -> MemberOverview:
    """Return all that is shown of a member.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: WORKSPACE has no such member.
    """
    require_people(viewer, workspace)
    return overview_of(member_id, _accounts(workspace, member_id))


def merge_preview(
    viewer: Viewer, workspace: Workspace, *, kept_id: int, merged_id: int
) -> MemberOverview:
    """Return what would be shown of two members if the second were merged into the first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: one of them is not a member of WORKSPACE.
    """
    require_people(viewer, workspace)
    kept, merged = _accounts(workspace, kept_id), _accounts(workspace, merged_id)
    return overview_of(kept_id, [*kept, *merged] if kept_id != merged_id else kept)


def _with_accounts(merges: QuerySet[MemberMerge]) -> QuerySet[MemberMerge]:
    return merges.select_related(
        "kept__home_identity__member",
        "merged__home_identity__member",
        "actor",
        "undone_by",
    )


def _accounts(workspace: Workspace, member_id: int) -> Sequence[Identity]:
    accounts = workspace.identities.filter(member=member_id, member__erased_at=None)
    found = list(accounts.select_related("home_member", "member"))
    if not found:
        raise MemberNotFoundError("There is no such member.")
    return found
