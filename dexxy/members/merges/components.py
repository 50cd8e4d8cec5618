"""Which home members are one member: a pure function of the live merges.

Merges are edges between home members, and the members of today are what they connect. Nothing
else is stored of a merge, so taking an edge away is exact, whatever came in between.
"""

from collections.abc import Iterable, Sequence

from dexxy.common.sql import Rows, execute, fetch_all

Edge = tuple[int, int]

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('merges', %(workspace)s))"
_EDGES = """
SELECT id, kept_id, merged_id FROM members_membermerge
WHERE undone_at IS NULL AND (kept_id = ANY(%(members)s) OR merged_id = ANY(%(members)s))
"""
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
_RECOUNT = """
UPDATE members_member m
SET first_seen_at = seen.first_at, last_seen_at = seen.last_at
FROM (
    SELECT m.id, c.first_at, c.last_at
    FROM {rows}
    JOIN members_member m ON m.id = r.home_id
    LEFT JOIN LATERAL (
        SELECT min(first_seen_at) AS first_at, max(last_seen_at) AS last_at
        FROM members_identity WHERE member_id = m.id
    ) c ON true
    WHERE (m.first_seen_at, m.last_seen_at) IS DISTINCT FROM (c.first_at, c.last_at)
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) seen
WHERE m.id = seen.id
"""
_IDENTITIES = "SELECT id FROM members_identity WHERE home_member_id = ANY(%(members)s)"


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
    execute(_RECOUNT, {}, rows)
    return [pk for (pk,) in fetch_all(_IDENTITIES, {"members": list(roots)})]


def _edges_around(members: Iterable[int]) -> list[Edge]:
    """Return the live merges that are connected with MEMBERS, the oldest first.

    A step from each to the next, of all at once: no recursive query, whose plan is a matter of
    luck while a first import or sync fills the table.
    """
    edges: dict[int, Edge] = {}
    seen, step = set[int](), set(members)
    while step:
        seen |= step
        found = fetch_all(_EDGES, {"members": sorted(step)})
        edges.update({pk: (kept, merged) for pk, kept, merged in found})
        step = {member for _, *ends in found for member in ends} - seen
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
