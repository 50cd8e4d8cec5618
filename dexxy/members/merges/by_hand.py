"""Merge members by hand, and take any merge back."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError, DexxyError, NotFoundError
from dexxy.members.merges.components import members_regroup, merges_lock
from dexxy.members.models import Identity, IdentityKind, Member, MemberMerge
from dexxy.members.who_may_see import MemberNotFoundError

BY_HAND = {
    "rule": "by_hand",
    "weight": None,
    "sentence": gettext_noop("Somebody of the team merged them."),
}


class MergeNotFoundError(NotFoundError):
    """The workspace has no such merge, or it was undone already."""


class MembersAlreadyOneError(BadInputError):
    """Two that should be merged are one member already."""


class MembersNotAlikeError(BadInputError):
    """A person and a bot, or an organization, are never one."""


class MemberLockedError(DexxyError):
    """A member is locked against merging and unmerging."""

    code = "member_locked"


@transaction.atomic
def members_merge(
    *,
    actor: User,
    workspace: Workspace,
    kept_id: int,
    merged_id: int,
    evidence: Sequence[dict[str, Any]] = (BY_HAND,),
) -> tuple[MemberMerge, list[int]]:
    """Make two members one, in which what is known of the kept one comes first.

    Returns: the merge, and the identities whose threads must be settled again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        MemberNotFoundError: one of them is not a member of WORKSPACE.
        MembersAlreadyOneError, MembersNotAlikeError, MemberLockedError: they cannot be merged.
    """
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    _require_mergeable(workspace, kept_id, merged_id)
    merge = MemberMerge.objects.create(
        workspace=workspace,
        kept_id=kept_id,
        merged_id=merged_id,
        actor=actor,
        evidence=list(evidence),
    )
    settle = members_regroup([kept_id, merged_id])
    audit(workspace, actor, "member.merged", merge.kept, merge=merge.pk, merged=merged_id)
    return merge, settle


@transaction.atomic
def merge_undo(
    *, actor: User, workspace: Workspace, merge_id: int
) -> tuple[MemberMerge, list[int]]:
    """Take a merge back: its two sides are two members again, and no rule will join them.

    Returns: the merge, and the identities whose threads must be settled again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        MergeNotFoundError: WORKSPACE has no such merge that is not undone.
        MemberLockedError: the member is locked.
    """
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    merge = workspace.member_merges.filter(pk=merge_id, undone_at=None).first()
    if merge is None:
        raise MergeNotFoundError(_("There is no such merge, or it was undone already."))
    _require_unlocked(_accounts_of(workspace, [merge.kept_id]))
    merge.undone_at, merge.undone_by = timezone.now(), actor
    merge.save(update_fields=["undone_at", "undone_by", "updated_at"])
    settle = members_regroup([merge.kept_id, merge.merged_id])
    audit(workspace, actor, "member.unmerged", merge.kept, merge=merge.pk, merged=merge.merged_id)
    return merge, settle


@transaction.atomic
def member_set_locked(
    *, actor: User, workspace: Workspace, member_id: int, is_locked: bool
) -> Member:
    """Lock a member against merging and unmerging, or unlock it: whole, as it is today.

    Args:
        member_id: the member, or one that was merged into it.

    Returns: the member of today.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        MemberNotFoundError: it is not a member of WORKSPACE.
    """
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    accounts = _accounts_of(workspace, [member_id])
    if not accounts:
        raise MemberNotFoundError(_("There is no such member."))
    member = accounts[0].member
    # A member is locked if any of its home members is.
    locked = [account.home_member_id for account in accounts if account.home_member.is_locked]
    if bool(locked) != is_locked:
        if not is_locked:
            _compare_again(accounts)
        _mark_locked([member.pk] if is_locked else locked, is_locked)
        audit(workspace, actor, "member.locked" if is_locked else "member.unlocked", member)
    return member


def _compare_again(accounts: Sequence[Identity]) -> None:
    """Let what a lock kept apart be compared again."""
    due = Identity.objects.filter(pk__in=[account.pk for account in accounts])
    list(due.select_for_update().order_by("external_id"))
    due.update(compared_at=None)


def _mark_locked(home_ids: Sequence[int], is_locked: bool) -> None:
    homes = Member.objects.filter(pk__in=home_ids)
    list(homes.select_for_update(no_key=True).order_by("pk"))
    homes.update(is_locked=is_locked, updated_at=timezone.now())


def member_with_one_account(workspace: Workspace, member_id: int) -> Member:
    """Return a member that nobody is merged with.

    Raises:
        MemberNotFoundError: WORKSPACE has no such member.
        MembersNotAlikeError: others are merged with it.
    """
    accounts = _accounts_of(workspace, [member_id])
    if not accounts:
        raise MemberNotFoundError(_("There is no such member."))
    if len(accounts) > 1:
        raise MembersNotAlikeError(_("Others are merged with this member. Take that back first."))
    return accounts[0].home_member


def _require_mergeable(workspace: Workspace, kept_id: int, merged_id: int) -> None:
    accounts = _accounts_of(workspace, [kept_id, merged_id])
    if not {kept_id, merged_id} <= {account.home_member_id for account in accounts}:
        raise MemberNotFoundError(_("There is no such member."))
    if len({account.member_id for account in accounts}) == 1:
        raise MembersAlreadyOneError(_("They are one member already."))
    if len(set(map(_nature, accounts))) > 1:
        raise MembersNotAlikeError(_("A person is never one with a bot or an organization."))
    _require_unlocked(accounts)


def _require_unlocked(accounts: Sequence[Identity]) -> None:
    for account in accounts:
        if account.home_member.is_locked:
            raise MemberLockedError(
                _("{name} is locked. Unlock the member first.").format(name=account.home_member)
            )


def _accounts_of(workspace: Workspace, home_ids: Sequence[int]) -> list[Identity]:
    """Return all accounts of the members that HOME_IDS are part of."""
    members = workspace.identities.filter(home_member__in=home_ids, member__erased_at=None).values(
        "member"
    )
    accounts = workspace.identities.filter(member__in=members)
    return list(accounts.select_related("home_member", "member").order_by("pk"))


def _nature(account: Identity) -> str:
    return IdentityKind.BOT if account.home_member.is_bot else account.kind
