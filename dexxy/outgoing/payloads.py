"""The shapes of events: what a webhook says of a thread, a message, a person, a wait.

docs/reference/outgoing-webhooks.md shows each. Only values that a program can rely on are in them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from dexxy.accounts.models import Workspace
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy.outgoing.events import VERSION, EventType
from dexxy.sources.models import Source

# Characters of a body that are sent; receivers refuse what is too large.
LONGEST_BODY = 10_000

Shape = dict[str, Any]


def event_shape(
    event: EventType, workspace: Workspace, happened_at: datetime, data: Mapping[str, Any]
) -> Shape:
    """Return the whole of an event: its type, when and where it happened, and its data."""
    return {
        "type": str(event),
        "version": VERSION,
        "timestamp": _time(happened_at),
        "workspace": {
            "id": str(workspace.pk),
            "slug": workspace.slug,
            "name": workspace.name,
        },
        "data": dict(data),
    }


def thread_shape(workspace: Workspace, thread: Thread) -> Shape:
    """Say what a thread is now; its `source` and author are read with it."""
    return {
        "id": str(thread.pk),
        "kind": thread.kind,
        "number": thread.platform_number,
        "title": thread.title,
        "state": thread.state,
        "labels": list(thread.labels),
        "url": thread.url,
        "dexxyUrl": _address(workspace, f"threads/{thread.pk}/"),
        "openedAt": _time(thread.opened_at),
        "author": person_shape(thread.author),
        "repository": _repository(thread.source),
    }


def message_shape(workspace: Workspace, message: Message) -> Shape:
    """Say what a message is now, with the start of what it says."""
    return {
        "id": str(message.pk),
        "kind": message.kind,
        "url": message.url,
        "dexxyUrl": _address(workspace, f"threads/{message.thread_id}/m/{message.pk}/"),
        "body": message.body[:LONGEST_BODY],
        "isCut": len(message.body) > LONGEST_BODY,
        "occurredAt": _time(message.occurred_at),
        "editedAt": message.edited_at and _time(message.edited_at),
        "author": person_shape(message.author),
    }


def gone_shape(message: Message) -> Shape:
    """Say which message is gone, and no word of what it said."""
    return {
        "id": str(message.pk),
        "kind": message.kind,
        "url": message.url,
        "reason": message.archived_reason,
    }


def person_shape(account: Identity | None) -> Shape | None:
    """Say who somebody is; None for somebody whose account is gone."""
    if account is None:
        return None
    return {
        "id": str(account.member_id),
        "name": account.member.display_name,
        "isBot": account.member.is_bot,
        "provider": account.provider,
        "accountId": account.external_id,
        "login": account.username,
        "url": account.url,
    }


def wait_shape(since: datetime, at: datetime) -> Shape:
    """Say since when somebody waits, and for how many whole hours."""
    return {"since": _time(since), "hours": int((at - since).total_seconds() // 3600)}


def address_of_home(workspace: Workspace) -> str:
    """Return the address of the queue of a workspace."""
    return _address(workspace, "")


def _repository(source: Source) -> Shape:
    visibility = getattr(source, "visibility", None)
    return {
        "id": str(source.pk),
        "name": source.name,
        "url": source.url,
        "isPrivate": visibility.is_private if visibility else None,
    }


def _address(workspace: Workspace, path: str) -> str:
    return f"{settings.DEXXY_BASE_URL}/w/{workspace.slug}/{path}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
