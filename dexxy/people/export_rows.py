"""The rows of each export, and the columns that they have in a table."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import F, QuerySet, Sum

from dexxy.accounts.models import AuditEntry, Workspace
from dexxy.accounts.selectors import audit_entries
from dexxy.common.pages import Cursor, behind
from dexxy.members.models import Identity, Member
from dexxy.members.overviews import summary_of
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_find
from dexxy.messages.models import Message, MessageKind, Release, Thread
from dexxy.messages.releases import releases_shown
from dexxy.people.export_selection import Asked
from dexxy.people.models import Export
from dexxy.sources.growth import daily_counts
from dexxy.sources.models import DailyCounts

# Rows read at once: no transaction stays open while a slow reader takes them.
BATCH = 1000

# What somebody did that the feed leaves out.
_QUIET = FeedFilters(message_kinds=MessageKind.quiet())

Row = dict[str, Any]
# Some rows, and the cursor behind which the next ones are; '' if these are the last.
Rows = tuple[list[Row], str]
# Reads the rows behind a cursor; of '', the first ones.
Reader = Callable[[Asked, str], Rows]


def rows_total(asked: Asked, what: Export) -> int:
    """Return about how many rows there are, without counting messages.

    Of quiet kinds nobody knows, so the number of messages stands for theirs.
    """
    if what == Export.GROWTH:
        return daily_counts(asked.workspace).count()
    if what == Export.AUDIT:
        return audit_entries(asked.workspace).count()
    if what == Export.RELEASES:
        return releases_shown(asked.workspace).count()
    if what == Export.MEMBERS:
        return _members_asked(asked).count()
    threads = asked.selection.threads(asked.viewer, asked.workspace)
    if what == Export.THREADS:
        return threads.count()
    return threads.aggregate(total=Sum("message_count"))["total"] or 0


def _messages(asked: Asked, cursor: str) -> Rows:
    found, behind_them = _of_feed(asked.workspace, EVERYTHING, cursor)
    return [_message(message) | _spoken(message) for message in found], behind_them


def _events(asked: Asked, cursor: str) -> Rows:
    found, behind_them = _of_feed(asked.workspace, _QUIET, cursor)
    return [_message(message) | _subject(message) for message in found], behind_them


def _of_feed(workspace: Workspace, filters: FeedFilters, cursor: str) -> tuple[list[Message], str]:
    found = feed_find(feed_query(workspace, filters, below=_parsed(cursor)), BATCH)
    of_feed = Message.objects.filter(workspace=workspace)
    rows = of_feed.select_related("source", "thread", "author").in_bulk([one.pk for one in found])
    shown = [rows[one.pk] for one in found if one.pk in rows]
    return shown, str(found[-1]) if len(found) == BATCH else ""


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
        "thread_number": message.thread.platform_number,
        "thread_title": message.thread.title,
        "kind": message.kind,
        **_author(message.author),
        "body": message.body,
        "url": message.url,
        "occurred_at": message.occurred_at,
        "edited_at": message.edited_at,
    }


def _spoken(message: Message) -> Row:
    """Return what only what somebody wrote has."""
    details = message.details
    return {
        "association": _association(message),
        "minimized_reason": details.get("minimized"),
        "review_state": details.get("state") if message.kind == MessageKind.REVIEW else None,
    }


def _threads(asked: Asked, cursor: str) -> Rows:
    threads = asked.selection.threads(asked.viewer, asked.workspace)
    found, behind_them = _next(
        threads.select_related("source", "author"), "last_activity_at", cursor
    )
    return [_thread(thread) for thread in found], behind_them


def _thread(thread: Thread) -> Row:
    return {
        "id": thread.pk,
        "source": thread.source.name,
        "kind": thread.kind,
        "number": thread.platform_number,
        "title": thread.title,
        "state": thread.state,
        "state_reason": thread.state_reason,
        "labels": thread.labels,
        "category": thread.category,
        "milestone": thread.milestone,
        "issue_type": thread.issue_type,
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
        "head_oid": thread.head_oid,
        "association": _association(thread),
        **_details(thread.details),
    }


def _details(details: Mapping[str, Any]) -> Row:
    """Return what only some threads have, by the names of the API; its parent as two columns."""
    parent = details.get("parent") or {}
    parts = details.get("sub_issues", {})
    reactions = details.get("reactions", {})
    return {
        "lock_reason": details.get("lock_reason"),
        "is_answerable": details.get("is_answerable"),
        "upvotes": details.get("upvotes"),
        "reactions": [{"name": name, "count": reactions[name]} for name in sorted(reactions)],
        "parent_number": parent.get("number"),
        "parent_url": parent.get("url"),
        "sub_issues": parts.get("total", 0),
        "closed_sub_issues": parts.get("closed", 0),
        "head_committed_at": details.get("head_committed_at"),
    }


def _association(row: Thread | Message) -> str | None:
    """Return what its author is to the repository: of who was erased, nothing."""
    is_erased = row.author is not None and not row.author.username
    return None if is_erased else row.details.get("association")


def _members(asked: Asked, cursor: str) -> Rows:
    members = (
        _members_asked(asked).select_related("summary").prefetch_related("identities", "notes")
    )
    found, behind_them = _next(members, "last_seen_at", cursor)
    # Without an account it was merged into another member.
    return [_member(member) for member in found if member.identities.all()], behind_them


def _members_asked(asked: Asked) -> QuerySet[Member]:
    members = Member.objects.filter(workspace=asked.workspace, erased_at=None)
    chosen = asked.selection.member_ids
    return members if chosen is None else members.filter(pk__in=list(chosen))


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


def _growth(asked: Asked, cursor: str) -> Rows:
    counts = daily_counts(asked.workspace).select_related("source")
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


def _releases(asked: Asked, cursor: str) -> Rows:
    releases = releases_shown(asked.workspace).select_related("source", "author")
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


def _audit(asked: Asked, cursor: str) -> Rows:
    found, behind_them = _next(
        audit_entries(asked.workspace, asked.selection.log), "created_at", cursor
    )
    return [_entry(entry) for entry in found], behind_them


def _entry(entry: AuditEntry) -> Row:
    return {
        "id": entry.pk,
        "created_at": entry.created_at,
        "actor_id": entry.actor_id,
        "actor": entry.actor.email if entry.actor else None,
        "action": entry.action,
        "target_type": entry.target_type,
        "target_id": entry.target_id,
        "details": entry.details,
    }


def _author(author: Identity | None) -> Row:
    return {
        "author": author.username if author else None,
        "author_id": author.pk if author else None,
        "member_id": author.member_id if author else None,
    }


def _next(rows: QuerySet[Any], time: str, cursor: str) -> tuple[list[Any], str]:
    ordered = rows.order_by(F(time).desc(nulls_first=True), "-pk")
    parsed = _parsed(cursor)
    found = list((ordered.filter(behind(time, parsed)) if parsed else ordered)[:BATCH])
    is_last = len(found) < BATCH
    return found, "" if is_last else str(Cursor(getattr(found[-1], time), found[-1].pk))


def _parsed(cursor: str) -> Cursor | None:
    return Cursor.parse(cursor) if cursor else None


_THREAD_COLUMNS = (
    *("id", "source", "kind", "number", "title", "state", "state_reason", "labels"),
    *("category", "milestone", "issue_type", "is_locked", "assignees", "url"),
    *("author", "author_id", "member_id", "opened_at", "closed_at", "merged_at", "answered_at"),
    *("first_response_at", "last_activity_at", "message_count"),
    # Whoever reads a table by the places of its columns finds these behind all others.
    *("head_oid", "association", "lock_reason", "is_answerable", "upvotes", "reactions"),
    *("parent_number", "parent_url", "sub_issues", "closed_sub_issues", "head_committed_at"),
)
_ACT_COLUMNS = (
    *("id", "source", "thread_id", "thread_kind", "thread_number", "thread_title", "kind"),
    *("author", "author_id", "member_id", "body", "url", "occurred_at", "edited_at"),
)
_MESSAGE_COLUMNS = (*_ACT_COLUMNS, "association", "minimized_reason", "review_state")
_EVENT_COLUMNS = (
    *_ACT_COLUMNS,
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
_AUDIT_COLUMNS = (
    *("id", "created_at", "actor_id", "actor", "action", "target_type", "target_id", "details"),
)
# The columns of each export in a table, and what reads its rows.
READERS: Mapping[Export, tuple[tuple[str, ...], Reader]] = {
    Export.THREADS: (_THREAD_COLUMNS, _threads),
    Export.MESSAGES: (_MESSAGE_COLUMNS, _messages),
    Export.EVENTS: (_EVENT_COLUMNS, _events),
    Export.MEMBERS: (_MEMBER_COLUMNS, _members),
    Export.GROWTH: (_GROWTH_COLUMNS, _growth),
    Export.RELEASES: (_RELEASE_COLUMNS, _releases),
    Export.AUDIT: (_AUDIT_COLUMNS, _audit),
}
