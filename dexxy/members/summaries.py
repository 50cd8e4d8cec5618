"""Say whose summaries are to be counted again; `messages/summaries` does that."""

from collections.abc import Collection

from dexxy.common.sql import execute

# Somebody who said much is counted less often: to count a message takes a few microseconds, so
# that takes a thousandth of the time at most.
_DUE = """
INSERT INTO members_membersummary AS s (member_id, workspace_id, due_at)
SELECT m.id, m.workspace_id, now() FROM members_member m
WHERE m.workspace_id = %(workspace)s AND {which}
ORDER BY m.id
ON CONFLICT (member_id) DO UPDATE
SET due_at = least(
    s.due_at, greatest(excluded.due_at, s.counted_at + s.messages * interval '5 milliseconds'))
WHERE s.due_at IS NULL OR s.due_at > now()
"""
_THESE = _DUE.format(which="m.id = ANY(%(members)s)")
_ALL = _DUE.format(which="true")
# Whoever these accounts belong to, and whoever they would belong to if nobody had been merged.
_OF_ACCOUNTS = _DUE.format(
    which="""m.id IN (
    SELECT one.id FROM members_identity i, unnest(ARRAY[i.member_id, i.home_member_id]) AS one(id)
    WHERE i.workspace_id = %(workspace)s AND i.id = ANY(%(accounts)s))"""
)
_OF_MERGED = _DUE.format(
    which="""m.id IN (
    SELECT one.id FROM members_identity i, unnest(ARRAY[i.member_id, i.home_member_id]) AS one(id)
    WHERE i.workspace_id = %(workspace)s AND i.member_id = ANY(%(members)s))"""
)


def summaries_due(workspace_id: int, member_ids: Collection[int]) -> None:
    """Let some members be counted again soon."""
    if member_ids:
        execute(_THESE, {"workspace": workspace_id, "members": list(member_ids)})


def summaries_due_of_accounts(workspace_id: int, identity_ids: Collection[int]) -> None:
    """Let the members be counted again to whom some accounts belong, or did."""
    if identity_ids:
        execute(_OF_ACCOUNTS, {"workspace": workspace_id, "accounts": list(identity_ids)})


def summaries_due_of_merged(workspace_id: int, member_ids: Collection[int]) -> None:
    """Let some members be counted again, and whoever was merged into them."""
    if member_ids:
        execute(_OF_MERGED, {"workspace": workspace_id, "members": list(member_ids)})


def summaries_due_everywhere(workspace_id: int) -> None:
    """Let all members of a workspace be counted again; those who have no summary get one."""
    execute(_ALL, {"workspace": workspace_id})
