"""Read what was said and done in threads, with the role of whoever did it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from dexxy.common.sql import fetch_all
from dexxy.members.models import Identity
from dexxy.messages.answers import IS_SAID, WORDS, nobody_waits
from dexxy.messages.models import MessageKind, ThreadState
from dexxy.messages.team.roster import Roster
from dexxy.messages.team.stints import is_on_team
from dexxy.messages.waiting.pushes import Head, with_push
from dexxy.messages.waiting.turns import Act, Actor, Deed

_THREADS = f"""
SELECT t.id, t.source_id, t.kind, t.state, t.state_reason = 'draft', t.opened_at, t.closed_at,
       opener.member_id,
       ({nobody_waits(kind="opener.kind", is_bot="member.is_bot")}) IS NOT NULL,
       t.opened_at < s.created_at - interval '90 days', s.created_at, t.head_oid,
       (t.details->>'head_committed_at')::timestamptz, t.version_at,
       t.details->>'head_by_other' IS NOT NULL
FROM messages_thread t
JOIN sources_source s ON s.id = t.source_id
JOIN accounts_workspace w ON w.id = t.workspace_id
LEFT JOIN members_identity opener ON opener.id = t.author_id
LEFT JOIN members_member member ON member.id = opener.member_id
WHERE t.id = ANY(%(threads)s) AND t.workspace_id = %(workspace)s AND NOT t.is_archived
  AND (s.kind = 'fed' OR w.thread_kinds IS NULL OR t.kind = ANY(w.thread_kinds))
"""  # noqa: S608
_MESSAGES = f"""
SELECT m.thread_id, m.id, m.occurred_at, m.kind, lower(m.details->>'state'), author.member_id,
       member.is_bot, m.body ~* %(calls)s,
       coalesce(m.details->>'commit', m.details->'subject'->>'oid')
FROM messages_message m
LEFT JOIN members_identity author ON author.id = m.author_id
LEFT JOIN members_member member ON member.id = author.member_id
WHERE m.workspace_id = %(workspace)s AND m.thread_id = ANY(%(threads)s) AND NOT m.is_archived
  AND (m.in_feed OR m.kind = ANY(%(quiet)s))
  AND {IS_SAID}
ORDER BY m.occurred_at, m.id
"""  # noqa: S608
_DEEDS = {
    **dict.fromkeys(WORDS, Deed.SAID),
    MessageKind.CLOSED: Deed.ENDED,
    MessageKind.MERGED: Deed.ENDED,
    MessageKind.ANSWERED: Deed.ENDED,
    MessageKind.REOPENED: Deed.REOPENED,
    MessageKind.READY: Deed.READIED,
    MessageKind.DRAFTED: Deed.DRAFTED,
    MessageKind.PUSHED: Deed.PUSHED,
    MessageKind.REVIEW_REQUESTED: Deed.ASKED,
}
_QUIET = [str(kind) for kind in _DEEDS if kind in MessageKind.quiet()]


@dataclass(slots=True)
class ThreadActs:
    """A thread with all acts that decide whose turn it is.

    Args:
        is_from_before: it was opened long before its source was connected.
        connected_at: when that was.
        is_draft: it is a pull request that is a draft now.
        head: its last commit, if it is a pull request.
        acts: in the order in which they happened, without the opening.
    """

    thread_id: int
    source_id: int
    kind: str
    opened: Act
    is_from_before: bool
    connected_at: datetime
    opener: int | None
    is_draft: bool
    head: Head
    acts: list[Act] = field(default_factory=list)

    @property
    def as_draft(self) -> bool:
        """Whether it was opened as a draft, as its first change of that tells."""
        for act in self.acts:
            if act.deed in (Deed.READIED, Deed.DRAFTED):
                return act.deed is Deed.READIED
        return self.is_draft


def acts_read(workspace_id: int, thread_ids: Collection[int], team: Roster) -> list[ThreadActs]:
    """Return the live threads among those of THREAD_IDS, with their acts."""
    params = {"workspace": workspace_id, "threads": list(thread_ids)}
    rows = fetch_all(_THREADS, params)
    found = {row[0]: _thread(row, team) for row in rows}
    asked = {
        **params,
        "calls": _calls(workspace_id, team),
        "quiet": _QUIET,
    }
    for thread_id, *message in fetch_all(_MESSAGES, asked):
        if thread_id in found:
            _take(found[thread_id], message, team)
    for row in rows:
        thread = found[row[0]]
        thread.acts = with_push(thread.opened, thread.acts, thread.head)
        _end(thread, row)
    return list(found.values())


def _thread(row: Sequence[Any], team: Roster) -> ThreadActs:
    pk, source, kind, _, is_draft, opened_at, _, opener, is_nobody, *rest = row
    is_from_before, connected_at, *of_head = rest
    actor = Actor.NOBODY if is_nobody else _actor(opener, opened_at, None, team)
    # Whoever opens a thread and is not of the team is its opener.
    opened = Act(opened_at, Deed.SAID, Actor.OPENER if actor is Actor.OTHER else actor)
    return ThreadActs(
        pk,
        source,
        kind,
        opened,
        is_from_before,
        connected_at,
        opener,
        is_draft=is_draft,
        head=Head(*of_head),
    )


def _take(thread: ThreadActs, message: Sequence[Any], team: Roster) -> None:
    pk, at, kind, review, member, is_bot, calls, commit = message
    if kind == MessageKind.OPENED:
        thread.opened = replace(thread.opened, message_id=pk)
        return
    deed = Deed.APPROVED if review == "approved" else _DEEDS[kind]
    actor = Actor.NOBODY if is_bot is not False else _actor(member, at, thread.opener, team)
    if kind == MessageKind.REVIEW or deed is Deed.PUSHED:
        thread.head.names.append((at, deed, commit))
    thread.acts.append(Act(at, deed, actor, calls_team=bool(calls), message_id=pk))


def _actor(member: int, at: datetime, opener: int | None, team: Roster) -> Actor:
    if is_on_team(team.get(member, ()), at):
        return Actor.TEAM
    return Actor.OPENER if member == opener else Actor.OTHER


def _end(thread: ThreadActs, row: Sequence[Any]) -> None:
    """Let a thread end that is closed, if no act says so: whoever did it is not known."""
    _, _, _, state, _, opened_at, closed_at, *_ = row
    has_ended = [act.deed for act in thread.acts if act.deed in (Deed.ENDED, Deed.REOPENED)]
    if state != ThreadState.OPEN and has_ended[-1:] != [Deed.ENDED]:
        at = closed_at or opened_at
        thread.acts.append(Act(at, Deed.ENDED, Actor.NOBODY))
        thread.acts.sort(key=lambda act: act.at)


def _calls(workspace_id: int, team: Roster) -> str:
    """Return the pattern of a mention of somebody who is or was of the team."""
    logins = Identity.objects.filter(workspace=workspace_id, member__in=list(team))
    names = sorted(re.escape(name) for name in logins.values_list("username", flat=True))
    return rf"(^|[^\w@/`])@({'|'.join(names)})($|[^\w-])" if names else "^(?!)"
