"""The list of a repository's releases: all of it at first, then its latest page once a day.

Most repositories never had one: those are asked every fourth day. A webhook about a release makes
all of them due again. Where GitHub does not show the list, which needs the permission to read
contents (docs/adr/0035), it rests for a day, and all others go on.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Q
from django.utils import timezone

from dexxy.integrations.models import GitHubRepository, StreamName, SyncStream
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import releases_document
from dexxy.integrations.services.github.api.values import Page, page_of, time
from dexxy.integrations.services.github.mapping.releases import releases_in
from dexxy.integrations.services.github.reading.page_frame import refuse_circle
from dexxy.integrations.services.github.reading.request_sizes import (
    START,
    size_failed,
    size_passed,
    size_to_ask,
)
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.releases import releases_apply, releases_archive
from dexxy.messages.models import Release

DAILY = (StreamName.RELEASES, StreamName.COMMITS)
LOOK_AGAIN_AFTER = timedelta(days=1)
# Where there never was a release: a point a day for each of thousands of repositories is too much.
LOOK_FOR_FIRST_AFTER = timedelta(days=4)
_DOCUMENT = releases_document()
_REFUSED = (
    "GitHub does not let this token read releases. Give the token, or the App, the permission to"
    " read contents, which opens all code, too; or do without releases."
)


def daily_lists_due(repository: GitHubRepository) -> None:
    """Make due what is read once a day, or what rests and is tried once a day."""
    now = timezone.now()
    had_one = Exists(Release.objects.filter(source=repository.source_id))
    waits_for_first = ~had_one & Q(
        name=StreamName.RELEASES, refusal="", watermark__gte=now - LOOK_FOR_FIRST_AFTER
    )
    due = repository.streams.filter(name__in=DAILY, is_done=True).exclude(waits_for_first)
    due.filter(Q(watermark=None) | Q(watermark__lt=now - LOOK_AGAIN_AFTER)).update(is_done=False)


def read_page(reading: Reading, stream: SyncStream) -> None:
    """Read and store the next page of the list.

    Raises:
        DexxyError: it could not be read; nothing of it was stored.
    """
    # A repository has few of them: to try how many more would pass is not worth a request.
    start = START[StreamName.RELEASES]
    size = min(start, size_to_ask(stream, start=start))
    after = stream.cursor or None
    variables = reading.name | {"first": size, "after": after}
    try:
        answer = reading.query(_DOCUMENT, variables, may_lack=["repository"], is_smallest=size == 1)
        if answer.data.get("repository") is None:
            _rest(reading, stream, _REFUSED)
            return
        reading.repository_of(answer)
        with answer_shape("releases"):
            page = page_of(answer.data["repository"]["releases"])
        refuse_circle(page, after)
        _store(reading, stream, page, answer, asked=size)
    except errors.CursorRefusedError as error:
        reading.restarting(error)
        _move(reading, stream, cursor="", scan_started_at=None)
    except errors.QueryTooHeavyError as error:
        if size == 1:
            _rest(reading, stream, str(error))
            return
        size_failed(stream, size)
        _move(reading, stream)


def _store(reading: Reading, stream: SyncStream, page: Page, answer: Answer, *, asked: int) -> None:
    mapped = releases_in(page.nodes)
    if stream.scan_started_at is None:
        stream.scan_started_at, stream.met = answer.asked_at, {"gaps": 0}
        # What rested until now was never read whole.
        stream.watermark = None if stream.refusal else stream.watermark
    stream.refusal = ""
    has_gaps = bool(mapped.gaps or (stream.met or {}).get("gaps"))
    stream.met = {"gaps": int(has_gaps)}
    size_passed(stream, asked, answer, got=len(page.nodes))
    # The latest page is enough where all were read before.
    is_end = not page.goes_on or stream.watermark is not None
    began = stream.scan_started_at
    with reading.storing():
        releases_apply(reading.source, mapped.records, asked_at=answer.asked_at)
        if is_end and not has_gaps:
            oldest = _oldest(page) if page.goes_on else None
            releases_archive(reading.source, unseen_since=began, listed_after=oldest)
        if is_end:
            _update(stream, cursor="", scan_started_at=None, watermark=began, is_done=True)
        else:
            _update(stream, cursor=page.end)
        reading.count(releases=len(mapped.records))


def _oldest(page: Page) -> datetime:
    """Return how far down a page goes, drafts among it."""
    with answer_shape("releases"):
        return min(time(node["createdAt"]) for node in page.nodes if node)


def _rest(reading: Reading, stream: SyncStream, why: str) -> None:
    """Leave the list alone for a day, and say why."""
    stream.refusal = why
    _move(reading, stream, cursor="", scan_started_at=None, watermark=timezone.now(), is_done=True)


def _move(reading: Reading, stream: SyncStream, **fields: Any) -> None:
    with reading.storing():
        _update(stream, **fields)


def _update(stream: SyncStream, **fields: Any) -> None:
    """Store what was learned and FIELDS, unless a webhook made the list due again meanwhile."""
    learned = (
        *("page_size", "failed_size", "failed_at", "suspects", "suspected_size"),
        *("refusal", "met"),
    )
    kept = {name: getattr(stream, name) for name in (*learned, "scan_started_at", "watermark")}
    unchanged = SyncStream.objects.filter(pk=stream.pk, updated_at=stream.updated_at)
    unchanged.update(**kept | fields, updated_at=timezone.now())
