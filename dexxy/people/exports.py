"""All of a workspace as rows, a few at a time: for other programs, and for spreadsheets."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import models
from django.db.models import F, QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import Cursor, behind
from dexxy.members.models import Identity, Member
from dexxy.members.visibility import require_people
from dexxy.messages.feed.filters import EVERYTHING
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_find
from dexxy.messages.models import Message, Thread

# Rows read at once: no transaction stays open while a slow reader takes them.
_BATCH = 1000
# A spreadsheet would run what begins like this, and anybody can write a message.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


class Export(models.TextChoices):
    THREADS = "threads"
    MESSAGES = "messages"
    MEMBERS = "members"


class Format(models.TextChoices):
    JSON_LINES = "jsonl", "JSON Lines"
    CSV = "csv", "CSV"

    @property
    def content_type(self) -> str:
        return "text/csv" if self is Format.CSV else "application/jsonl"


def export(viewer: Viewer, workspace: Workspace, what: Export, form: Format) -> Iterator[str]:
    """Return WHAT the workspace has as text, piece by piece, the newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    if what == Export.MEMBERS:
        require_people(viewer, workspace)
    return export_whole(workspace, what, form)


def export_whole(workspace: Workspace, what: Export, form: Format) -> Iterator[str]:
    """Return WHAT the workspace has, for who runs this Dexxy and may see all."""
    columns, rows = _EXPORTS[what]
    return _csv(columns, rows(workspace)) if form == Format.CSV else _lines(rows(workspace))


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode()


def _csv(columns: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(columns))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        value = "; ".join(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def _messages(workspace: Workspace) -> Iterator[Row]:
    cursor: Cursor | None = None
    while True:
        found = feed_find(feed_query(workspace, EVERYTHING, below=cursor), _BATCH)
        if not found:
            return
        rows = Message.objects.select_related("source", "thread", "author").in_bulk(
            [one.pk for one in found]
        )
        yield from (_message(rows[one.pk]) for one in found if one.pk in rows)
        cursor = found[-1]


def _message(message: Message) -> Row:
    return {
        "id": message.pk,
        "source": message.source.name,
        "thread_id": message.thread_id,
        "thread_kind": message.thread_kind,
        "thread_number": message.thread.number,
        "thread_title": message.thread.title,
        "kind": message.kind,
        **_author(message.author),
        "body": message.body,
        "url": message.url,
        "occurred_at": message.occurred_at,
        "edited_at": message.edited_at,
    }


def _threads(workspace: Workspace) -> Iterator[Row]:
    threads = Thread.objects.shown().filter(workspace=workspace)
    for thread in _in_batches(threads.select_related("source", "author"), "last_activity_at"):
        yield {
            "id": thread.pk,
            "source": thread.source.name,
            "kind": thread.kind,
            "number": thread.number,
            "title": thread.title,
            "state": thread.state,
            "state_reason": thread.state_reason,
            "labels": thread.labels,
            "url": thread.url,
            **_author(thread.author),
            "opened_at": thread.opened_at,
            "closed_at": thread.closed_at,
            "merged_at": thread.merged_at,
            "answered_at": thread.answered_at,
            "first_response_at": thread.first_response_at,
            "last_activity_at": thread.last_activity_at,
            "message_count": thread.message_count,
        }


def _members(workspace: Workspace) -> Iterator[Row]:
    members = Member.objects.filter(workspace=workspace, erased_at=None).prefetch_related(
        "identities"
    )
    for member in _in_batches(members, "last_seen_at"):
        accounts = sorted(f"{one.provider}:{one.username}" for one in member.identities.all())
        # Without an account it was merged into another member.
        if accounts:
            yield {
                "id": member.pk,
                "display_name": member.display_name,
                "accounts": accounts,
                "is_bot": member.is_bot,
                "company": member.company,
                "location": member.location,
                "bio": member.bio,
                "tags": member.tags,
                "notes": member.notes,
                "first_seen_at": member.first_seen_at,
                "last_seen_at": member.last_seen_at,
            }


def _author(author: Identity | None) -> Row:
    return {
        "author": author.username if author else None,
        "author_id": author.pk if author else None,
        "member_id": author.member_id if author else None,
    }


def _in_batches(rows: QuerySet[Any], time: str) -> Iterator[Any]:
    ordered = rows.order_by(F(time).desc(nulls_first=True), "-pk")
    found = list(ordered[:_BATCH])
    while found:
        yield from found
        cursor = Cursor(getattr(found[-1], time), found[-1].pk)
        found = list(ordered.filter(behind(time, cursor))[:_BATCH])


_THREAD_COLUMNS = (
    *("id", "source", "kind", "number", "title", "state", "state_reason", "labels", "url"),
    *("author", "author_id", "member_id", "opened_at", "closed_at", "merged_at", "answered_at"),
    *("first_response_at", "last_activity_at", "message_count"),
)
_MESSAGE_COLUMNS = (
    *("id", "source", "thread_id", "thread_kind", "thread_number", "thread_title", "kind"),
    *("author", "author_id", "member_id", "body", "url", "occurred_at", "edited_at"),
)
_MEMBER_COLUMNS = (
    *("id", "display_name", "accounts", "is_bot", "company", "location", "bio", "tags", "notes"),
    *("first_seen_at", "last_seen_at"),
)
_EXPORTS: Mapping[str, tuple[tuple[str, ...], Callable[[Workspace], Iterator[Row]]]] = {
    Export.THREADS: (_THREAD_COLUMNS, _threads),
    Export.MESSAGES: (_MESSAGE_COLUMNS, _messages),
    Export.MEMBERS: (_MEMBER_COLUMNS, _members),
}
