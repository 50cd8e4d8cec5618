"""Tell endpoints what happens: a follower of the log of changes.

It is there only where an endpoint listens, and begins when the first one does. Most of what a first
sync writes is history: that is left out before anything of it is read.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from time import monotonic

from django.db.models import Q
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.common.sql import fetch_all
from dexxy.common.stopping import asked_to_stop
from dexxy.messages.changes.followers import follow
from dexxy.messages.changes.reading import Happening, Reading
from dexxy.messages.models import ChangeKind, Message, MessageKind
from dexxy.outgoing.events import WAITS, EventType
from dexxy.outgoing.models import Endpoint
from dexxy.outgoing.payloads import (
    Shape,
    gone_shape,
    message_shape,
    person_shape,
    thread_shape,
)
from dexxy.outgoing.privacy import sources_that_may_leave
from dexxy.outgoing.waits import waits_tell
from dexxy.outgoing.waking import FOLLOWER, workspaces_behind
from dexxy.outgoing.writing import (
    NEWS_FOR,
    Occurrence,
    is_news,
    occurrences_write,
    openings_of,
    thread_key,
)

_BATCH = 500
# Each message of the feed is one event; what is not here was written.
_EVENTS = {
    MessageKind.OPENED: EventType.THREAD_OPENED,
    MessageKind.CLOSED: EventType.THREAD_CLOSED,
    MessageKind.MERGED: EventType.THREAD_MERGED,
    MessageKind.REOPENED: EventType.THREAD_REOPENED,
    MessageKind.ANSWERED: EventType.THREAD_ANSWERED,
}
# Which of some messages are the first of a person, and which open their first thread.
_FIRST = """
SELECT m.id, NOT EXISTS (
    SELECT FROM members_identity o JOIN messages_message e ON e.author_id = o.id
    WHERE o.member_id = a.member_id AND e.workspace_id = m.workspace_id
      AND e.in_feed AND NOT e.is_archived AND (e.occurred_at, e.id) < (m.occurred_at, m.id)
), m.kind = 'opened' AND NOT EXISTS (
    SELECT FROM members_identity o JOIN messages_thread e ON e.author_id = o.id
    WHERE o.member_id = a.member_id AND e.workspace_id = m.workspace_id
      AND NOT e.is_archived AND (e.opened_at, e.id) < (t.opened_at, t.id)
)
FROM messages_message m
JOIN messages_thread t ON t.id = m.thread_id
JOIN members_identity a ON a.id = m.author_id
JOIN members_member p ON p.id = a.member_id
WHERE m.id = ANY(%(messages)s) AND NOT p.is_bot
"""
_WRITTEN = frozenset({*_EVENTS.values(), EventType.MESSAGE_CREATED})
_RELATED = ("thread__source__visibility", "thread__author__member")


def events_catch_up(*, seconds: float) -> int:
    """Write down what endpoints are to hear for at most SECONDS, a batch of each workspace in turn.

    Returns: how many workspaces had something left when last looked at.
    """
    until = monotonic() + seconds
    while True:
        behind = workspaces_behind()
        done = [pk for pk in behind if _goes_on(until) and _tell(pk)]
        if not done or not _goes_on(until):
            return len(behind)


def _goes_on(until: float) -> bool:
    return monotonic() < until and not asked_to_stop.is_set()


def _tell(workspace_id: int) -> bool:
    """Do the next batch of a workspace; return False if another worker does so just now."""

    def work(changed: Reading) -> None:
        _take_in(workspace_id, changed)

    has_followed = follow(workspace_id, FOLLOWER, work, limit=_BATCH)
    return waits_tell(workspace_id) or has_followed


def _take_in(workspace_id: int, changed: Reading) -> None:
    listening = Endpoint.objects.listening().filter(workspace=workspace_id).order_by("pk")
    endpoints = [one for one in listening if not WAITS.issuperset(one.events)]
    happened = [one for one in changed.happenings if one.message_id is not None]
    if not endpoints or not happened:
        return
    workspace = Workspace.objects.get(pk=workspace_id)
    since = min(one.began_at for one in endpoints)
    messages = _messages(workspace, happened, since)
    found = _occurrences(workspace, happened, messages)
    occurrences_write(workspace, endpoints, found)


def _messages(
    workspace: Workspace, happened: Sequence[Happening], since: datetime
) -> dict[int, Message]:
    """Read the messages that happenings are of, but for what is no news anyway."""
    oldest = min((one.noted_at or timezone.now()) for one in happened) - NEWS_FOR
    oldest = max(oldest, since)
    is_recent = Q(occurred_at__gte=oldest) | Q(edited_at__gte=oldest) | Q(is_archived=True)
    found = Message.objects.filter(
        is_recent,
        workspace=workspace,
        pk__in={one.message_id for one in happened},
        in_feed=True,
        source__in=sources_that_may_leave(workspace),
    )
    return {one.pk: one for one in found.select_related(*_RELATED, "author__member")}


def _occurrences(
    workspace: Workspace, happened: Sequence[Happening], messages: dict[int, Message]
) -> Iterator[Occurrence]:
    """Yield what happened, in the order of the log, each once."""
    gone = [one.thread for one in messages.values() if one.thread.is_archived]
    opened = openings_of(workspace, gone)
    told: dict[tuple[EventType, str], Occurrence] = {}
    for one in happened:
        message = messages.get(one.message_id or 0)
        found = _told(workspace, one, message, opened) if message else None
        if found is not None:
            told.setdefault((found.event, found.key), found)
    written = [one.message_id for one in told.values() if one.event in _WRITTEN]
    firsts = {pk: rest for pk, *rest in fetch_all(_FIRST, {"messages": written})}
    for each in told.values():
        yield each
        pk = each.message_id or 0
        if each.event in _WRITTEN and pk in firsts:
            yield from _of_newcomer(workspace, messages[pk], *firsts[pk])


def _told(
    workspace: Workspace, one: Happening, message: Message, opened: Mapping[int, int]
) -> Occurrence | None:
    """Say what a happening was; None where it is nothing to tell of."""
    noted_at = one.noted_at or timezone.now()
    if message.is_archived:
        return _gone(workspace, one, message, opened) if one.kind == ChangeKind.REMOVED else None
    if one.kind == ChangeKind.EDITED:
        return _edited(workspace, message, noted_at)
    if one.kind != ChangeKind.WRITTEN or not is_news(message.occurred_at, message.thread, noted_at):
        return None
    event = _EVENTS.get(MessageKind(message.kind), EventType.MESSAGE_CREATED)
    key, data = _key(message), _data(workspace, message)
    return Occurrence(event, key, message.occurred_at, data, message.pk)


def _edited(workspace: Workspace, message: Message, noted_at: datetime) -> Occurrence | None:
    """Say that somebody edited a message; what else changes of one is no edit of its words."""
    at = message.edited_at
    if at is None or not is_news(at, message.thread, noted_at):
        return None
    key = f"{_key(message)}|{at.isoformat()}"
    return Occurrence(EventType.MESSAGE_EDITED, key, at, _data(workspace, message), message.pk)


def _gone(
    workspace: Workspace, one: Happening, message: Message, opened: Mapping[int, int]
) -> Occurrence | None:
    """Say that a message is gone, or its whole thread.

    When that was nobody knows: it is told from when it was noticed.
    """
    if one.noted_at is None or one.position is None:
        return None
    thread, position = message.thread, f"{one.position.epoch}.{one.position.change}"
    shown: Shape = {"thread": thread_shape(workspace, thread)}
    if thread.is_archived:
        shown["reason"] = thread.archived_reason
        key = f"{thread_key(thread)}|{one.position.epoch}.{one.position.transaction}"
        opening = opened.get(thread.pk)
        return Occurrence(EventType.THREAD_DELETED, key, one.noted_at, shown, opening)
    shown["message"] = gone_shape(message)
    key = f"{_key(message)}|{position}"
    return Occurrence(EventType.MESSAGE_DELETED, key, one.noted_at, shown, message.pk)


def _of_newcomer(
    workspace: Workspace, message: Message, is_new: bool, is_first_thread: bool
) -> Iterator[Occurrence]:
    """Yield what is to be told of somebody who was not seen here before."""
    account = message.author
    assert account is not None, "only people with an account are new"
    data = {"member": person_shape(account), **_data(workspace, message)}
    key = f"{account.provider}|{account.external_id}"
    for event, holds in (
        (EventType.MEMBER_NEW, is_new),
        (EventType.MEMBER_FIRST_THREAD, is_first_thread),
    ):
        if holds:
            yield Occurrence(event, key, message.occurred_at, data, message.pk)


def _data(workspace: Workspace, message: Message) -> Shape:
    return {
        "thread": thread_shape(workspace, message.thread),
        "message": message_shape(workspace, message),
    }


def _key(message: Message) -> str:
    return f"{thread_key(message.thread)}|{message.kind}|{message.external_id}"
