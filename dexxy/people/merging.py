"""Merge and unmerge people, and let their threads know who answered whom.

A thread's first response is by somebody else than its author: who is one person decides that. So
what regroups people and what settles threads are one transaction. No message is rewritten.
"""

from collections.abc import Iterable, Sequence

from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.accounts.services import audit
from dexxy.common.sql import fetch_all
from dexxy.members.imports.stated_accounts import stated_meet
from dexxy.members.merges import by_hand, suggestion_answers
from dexxy.members.merges.components import merges_lock
from dexxy.members.merges.links import Link, bots_mark, links_add, links_withdraw
from dexxy.members.models import Identity, Member, MemberMerge
from dexxy.messages.changes.noting import members_note
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.ingest.stored_threads import threads_lock
from dexxy.messages.models import ChangeKind

_BATCH = 2000
# An answer counts if it is another member's than the author's: both are among those regrouped. And
# if it is no bot's, wherever it stands: a bot's account makes a person's one a bot's, and back.
_OPENED_BY = """
SELECT t.id
FROM messages_thread t
WHERE t.workspace_id = %(workspace)s AND t.author_id = ANY(%(identities)s)
ORDER BY t.source_id, t.kind, t.number
"""
_SPOKEN_IN_BY = """
SELECT t.id
FROM messages_thread t
WHERE t.id IN (
    SELECT m.thread_id FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.author_id = ANY(%(identities)s)
      AND NOT m.is_archived AND m.in_feed
)
ORDER BY t.source_id, t.kind, t.number
"""


@transaction.atomic
def people_merge(*, actor: User, workspace: Workspace, kept_id: int, merged_id: int) -> MemberMerge:
    """Make two members one, as `by_hand.members_merge` does, and settle their threads."""
    merge, regrouped = by_hand.members_merge(
        actor=actor, workspace=workspace, kept_id=kept_id, merged_id=merged_id
    )
    _regrouped(workspace.pk, ChangeKind.MERGED, regrouped)
    return merge


@transaction.atomic
def people_unmerge(*, actor: User, workspace: Workspace, merge_id: int) -> MemberMerge:
    """Take a merge back, as `by_hand.merge_undo` does, and settle their threads."""
    merge, regrouped = by_hand.merge_undo(actor=actor, workspace=workspace, merge_id=merge_id)
    _regrouped(workspace.pk, ChangeKind.UNMERGED, regrouped)
    return merge


@transaction.atomic
def people_accept(
    *, actor: User, workspace: Workspace, suggestion_id: int, kept_id: int | None = None
) -> MemberMerge:
    """Accept a suggestion, as `suggestion_answers.suggestion_accept` does, and settle threads."""
    merge, regrouped = suggestion_answers.suggestion_accept(
        actor=actor, workspace=workspace, suggestion_id=suggestion_id, kept_id=kept_id
    )
    _regrouped(workspace.pk, ChangeKind.MERGED, regrouped)
    return merge


@transaction.atomic
def people_link(workspace_id: int, links: Iterable[Link]) -> int:
    """Merge what strong evidence says, as `links.links_add` does, and settle threads.

    Returns: how many accounts are in the members that grew.
    """
    merges_lock(workspace_id)
    regrouped = links_add(workspace_id, links)
    _regrouped(workspace_id, ChangeKind.MERGED, regrouped)
    return len(regrouped)


@transaction.atomic
def people_meet(workspace_id: int, identity_ids: Sequence[int]) -> None:
    """Link the accounts that an import stated, where they are among IDENTITY_IDS."""
    merges_lock(workspace_id)
    people_link(workspace_id, stated_meet(workspace_id, identity_ids))


def people_unlink(workspace_id: int, identity_ids: Sequence[int]) -> None:
    """Part from people the accounts that turned out to be no person's, and settle their threads.

    In two transactions, each of which takes its locks in order: accounts, members, threads.
    """
    with transaction.atomic():
        merges_lock(workspace_id)
        regrouped = links_withdraw(workspace_id, identity_ids)
        _regrouped(workspace_id, ChangeKind.UNMERGED, regrouped)
    with transaction.atomic():
        merges_lock(workspace_id)
        bots = bots_mark(identity_ids)
        _renatured(workspace_id, bots)


@transaction.atomic
def person_set_bot(*, actor: User, workspace: Workspace, member_id: int, is_bot: bool) -> Member:
    """Say that a member is a bot, or is not: what a bot says is no response.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        MemberNotFoundError: it is not a member of WORKSPACE.
        MembersNotAlikeError: it is merged with others, who would become bots with it.
    """
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    member = by_hand.member_with_one_account(workspace, member_id)
    if member.is_bot != is_bot:
        member.is_bot = is_bot
        member.save(update_fields=["is_bot", "updated_at"])
        audit(workspace, actor, "member.marked_bot" if is_bot else "member.marked_person", member)
        _renatured(workspace.pk, list(member.identities.values_list("pk", flat=True)))
    return member


def _regrouped(workspace_id: int, kind: ChangeKind, identity_ids: Sequence[int]) -> None:
    """Settle the threads of accounts that belong to other members now, and note those."""
    _settle(workspace_id, _OPENED_BY, identity_ids)
    homes = Member.objects.filter(home_identity__in=identity_ids)
    if len(set(homes.values_list("is_bot", flat=True))) > 1:
        _settle(workspace_id, _SPOKEN_IN_BY, identity_ids)
    members_note(workspace_id, kind, identity_ids)


def _renatured(workspace_id: int, identity_ids: Sequence[int]) -> None:
    """Settle the threads of members that are bots now, or persons, and note them.

    Args:
        identity_ids: one account of each; others are merged with it.
    """
    members = Identity.objects.filter(pk__in=identity_ids).values("member")
    accounts = Identity.objects.filter(workspace=workspace_id, member__in=members)
    _settle(workspace_id, _SPOKEN_IN_BY, list(accounts.values_list("pk", flat=True)))
    members_note(workspace_id, ChangeKind.EDITED, identity_ids)


def _settle(workspace_id: int, statement: str, identity_ids: Sequence[int]) -> None:
    params = {"workspace": workspace_id, "identities": list(identity_ids)}
    threads = [pk for (pk,) in fetch_all(statement, params)]
    for start in range(0, len(threads), _BATCH):
        batch = threads[start : start + _BATCH]
        threads_lock(batch)
        threads_settle(batch)
