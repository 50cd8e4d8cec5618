"""Comments that were edited: GitHub need not move their thread's time, so they have lists too.

The lists only tell which threads to read again.
https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
https://docs.github.com/en/rest/pulls/comments#list-review-comments-in-a-repository
"""

from datetime import UTC, datetime, timedelta

from django.db.models import Min
from django.utils.translation import gettext_noop

from dexxy.integrations.models import StreamName, SyncStream
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.values import key, time
from dexxy.integrations.services.github.reading.scans import THREAD_LISTS, WATERMARK_OVERLAP
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.refetch_reasons import comments_changed
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
        changed = _changed(answer, thread_field)
    except (errors.InstallationSuspendedError, errors.InstallationDeletedError):
        raise
    except (errors.NotFoundError, errors.AccessDeniedError) as error:
        # The repository was shown by another request of this run: it is the list that is refused.
        _leave(reading, stream, error)
        return
    except errors.CursorRefusedError as error:
        _restart(reading, stream, error)
        return
    with reading.storing():
        comments_changed(reading.source, kind, changed)
        _advance(stream, changed, answer)


def _changed(answer: Answer, thread_field: str) -> list[tuple[int, str, datetime]]:
    """Return the thread's number, the id and the version of each comment."""
    with answer_shape("comments"):
        if not isinstance(answer.data, list):
            raise TypeError(f"{type(answer.data).__name__} instead of a list")
        return [
            (int(row[thread_field].rsplit("/", 1)[1]), key(row["id"]), time(row["updated_at"]))
            for row in answer.data
        ]


def _restart(reading: Reading, stream: SyncStream, error: errors.CursorRefusedError) -> None:
    """Leave the page that was linked to, and begin again behind what was read for sure.

    Raises:
        UnexpectedAnswerError: that does not help.
    """
    with reading.storing():
        stream.cursor = ""
        stream.save()
    reading.restarting(error)


def _leave(reading: Reading, stream: SyncStream, error: errors.GitHubError) -> None:
    """Leave a list whose feature is switched off or not granted: what it holds is read later."""
    with reading.storing():
        stream.scan_started_at, stream.is_done, stream.refusal = None, True, str(error)
        stream.save()


def _begin(reading: Reading, stream: SyncStream) -> None:
    with reading.storing():
        # Not of this run: it may be the second one that tries to read everything. By GitHub's
        # clock, too, as the lists of threads have it: ours may be fast.
        begun = reading.repository.streams.filter(name__in=THREAD_LISTS)
        known = begun.aggregate(first=Min("watermark"))["first"]
        stream.watermark = min(stream.created_at - WATERMARK_OVERLAP, known or stream.created_at)
        stream.is_done = True
        stream.save()


def _page(reading: Reading, stream: SyncStream, path: str) -> Answer:
    if stream.cursor:
        return _following(reading, stream.cursor)
    assert stream.watermark is not None
    since = stream.watermark.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return reading.get(
        f"repos/{reading.repository.full_name}/{path}",
        {"sort": "updated", "direction": "asc", "since": since, "per_page": PER_PAGE},
    )


def _following(reading: Reading, address: str) -> Answer:
    try:
        answer = reading.get(address)
    except (
        errors.UnexpectedAnswerError,
        errors.NotFoundError,
        errors.AccessDeniedError,
    ) as error:
        # GitHub refuses (422) to go far into a large list. What is wrong with the list itself,
        # its first page tells.
        raise errors.CursorRefusedError(str(error)) from error
    if answer.next_page == address:
        raise errors.CursorRefusedError(
            gettext_noop("GitHub's list of comments goes round in a circle.")
        )
    return answer


def _advance(stream: SyncStream, changed: list[tuple[int, str, datetime]], answer: Answer) -> None:
    assert stream.watermark is not None
    following = answer.next_page
    if stream.scan_started_at is None:
        stream.scan_started_at = answer.date
    last = max(changed[-1][2], stream.watermark) if changed else stream.watermark
    begun = stream.scan_started_at - WATERMARK_OVERLAP
    # Not behind what was read, and not before what GitHub may still show late.
    last = min(last - timedelta(seconds=1), begun) if changed else begun
    if following and last > stream.watermark:
        stream.watermark, stream.cursor = last, ""
    elif following:
        stream.cursor = following
    else:
        stream.watermark = max(stream.watermark, last)
        stream.cursor, stream.scan_started_at, stream.is_done = "", None, True
    stream.refusal = ""
    stream.save()
