"""What there is to decide about members, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, check_size
from dexxy.common.sql import fetch_all
from dexxy.members.models import Identity, Member, MemberMerge, MergeSuggestion
from dexxy.members.profile import Profile, profile_of
from dexxy.members.selectors import MemberNotFoundError

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
SELECT id, a, b FROM best ORDER BY score DESC, id LIMIT %(first)s
"""


@dataclass(frozen=True, slots=True)
class OpenSuggestion:
    """A suggestion, and the two members of today that it would make one."""

    suggestion: MergeSuggestion
    first: Member
    second: Member


def suggestion_list(
    viewer: Viewer, workspace: Workspace, first: int = PAGE
) -> list[OpenSuggestion]:
    """Return the FIRST most certain suggestions that somebody has still to decide on.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError: FIRST is not served.
    """
    require_membership(viewer, workspace)
    check_size(first)
    rows = fetch_all(_OPEN, {"workspace": workspace.pk, "first": first})
    suggestions = MergeSuggestion.objects.in_bulk([pk for pk, _, _ in rows])
    members = Member.objects.in_bulk([member for _, *pair in rows for member in pair])
    return [OpenSuggestion(suggestions[pk], members[a], members[b]) for pk, a, b in rows]


def member_merges(viewer: Viewer, workspace: Workspace, member_id: int) -> list[MemberMerge]:
    """Return the merges that a member consists of, with who made them and why, the oldest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    homes = workspace.identities.filter(member=member_id).values("home_member")
    merges = workspace.member_merges.filter(undone_at=None, kept__in=homes)
    return list(merges.select_related("kept", "merged", "actor").order_by("pk"))


def member_profile(viewer: Viewer, workspace: Workspace, member_id: int) -> Profile:
    """Return what is shown of a member.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: WORKSPACE has no such member.
    """
    require_membership(viewer, workspace)
    return profile_of(_made_of(workspace, member_id))


def merge_preview(viewer: Viewer, workspace: Workspace, *, kept_id: int, merged_id: int) -> Profile:
    """Return what would be shown of two members if the second were merged into the first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: one of them is not a member of WORKSPACE.
    """
    require_membership(viewer, workspace)
    return profile_of([*_made_of(workspace, kept_id), *_made_of(workspace, merged_id)])


def _made_of(workspace: Workspace, member_id: int) -> Sequence[Member]:
    """Return the home members of a member: its own first, then the others, the oldest first."""
    accounts = Identity.objects.filter(workspace=workspace, member=member_id)
    homes = [account.home_member for account in accounts.select_related("home_member")]
    if not homes:
        raise MemberNotFoundError("There is no such member.")
    return sorted(homes, key=lambda home: (home.pk != member_id, home.pk))
