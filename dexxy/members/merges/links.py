"""Automatic links between members: many at once, and never against what somebody decided."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dexxy.accounts.models import AuditEntry
from dexxy.common.sql import fetch_all
from dexxy.members.merges.components import members_regroup
from dexxy.members.models import Identity, Member, MemberMerge

_BATCH = 5000
# Undone merges and rejected suggestions: pairs that somebody said are not the same.
_APART = """
SELECT f.member_id, s.member_id
FROM (
    SELECT kept_id AS first_id, merged_id AS second_id FROM members_membermerge
    WHERE workspace_id = %(workspace)s AND undone_at IS NOT NULL
    UNION ALL
    SELECT first_id, second_id FROM members_mergesuggestion
    WHERE workspace_id = %(workspace)s AND state = 'rejected'
) pair
JOIN members_identity f ON f.home_member_id = pair.first_id
JOIN members_identity s ON s.home_member_id = pair.second_id
WHERE f.member_id <> s.member_id
"""
_OF_NO_PERSON = """
UPDATE members_membermerge e
SET undone_at = now(), updated_at = now()
FROM members_identity i
WHERE e.workspace_id = %(workspace)s AND i.id = ANY(%(identities)s) AND i.kind <> 'user'
  AND i.home_member_id IN (e.kept_id, e.merged_id) AND e.is_automatic AND e.undone_at IS NULL
RETURNING e.kept_id, e.merged_id
"""
_MARK_BOTS = """
UPDATE members_member m
SET is_bot = true, updated_at = now()
FROM (
    SELECT m.id, i.id AS identity_id
    FROM members_identity i JOIN members_member m ON m.id = i.home_member_id
    WHERE i.id = ANY(%(identities)s) AND i.kind = 'bot' AND NOT m.is_bot
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) bot
WHERE m.id = bot.id
RETURNING bot.identity_id
"""


@dataclass(frozen=True, slots=True)
class Link:
    """Two home members that are one person by strong evidence."""

    first: int
    second: int
    confidence: float
    evidence: Sequence[dict[str, Any]]


def links_add(workspace_id: int, links: Iterable[Link]) -> list[int]:
    """Merge what LINKS say, but for locked members and for whom somebody held apart.

    The caller holds `merges_lock`.

    Returns: the identities whose threads must be settled again.
    """
    ordered = sorted(links, key=lambda link: (-link.confidence, link.first, link.second))
    if not ordered:
        return []
    added = _joinable(workspace_id, ordered)
    merges = [
        MemberMerge(
            workspace_id=workspace_id,
            kept_id=min(link.first, link.second),  # whom the team has known for longer
            merged_id=max(link.first, link.second),
            is_automatic=True,
            evidence=list(link.evidence),
        )
        for link in added
    ]
    MemberMerge.objects.bulk_create(merges, batch_size=_BATCH)
    _audit(workspace_id, merges)
    return members_regroup(home for link in added for home in (link.first, link.second))


def links_withdraw(workspace_id: int, identity_ids: Sequence[int]) -> list[int]:
    """Undo the automatic links of accounts that turned out to be no person's.

    The caller holds `merges_lock`.

    Returns: the identities whose threads must be settled again.
    """
    params = {"workspace": workspace_id, "identities": list(identity_ids)}
    undone = fetch_all(_OF_NO_PERSON, params)
    return members_regroup(home for pair in undone for home in pair) if undone else []


def bots_mark(identity_ids: Sequence[int]) -> list[int]:
    """Let the members of accounts that turned out to be bots be bots.

    Returns: their identities.
    """
    return [pk for (pk,) in fetch_all(_MARK_BOTS, {"identities": list(identity_ids)})]


def _joinable(workspace_id: int, links: Sequence[Link]) -> list[Link]:
    """Return those of LINKS that may be made, one after the other."""
    homes = sorted({home for link in links for home in (link.first, link.second)})
    groups = _Groups(workspace_id, homes)
    return [link for link in links if groups.join(link.first, link.second)]


class _Groups:
    """Members as they grow together, and who must stay apart."""

    def __init__(self, workspace_id: int, homes: Sequence[int]) -> None:
        of_home = Identity.objects.filter(home_member__any=homes)
        self._member = dict(of_home.values_list("home_member_id", "member_id"))
        locked = Identity.objects.filter(
            home_member__workspace=workspace_id, home_member__is_locked=True
        )
        self._locked = set(locked.values_list("member_id", flat=True))
        self._into: dict[int, int] = {}
        self._apart: defaultdict[int, set[int]] = defaultdict(set)
        for first, second in fetch_all(_APART, {"workspace": workspace_id}):
            self._apart[first].add(second)
            self._apart[second].add(first)

    def join(self, first: int, second: int) -> bool:
        """Join the members of two home members. Returns whether they were two, and may be one."""
        a, b = self._now(self._member[first]), self._now(self._member[second])
        apart = {self._now(other) for other in self._apart[a]}
        if a == b or b in apart or not self._locked.isdisjoint((a, b)):
            return False
        self._into[b] = a
        self._apart[a] |= self._apart.pop(b, set())
        return True

    def _now(self, member: int) -> int:
        while member in self._into:
            member = self._into[member]
        return member


def _audit(workspace_id: int, merges: Sequence[MemberMerge]) -> None:
    entries = [
        AuditEntry(
            workspace_id=workspace_id,
            action="member.linked",
            target_type=Member._meta.label_lower,
            target_id=str(merge.kept_id),
            details={"merge": merge.pk, "merged": merge.merged_id},
        )
        for merge in merges
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=_BATCH)
