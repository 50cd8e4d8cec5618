"""Which home members are one member: a pure function of the live merges.

Merges are edges between home members, and the members of today are what they connect. Nothing
else is stored of a merge, so taking an edge away is exact, whatever came in between.
"""

from collections.abc import Iterable, Sequence

from django.db.models import Q

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.activity_times import members_retime
from dexxy.members.models import Identity, MemberMerge

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('merges', %(workspace)s))"
_MEMBER_COLUMNS = {"home_id": "bigint", "member_id": "bigint"}
# In the order of the keys, as all who write accounts lock them.
_MOVE = """
UPDATE members_identity i
SET member_id = moved.member_id
FROM (
    SELECT i.id, r.member_id
    FROM {rows} JOIN members_identity i ON i.home_member_id = r.home_id
    WHERE i.member_id <> r.member_id
    ORDER BY i.external_id
    FOR NO KEY UPDATE OF i
) moved
WHERE i.id = moved.id
"""


def merges_lock(workspace_id: int) -> None:
    """Let nobody else merge or unmerge in a workspace until the transaction ends."""
    fetch_all(_LOCK, {"workspace": workspace_id})


def members_regroup(home_ids: Iterable[int]) -> list[int]:
    """Give the identities around HOME_IDS the members that the live merges make of them.

    Returns: the identities of all members that may have gained or lost any.
    """
    members = sorted(set(home_ids))
    roots = components(members, _edges_around(members))
    rows = Rows(_MEMBER_COLUMNS, sorted(roots.items()))
    execute(_MOVE, {}, rows)
    members_retime(member_ids=roots)
    return list(Identity.objects.filter(home_member__any=roots).values_list("pk", flat=True))


def _edges_around(members: Iterable[int]) -> list[Sequence[int]]:
    """Return the live merges that are connected with MEMBERS, the oldest first.

    A breadth-first search with one query a step. Not a recursive query: its plan is a matter of
    luck while a first import or sync fills the table.
    """
    edges: dict[int, Sequence[int]] = {}
    seen, step = set[int](), set(members)
    while step:
        seen |= step
        touching = Q(kept__any=step) | Q(merged__any=step)
        found = MemberMerge.objects.filter(touching, undone_at=None)
        ends = {pk: edge for pk, *edge in found.values_list("pk", "kept_id", "merged_id")}
        edges |= ends
        step = {member for edge in ends.values() for member in edge} - seen
    return [edges[pk] for pk in sorted(edges)]


def components(members: Iterable[int], edges: Sequence[Sequence[int]]) -> dict[int, int]:
    """Return the member that each of MEMBERS, and of those in EDGES, is part of.

    Args:
        edges: kept and merged, oldest first; the merged one's becomes part of the kept one's.
    """
    above: dict[int, int] = {}

    def root(member: int) -> int:
        path = []
        while member in above:
            path.append(member)
            member = above[member]
        above.update(dict.fromkeys(path, member))
        return member

    for kept, merged in edges:
        if root(kept) != root(merged):
            above[root(merged)] = root(kept)
    everyone = {*members, *(member for edge in edges for member in edge)}
    return {member: root(member) for member in everyone}
