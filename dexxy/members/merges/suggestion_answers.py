"""Suggestions that two members are one person: kept up to date, accepted, or rejected.

A row is about two home members and depends on their accounts alone. Whether it is worth showing,
because they are not one by other ways and nobody holds them apart, is looked up when it is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import require_membership
from dexxy.accounts.services import audit
from dexxy.common.errors import NotFoundError
from dexxy.common.sql import Rows, execute
from dexxy.members.merges.by_hand import members_merge
from dexxy.members.merges.components import merges_lock
from dexxy.members.models import MemberMerge, MergeSuggestion, SuggestionState

_COLUMNS = {"first_id": "bigint", "second_id": "bigint", "score": "float8", "evidence": "jsonb"}
_UPSERT = """
INSERT INTO members_mergesuggestion AS s (
    workspace_id, first_id, second_id, score, evidence, state, created_at, updated_at)
SELECT %(workspace)s, first_id, second_id, score, evidence, 'open', now(), now() FROM {rows}
ON CONFLICT (workspace_id, first_id, second_id) DO UPDATE SET
    score = excluded.score, evidence = excluded.evidence, updated_at = now()
WHERE s.state = 'open'
  AND (s.score, s.evidence) IS DISTINCT FROM (excluded.score, excluded.evidence)
"""
_WITHDRAW = """
DELETE FROM members_mergesuggestion s USING {rows}
WHERE s.workspace_id = %(workspace)s AND s.state = 'open'
  AND s.first_id = r.first_id AND s.second_id = r.second_id
"""


class SuggestionNotFoundError(NotFoundError):
    """The workspace has no such open suggestion."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """Two home members, the older first, and why they may be one."""

    first: int
    second: int
    confidence: float
    evidence: Sequence[dict[str, Any]]


def suggestions_apply(
    workspace_id: int, *, made: Iterable[Suggested], withdrawn: Iterable[tuple[int, int]]
) -> None:
    """Store open suggestions as the accounts now give them; what was decided stays."""
    params = {"workspace": workspace_id}
    # In the order of the keys: nobody waits in a ring.
    rows = sorted((s.first, s.second, round(s.confidence, 4), list(s.evidence)) for s in made)
    execute(_UPSERT, params, Rows(_COLUMNS, rows))
    pairs = [(*pair, None, None) for pair in sorted(withdrawn)]
    execute(_WITHDRAW, params, Rows(_COLUMNS, pairs))


@transaction.atomic
def suggestion_accept(
    *, actor: User, workspace: Workspace, suggestion_id: int, kept_id: int | None = None
) -> tuple[MemberMerge, list[int]]:
    """Merge the two members of a suggestion.

    Args:
        kept_id: which of the two home members is kept; the older if not said.

    Returns: the merge, and the identities whose threads must be settled again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        SuggestionNotFoundError: WORKSPACE has no such open suggestion.
        MembersAlreadyOneError, MembersNotAlikeError, MemberLockedError: they cannot be merged.
    """
    suggestion = _open(actor, workspace, suggestion_id)
    pair = [suggestion.first_id, suggestion.second_id]
    if kept_id == suggestion.second_id:
        pair.reverse()
    merged = members_merge(
        actor=actor,
        workspace=workspace,
        kept_id=pair[0],
        merged_id=pair[1],
        evidence=suggestion.evidence,
    )
    _decide(suggestion, SuggestionState.ACCEPTED, actor)
    return merged


@transaction.atomic
def suggestion_reject(*, actor: User, workspace: Workspace, suggestion_id: int) -> MergeSuggestion:
    """Remember that the two members of a suggestion are not one person.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        SuggestionNotFoundError: WORKSPACE has no such open suggestion.
    """
    suggestion = _open(actor, workspace, suggestion_id)
    _decide(suggestion, SuggestionState.REJECTED, actor)
    other = suggestion.second_id
    audit(workspace, actor, "member.held_apart", suggestion.first, other=other)
    return suggestion


@transaction.atomic
def suggestion_reopen(*, actor: User, workspace: Workspace, suggestion_id: int) -> MergeSuggestion:
    """Take a rejection back: the two of a suggestion are to be decided on again.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: ACTOR is not in WORKSPACE.
        SuggestionNotFoundError: WORKSPACE has no such rejected suggestion.
    """
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    rejected = workspace.merge_suggestions.filter(state=SuggestionState.REJECTED)
    suggestion = rejected.select_related("first").filter(pk=suggestion_id).first()
    if suggestion is None:
        raise SuggestionNotFoundError(
            _("There is no such suggestion, or it is open again already.")
        )
    suggestion.state, suggestion.decided_by, suggestion.decided_at = (
        SuggestionState.OPEN,
        None,
        None,
    )
    suggestion.save(update_fields=["state", "decided_by", "decided_at", "updated_at"])
    other = suggestion.second_id
    audit(workspace, actor, "member.not_held_apart", suggestion.first, other=other)
    return suggestion


def _open(actor: User, workspace: Workspace, suggestion_id: int) -> MergeSuggestion:
    require_membership(actor, workspace)
    merges_lock(workspace.pk)
    open_ones = workspace.merge_suggestions.filter(state=SuggestionState.OPEN)
    suggestion = open_ones.select_related("first").filter(pk=suggestion_id).first()
    if suggestion is None:
        raise SuggestionNotFoundError(_("There is no such suggestion, or it was decided already."))
    return suggestion


def _decide(suggestion: MergeSuggestion, state: SuggestionState, actor: User) -> None:
    suggestion.state, suggestion.decided_by, suggestion.decided_at = state, actor, timezone.now()
    suggestion.save(update_fields=["state", "decided_by", "decided_at", "updated_at"])
