"""Who belongs to the team of a workspace, and when.

What people decided comes first, then who says that they are a member, then what acts say.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.messages.models import TeamStint
from dexxy.messages.team.stints import Stint, stints_with

# The primary key of a member of today -> their stints, the oldest first.
Roster = Mapping[int, list[Stint]]

_BEGINNING = datetime.min.replace(tzinfo=UTC)

# What needs a maintainer's rights, done in somebody else's thread by a person.
_ACTS = """
SELECT author.member_id, m.occurred_at
FROM messages_message m
JOIN members_identity author ON author.id = m.author_id
JOIN members_member member ON member.id = author.member_id AND NOT member.is_bot
JOIN messages_thread t ON t.id = m.thread_id AND NOT t.is_archived
LEFT JOIN members_identity opener ON opener.id = t.author_id
WHERE m.workspace_id = %(workspace)s AND NOT m.is_archived
  AND m.kind IN ('closed', 'reopened', 'merged', 'answered')
  AND opener.member_id IS DISTINCT FROM author.member_id
"""
_OF_THREADS = f"{_ACTS} AND m.thread_id = ANY(%(threads)s)"
_OF_MEMBERS = f"{_ACTS} AND author.member_id = ANY(%(members)s)"
_WRITE = """
INSERT INTO messages_teamstint (workspace_id, member_id, since, until)
SELECT %(workspace)s, r.member_id, r.since, r.until FROM {rows}
"""
_STINT_COLUMNS = {"member_id": "bigint", "since": "timestamptz", "until": "timestamptz"}
# A decision about an account's home member is one about the member whom it belongs to today.
_DECISIONS = """
SELECT i.member_id, d.is_on_team, d.since, d.until
FROM messages_teamdecision d
JOIN members_identity i ON i.home_member_id = d.member_id
WHERE d.workspace_id = %(workspace)s
ORDER BY d.updated_at
"""

# Before their first message there is nothing that could be of the team.
_OWN = """
SELECT i.member_id
FROM messages_ownmember o JOIN members_identity i ON i.home_member_id = o.member_id
WHERE o.workspace_id = %(workspace)s
"""


def team_of(workspace_id: int) -> Roster:
    """Return everybody who ever belonged to the team of a workspace."""
    found = _stints_by_acts(workspace_id)
    for (member,) in fetch_all(_OWN, {"workspace": workspace_id}):
        found[member] = [Stint(_BEGINNING)]
    for member, is_on_team, since, until in fetch_all(_DECISIONS, {"workspace": workspace_id}):
        found[member] = [Stint(since or _BEGINNING, until)] if is_on_team else []
    return {member: stints for member, stints in found.items() if stints}


def team_learn(workspace_id: int, thread_ids: Collection[int]) -> bool:
    """Take the acts in some threads into account.

    Returns: whether somebody belongs to the team in a time that is over, and did not before.
    """
    acts = _by_member(_OF_THREADS, workspace_id, threads=list(thread_ids))
    known = _stints_by_acts(workspace_id, acts)
    return _replace(workspace_id, known, {m: stints_with(known.get(m, ()), acts[m]) for m in acts})


def team_recount(workspace_id: int, member_ids: Collection[int]) -> bool:
    """Tell anew from all their acts when members belonged to the team.

    Returns: as `team_learn`, or whether somebody did belong and does not.
    """
    members = list(member_ids)
    acts = _by_member(_OF_MEMBERS, workspace_id, members=members)
    stints = {member: stints_with((), acts.get(member, ())) for member in members}
    return _replace(workspace_id, _stints_by_acts(workspace_id, members), stints)


def _stints_by_acts(
    workspace_id: int, members: Collection[int] | None = None
) -> dict[int, list[Stint]]:
    found: dict[int, list[Stint]] = {}
    rows = TeamStint.objects.filter(workspace=workspace_id)
    if members is not None:
        rows = rows.filter(member__in=members)
    for row in rows.order_by("member", "since"):
        found.setdefault(row.member_id, []).append(Stint(row.since, row.until))
    return found


def _replace(workspace_id: int, known: Roster, stints: Roster) -> bool:
    changed = {m: new for m, new in stints.items() if new != known.get(m)}
    TeamStint.objects.filter(workspace=workspace_id, member__in=changed).delete()
    rows = [(m, one.since, one.until) for m, new in changed.items() for one in new]
    execute(_WRITE, {"workspace": workspace_id}, Rows(_STINT_COLUMNS, rows))
    return any(_concerns_the_past(known.get(m, []), new) for m, new in changed.items())


def _concerns_the_past(known: list[Stint], new: list[Stint]) -> bool:
    """Tell whether more differs than the end of the last stint, which is in the future."""
    return [one.since for one in known] != [one.since for one in new]


def _by_member(statement: str, workspace_id: int, **params: list[int]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    for member, at in fetch_all(statement, {"workspace": workspace_id, **params}):
        found.setdefault(member, []).append(at)
    return found
