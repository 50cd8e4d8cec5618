"""Store the releases of a source as an answer shows them.

Who reads them holds the lease of their credential, so answers come in the order in which they were
asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dexxy.common.sql import Rows, execute
from dexxy.members.ingest.records import IdentityRecord
from dexxy.messages.ingest.authors import author_id, authors_apply
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.models import ArchivedReason, Release


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """One release that is published.

    Args:
        listed_at: its time in the server's list, which is sorted by it.
    """

    external_id: str
    tag: str
    name: str
    body: str
    url: str
    author: IdentityRecord | None
    is_prerelease: bool
    published_at: datetime
    listed_at: datetime


_COLUMNS = {
    "external_id": "text",
    "tag": "text",
    "name": "text",
    "body": "text",
    "url": "text",
    "author_id": "bigint",
    "is_prerelease": "boolean",
    "published_at": "timestamptz",
    "listed_at": "timestamptz",
}
_NAMES = ", ".join(_COLUMNS)
_UPSERT = f"""
INSERT INTO messages_release AS known (
    workspace_id, source_id, {_NAMES}, seen_at, is_archived, archived_reason,
    created_at, updated_at)
SELECT %(workspace)s, %(source)s, {_NAMES}, %(seen_at)s, false, '', now(), now()
FROM {{rows}}
ORDER BY external_id
ON CONFLICT (workspace_id, source_id, external_id) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)},
    seen_at = excluded.seen_at, is_archived = false, archived_reason = '', updated_at = now()
"""  # noqa: S608  # names of our own columns


def releases_apply(
    source: SourceKey, releases: Sequence[ReleaseRecord], *, asked_at: datetime
) -> None:
    """Store RELEASES, inside the caller's transaction. One that was archived is back with that.

    Args:
        asked_at: when the request for the answer left.
    """
    authors = authors_apply(source, (one.author for one in releases), asked_at=asked_at)
    silenced = authors.erased.silenced
    rows = []
    for one in {one.external_id: one for one in releases}.values():
        author = author_id(one.author, authors)
        name, body = ("", "") if author in silenced else (one.name, one.body)
        rows.append(
            (
                *(one.external_id, one.tag, name, body, one.url, author),
                *(one.is_prerelease, one.published_at, one.listed_at),
            )
        )
    params = {"workspace": source.workspace_id, "source": source.source_id, "seen_at": asked_at}
    if rows:
        execute(_UPSERT, params, Rows(_COLUMNS, rows))


def releases_archive(
    source: SourceKey, *, unseen_since: datetime, listed_after: datetime | None
) -> int:
    """Archive the releases that the server does not show any more.

    Args:
        unseen_since: since when a list was read that has not got them.
        listed_after: how far down it was read; None for all of it.

    Returns: how many those are.
    """
    known = Release.objects.filter(
        workspace=source.workspace_id, source=source.source_id, is_archived=False
    )
    gone = known.filter(seen_at__lt=unseen_since)
    if listed_after is not None:
        gone = gone.filter(listed_at__gt=listed_after)
    return gone.update(
        is_archived=True, archived_reason=ArchivedReason.MISSING, updated_at=timezone.now()
    )
