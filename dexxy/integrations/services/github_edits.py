"""Comments that were edited: GitHub need not move their thread's time, so they have lists too.

The lists only tell which threads to read again.
https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from dexxy.integrations.models import StreamName, SyncStream
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services.github_client import Answer
from dexxy.integrations.services.github_lists import WATERMARK_OVERLAP
from dexxy.integrations.services.github_reading import Reading, documented
from dexxy.messages.ingest import comments_changed
from dexxy.messages.models import MessageKind

PER_PAGE = 100


# path below the repository, kind of its rows, field that names the thread
EDITS = {
    StreamName.COMMENT_EDITS: ("issues/comments", MessageKind.COMMENT, "issue_url"),
    StreamName.REVIEW_COMMENT_EDITS: (
        "pulls/comments",
        MessageKind.REVIEW_COMMENT,
        "pull_request_url",
    ),
}


def read_page(reading: Reading, stream: SyncStream) -> None:
    """Read what was edited since the stream's watermark, oldest first, and mark its threads.

    Always the first page, from the second of the last row on: page numbers shift under changes,
    and GitHub refuses large ones. Only where a page holds a single second, its `next` is followed.

    Raises:
        DexxyError: the page could not be read; nothing was marked.
    """
    path, kind, thread_field = EDITS[StreamName(stream.name)]
    if stream.watermark is None:
        # The first scan of the threads is under way, and shows every comment as it is.
        _begin(reading, stream)
        return
    try:
        answer = _page(reading, stream, path)
    except errors.NotFoundError:
        # The feature is switched off.
        answer = None
    rows = answer.data if answer else []
    with documented("comments"):
        changed = [
            (int(row[thread_field].rsplit("/", 1)[1]), str(row["id"]), _time(row["updated_at"]))
            for row in rows
        ]
    with reading.storing():
        comments_changed(reading.place, kind, changed)
        _advance(stream, changed, answer)


def _begin(reading: Reading, stream: SyncStream) -> None:
    with reading.storing():
        # Not of this run: it may be the second one that tries to read everything.
        stream.watermark = stream.created_at - WATERMARK_OVERLAP
        stream.is_done = True
        stream.save()


def _page(reading: Reading, stream: SyncStream, path: str) -> Answer:
    if stream.cursor:
        return reading.get(stream.cursor)
    assert stream.watermark is not None
    since = stream.watermark.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return reading.get(
        f"repos/{reading.repository.full_name}/{path}",
        {"sort": "updated", "direction": "asc", "since": since, "per_page": PER_PAGE},
    )


def _advance(
    stream: SyncStream, changed: list[tuple[int, str, datetime]], answer: Answer | None
) -> None:
    assert stream.watermark is not None
    following = answer.next_page if answer else ""
    last = changed[-1][2] - timedelta(seconds=1) if changed else stream.watermark
    if stream.scan_started_at is None and answer:
        stream.scan_started_at = answer.date
    if following and last > stream.watermark:
        stream.watermark, stream.cursor = last, ""
    elif following:
        if following == stream.cursor:
            raise errors.UnexpectedAnswerError("GitHub's list of comments goes round in a circle.")
        stream.cursor = following
    else:
        begun = stream.scan_started_at - WATERMARK_OVERLAP if stream.scan_started_at else last
        # Not behind what was read, and not before what GitHub may still show late.
        stream.watermark = max(stream.watermark, min(last, begun) if changed else begun)
        stream.cursor, stream.scan_started_at, stream.is_done = "", None, True
    stream.save()


def _time(value: Any) -> datetime:
    return datetime.fromisoformat(value)
