"""What was decided about members, and what they consist of."""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.members.merges.by_hand import MergeNotFoundError
from dexxy.members.models import Identity, Member, MemberMerge, MergeSuggestion
from dexxy.members.notes import notes_of
from dexxy.members.overviews import MemberOverview, overview_of
from dexxy.members.who_may_see import MemberNotFoundError, require_people

# Of the merges that were taken back, how many are told.
MOST_UNDONE = 20


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
        raise MergeNotFoundError(_("There is no such merge, or it was undone already."))
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
    return _overview(member_id, _accounts(workspace, member_id))


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
    return _overview(kept_id, [*kept, *merged] if kept_id != merged_id else kept)


def _overview(member_id: int, accounts: Sequence[Identity]) -> MemberOverview:
    homes = [account.home_member_id for account in accounts]
    return overview_of(member_id, accounts, notes_of(homes))


def _with_accounts(merges: QuerySet[MemberMerge]) -> QuerySet[MemberMerge]:
    return merges.select_related(
        "kept__home_identity__member",
        "merged__home_identity__member",
        "actor",
        "undone_by",
    )


def _accounts(workspace: Workspace, member_id: int) -> Sequence[Identity]:
    accounts = workspace.identities.filter(member=member_id, member__erased_at=None)
    found = list(accounts.select_related("home_member", "member__summary"))
    if not found:
        raise MemberNotFoundError(_("There is no such member."))
    return found
