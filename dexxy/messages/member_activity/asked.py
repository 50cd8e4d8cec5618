"""Whose activity is asked for: a member with all accounts, and the parts of SQL that find it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.sql import Rows, fetch_all
from dexxy.members.models import Identity, Member
from dexxy.members.who_may_see import require_people
from dexxy.messages.answers import IS_SAID, WORDS, listed
from dexxy.messages.team.roster import Roster, team_of
from dexxy.messages.team.stints import Stint

_GONE_SOURCES = """
SELECT id FROM sources_source WHERE workspace_id = %(workspace)s AND is_archived"""


def messages_by(author: str) -> str:
    """Return all that the feed shows of AUTHOR, the SQL of an account's id, as messages `m`."""
    return f"""
messages_message m
WHERE m.workspace_id = %(workspace)s AND m.author_id = {author} AND NOT m.is_archived
  AND m.in_feed AND m.source_id NOT IN ({_GONE_SOURCES})"""


# The same of the member.
MINE = messages_by("ANY(%(accounts)s)")
# Whether a message `m` is words that were not hidden as spam and so on.
SAID = f"m.kind IN ('opened', {listed(WORDS)}) AND {IS_SAID}"
# The live threads `t`.
THREADS = f"""
t.workspace_id = %(workspace)s AND NOT t.is_archived AND t.source_id NOT IN ({_GONE_SOURCES})"""
# Begins a statement that asks who was of the team, and when.
TEAM = "WITH team AS MATERIALIZED (SELECT r.member_id, r.since, r.until FROM {rows})"
_TEAM_COLUMNS = {"member_id": "bigint", "since": "timestamptz", "until": "timestamptz"}


@dataclass(frozen=True)
class Asked:
    """A member of today, with what the statements are given.

    Args:
        accounts: the primary keys of the member's identities.
        team: everybody who ever belonged to it.
    """

    workspace: Workspace
    member_id: int
    accounts: Sequence[int]
    team: Roster

    @property
    def stints(self) -> Sequence[Stint]:
        """When the member belonged to the team."""
        return self.team.get(self.member_id, ())

    def fetch(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        """Run a statement that may read `team`, and return its rows.

        Whoever shows them limits the time: a page runs several.
        """
        given = {
            "workspace": self.workspace.pk,
            "member": self.member_id,
            "accounts": list(self.accounts),
        }
        stints = ((m, one.since, one.until) for m, found in self.team.items() for one in found)
        rows = Rows(_TEAM_COLUMNS, stints) if "{rows}" in sql else None
        return fetch_all(sql, {**given, **params}, rows)


def asked_of(viewer: Viewer, workspace: Workspace, member: Member) -> Asked:
    """Return what the activity of MEMBER, one of today, is read from.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    member.workspace = workspace
    return asked_by_us(member)


def asked_by_us(member: Member) -> Asked:
    """Return what the activity of MEMBER is read from, for nobody in particular."""
    workspace = member.workspace
    accounts = Identity.objects.filter(workspace=workspace, member=member)
    return Asked(
        workspace=workspace,
        member_id=member.pk,
        accounts=list(accounts.values_list("pk", flat=True)),
        team=team_of(workspace.pk),
    )
