"""All of a workspace as rows, a few at a time: for other programs, and for spreadsheets."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db.models import F, QuerySet, Sum

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, signed_in
from dexxy.accounts.services import audit
from dexxy.common.pages import Cursor, behind
from dexxy.common.spreadsheet import as_text
from dexxy.members.models import Identity, Member
from dexxy.members.overviews import summary_of
from dexxy.members.visibility import require_people
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_find
from dexxy.messages.models import Message, MessageKind, Release, Thread
from dexxy.messages.releases import releases_shown
from dexxy.people.models import Export, Format
from dexxy.sources.growth import daily_counts
from dexxy.sources.models import DailyCounts

# Rows read at once: no transaction stays open while a slow reader takes them.
_BATCH = 1000
# By which Excel knows that a file is UTF-8.
_BOM = "\ufeff"

# What somebody did that the feed leaves out.
_QUIET = FeedFilters(message_kinds=MessageKind.quiet())

Row = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Some rows as text.

    Args:
        rows: how many there are.
        cursor: behind which row the next batch begins; None if this is the last one.
    """

    text: str
    rows: int
    cursor: Cursor | None


def export_whole(
    workspace: Workspace, what: Export, form: Format, *, with_bom: bool = False
) -> Iterator[str]:
    """Return WHAT the workspace has as text, piece by piece, the newest first.

    Args:
        with_bom: whether to begin with a byte order mark, which Excel asks of a CSV file.
    """
    yield export_head(what, form, with_bom=with_bom)
    cursor: Cursor | None = None
    while True:
        batch = export_batch(workspace, what, form, cursor)
        yield batch.text
        cursor = batch.cursor
        if cursor is None:
            return


def export_head(what: Export, form: Format, *, with_bom: bool) -> str:
    """Return what stands before the first row."""
    columns, _ = _EXPORTS[what]
    return (_BOM if with_bom else "") + (
        _csv(columns, [], has_head=True) if form == Format.CSV else ""
    )


def export_batch(
    workspace: Workspace,
    what: Export,
    form: Format,
    cursor: Cursor | None,
    *,
    threads: QuerySet[Thread] | None = None,
    member_ids: Sequence[int] | None = None,
) -> Batch:
    """Return the next rows, those behind CURSOR.

    Args:
        threads: of an export of threads, those that it has; all of WORKSPACE where it is None.
        member_ids: of an export of members, those who were selected; None for all.
    """
    columns, read = _EXPORTS[what]
    if threads is not None and what == Export.THREADS:
        rows, cursor = _threads_of(threads, cursor)
    elif member_ids is not None:
        rows, cursor = _members(workspace, cursor, member_ids)
    else:
        rows, cursor = read(workspace, cursor)
    text = _csv(columns, rows) if form == Format.CSV else _lines(rows)
    return Batch(text, len(rows), cursor)


def members_csv(viewer: Viewer, workspace: Workspace, member_ids: Sequence[int]) -> str:
    """Return some members as a CSV file that Excel reads; who takes it is written down.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    audit(workspace, signed_in(viewer), "members.exported", workspace, members=len(member_ids))
    text, cursor = export_head(Export.MEMBERS, Format.CSV, with_bom=True), None
    while True:
        batch = export_batch(workspace, Export.MEMBERS, Format.CSV, cursor, member_ids=member_ids)
        text, cursor = text + batch.text, batch.cursor
        if cursor is None:
            return text


def export_total(workspace: Workspace, what: Export) -> int:
    """Return about how many rows there are, without counting messages.

    Of quiet kinds nobody knows, so the number of messages stands for theirs.
    """
    if what == Export.GROWTH:
        return daily_counts(workspace).count()
    if what == Export.RELEASES:
        return releases_shown(workspace).count()
    threads = Thread.objects.shown().filter(workspace=workspace)
    if what in (Export.MESSAGES, Export.EVENTS):
        return threads.aggregate(total=Sum("message_count"))["total"] or 0
    return (threads if what == Export.THREADS else _shown_members(workspace)).count()


def _lines(rows: Iterable[Row]) -> str:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows).decode()


def _csv(columns: Iterable[str], rows: Iterable[Row], *, has_head: bool = False) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(columns))
    if has_head:
        writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        value = "; ".join(value)
    return as_text(value) if isinstance(value, str) else value


def _messages(workspace: Workspace, cursor: Cursor | None) -> "_Rows":
    found, behind_them = _of_feed(workspace, EVERYTHING, cursor)
    return [_message(message) for message in found], behind_them


def _events(workspace: Workspace, cursor: Cursor | None) -> "_Rows":
    found, behind_them = _of_feed(workspace, _QUIET, cursor)
    return [_message(message) | _subject(message) for message in found], behind_them


def _of_feed(
    workspace: Workspace, filters: FeedFilters, cursor: Cursor | None
) -> tuple[list[Message], Cursor | None]:
    found = feed_find(feed_query(workspace, filters, below=cursor), _BATCH)
    rows = Message.objects.select_related("source", "thread", "author").in_bulk(
        [one.pk for one in found]
    )
    shown = [rows[one.pk] for one in found if one.pk in rows]
    return shown, found[-1] if len(found) == _BATCH else None


def _subject(message: Message) -> Row:
    """Return what an event is about beside its thread."""
    subject = message.details.get("subject", {})
    return {
        "subject_type": subject.get("type", ""),
        "subject_id": subject.get("id", subject.get("oid", subject.get("number", ""))),
        "subject_name": subject.get("login", subject.get("name", "")),
        "subject_url": subject.get("url", ""),
    }


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


def _threads(workspace: Workspace, cursor: Cursor | None) -> "_Rows":
    return _threads_of(Thread.objects.shown().filter(workspace=workspace), cursor)


def _threads_of(threads: QuerySet[Thread], cursor: Cursor | None) -> "_Rows":
    with_names = threads.select_related("source", "author")
    found, behind_them = _next(with_names, "last_activity_at", cursor)
    return [_thread(thread) for thread in found], behind_them


def _thread(thread: Thread) -> Row:
    return {
        "id": thread.pk,
        "source": thread.source.name,
        "kind": thread.kind,
        "number": thread.number,
        "title": thread.title,
        "state": thread.state,
        "state_reason": thread.state_reason,
        "labels": thread.labels,
        "category": thread.category,
        "milestone": thread.milestone,
        "is_locked": thread.is_locked,
        "assignees": [account["login"] for account in thread.assignees],
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


def _members(
    workspace: Workspace, cursor: Cursor | None, member_ids: Sequence[int] | None = None
) -> "_Rows":
    members = (
        _shown_members(workspace).select_related("summary").prefetch_related("identities", "notes")
    )
    if member_ids is not None:
        members = members.filter(pk__in=list(member_ids))
    found, behind_them = _next(members, "last_seen_at", cursor)
    # Without an account it was merged into another member.
    return [_member(member) for member in found if member.identities.all()], behind_them


def _shown_members(workspace: Workspace) -> QuerySet[Member]:
    return Member.objects.filter(workspace=workspace, erased_at=None)


def _member(member: Member) -> Row:
    summary = summary_of(member)
    return {
        "id": member.pk,
        "display_name": member.display_name,
        "accounts": sorted(f"{one.provider}:{one.username}" for one in member.identities.all()),
        "is_bot": member.is_bot,
        "company": member.company,
        "location": member.location,
        "bio": member.bio,
        "tags": member.tags,
        "notes": "\n\n".join(note.text for note in member.notes.all()),
        "first_seen_at": member.first_seen_at,
        "last_seen_at": member.last_seen_at,
        "organization": summary.organization if summary else "",
        "messages": summary.messages if summary else None,
        "messages_90_days": summary.recent if summary else None,
        "waiting": summary.waiting if summary else None,
    }


def _growth(workspace: Workspace, cursor: Cursor | None) -> "_Rows":
    counts = daily_counts(workspace).select_related("source")
    found, behind_them = _next(counts, "taken_at", cursor)
    return [_day(day) for day in found], behind_them


def _day(day: DailyCounts) -> Row:
    return {
        "id": day.pk,
        "source": day.source.name,
        "date": day.date,
        "stars": day.stars,
        "forks": day.forks,
        "taken_at": day.taken_at,
    }


def _releases(workspace: Workspace, cursor: Cursor | None) -> "_Rows":
    releases = releases_shown(workspace).select_related("source", "author")
    found, behind_them = _next(releases, "published_at", cursor)
    return [_release(release) for release in found], behind_them


def _release(release: Release) -> Row:
    return {
        "id": release.pk,
        "source": release.source.name,
        "tag": release.tag,
        "name": release.name,
        **_author(release.author),
        "body": release.body,
        "url": release.url,
        "is_prerelease": release.is_prerelease,
        "published_at": release.published_at,
    }


def _author(author: Identity | None) -> Row:
    return {
        "author": author.username if author else None,
        "author_id": author.pk if author else None,
        "member_id": author.member_id if author else None,
    }


def _next(rows: QuerySet[Any], time: str, cursor: Cursor | None) -> tuple[list[Any], Cursor | None]:
    ordered = rows.order_by(F(time).desc(nulls_first=True), "-pk")
    found = list((ordered.filter(behind(time, cursor)) if cursor else ordered)[:_BATCH])
    is_last = len(found) < _BATCH
    return found, None if is_last else Cursor(getattr(found[-1], time), found[-1].pk)


_Rows = tuple[list[Row], Cursor | None]
_THREAD_COLUMNS = (
    *("id", "source", "kind", "number", "title", "state", "state_reason", "labels"),
    *("category", "milestone", "is_locked", "assignees", "url"),
    *("author", "author_id", "member_id", "opened_at", "closed_at", "merged_at", "answered_at"),
    *("first_response_at", "last_activity_at", "message_count"),
)
_MESSAGE_COLUMNS = (
    *("id", "source", "thread_id", "thread_kind", "thread_number", "thread_title", "kind"),
    *("author", "author_id", "member_id", "body", "url", "occurred_at", "edited_at"),
)
_EVENT_COLUMNS = (
    *_MESSAGE_COLUMNS,
    *("subject_type", "subject_id", "subject_name", "subject_url"),
)
_MEMBER_COLUMNS = (
    *("id", "display_name", "accounts", "is_bot", "company", "location", "bio", "tags", "notes"),
    *("first_seen_at", "last_seen_at", "organization", "messages", "messages_90_days", "waiting"),
)
_GROWTH_COLUMNS = ("id", "source", "date", "stars", "forks", "taken_at")
_RELEASE_COLUMNS = (
    *("id", "source", "tag", "name", "author", "author_id", "member_id", "body", "url"),
    *("is_prerelease", "published_at"),
)
_EXPORTS: Mapping[str, tuple[tuple[str, ...], Callable[[Workspace, Cursor | None], _Rows]]] = {
    Export.THREADS: (_THREAD_COLUMNS, _threads),
    Export.MESSAGES: (_MESSAGE_COLUMNS, _messages),
    Export.EVENTS: (_EVENT_COLUMNS, _events),
    Export.MEMBERS: (_MEMBER_COLUMNS, _members),
    Export.GROWTH: (_GROWTH_COLUMNS, _growth),
    Export.RELEASES: (_RELEASE_COLUMNS, _releases),
}
