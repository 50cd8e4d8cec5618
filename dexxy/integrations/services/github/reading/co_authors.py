"""The commits of merged pull requests, once after the merge, only for who wrote them.

They are dear (a list in each of many), and nobody waits for them: so a run reads them when all
else is read, and no more than a few. GitHub shows 250 commits of a pull request at most.
https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.integrations.models import RequestKind, SyncStream
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT, commits_document
from dexxy.integrations.services.github.api.values import Page, page_of
from dexxy.integrations.services.github.mapping.commits import authors_of
from dexxy.integrations.services.github.reading.request_sizes import START
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.co_authors import CoAuthorRecord, co_authors_apply
from dexxy.messages.models import Thread, ThreadKind

# Requests of a run for pull requests that were not read before: about 14 points in all.
MOST_IN_A_RUN = 2
# Commits of the first page: most pull requests have fewer, and what may be in it costs points.
FIRST_PAGE = 25
# The first page and three of a hundred hold all that GitHub shows.
MOST_PAGES = 4
_REFUSED = gettext_noop(
    "GitHub does not let this token read the commits of pull requests, which tell who wrote them"
    " together. Give the token, or the App, the permission to read contents, which opens all code,"
    " too; or do without co-authors."
)


@dataclass
class Wanted:
    """A merged pull request whose commits are to be read.

    Args:
        cursor: where to go on; '' for the first page.
    """

    thread_id: int
    node_id: str
    cursor: str = ""
    authors: list[CoAuthorRecord] = field(default_factory=list)


def waiting(reading: Reading) -> list[Wanted]:
    """Return as many merged pull requests as one request asks for, the newest first."""
    size = min(START[RequestKind.COMMITS], reading.sizes.to_ask(RequestKind.COMMITS))
    merged = Thread.objects.live().filter(
        workspace=reading.source.workspace_id,
        source=reading.source.source_id,
        kind=ThreadKind.PULL_REQUEST,
        merged_at__isnull=False,
        co_authors_read_at=None,
    )
    found = merged.exclude(node_id="").order_by("-pk").values_list("pk", "node_id")
    return [Wanted(*row) for row in found[:size]]


def read(reading: Reading, stream: SyncStream, wanted: Sequence[Wanted]) -> bool:
    """Read and store who wrote the commits of some pull requests.

    Returns: whether others may be read in this run.

    Raises:
        DexxyError: none can be read now.
    """
    left, first, answer = list(wanted), FIRST_PAGE, None
    for _ in range(MOST_PAGES):
        try:
            answer = _ask(reading, left, first)
        except errors.QueryTooHeavyError:
            reading.sizes.failed(RequestKind.COMMITS, len(left))
            if len(left) > 1:
                return True
            break  # What cannot be read by itself has the authors that are known of it.
        except errors.CursorRefusedError:
            break
        if _is_refused(answer, left):
            _rest(reading, stream)
            return False
        left, first = _going_on(answer, left), PAGE_LIMIT
        if not left:
            break
    asked_at = timezone.now() if answer is None else answer.asked_at
    with reading.storing():
        found = {one.thread_id: one.authors for one in wanted}
        co_authors_apply(reading.source, found, asked_at=asked_at)
        if stream.refusal:
            _update(stream, refusal="", watermark=None)
        reading.count(commits_of=len(wanted))
    return True


def _ask(reading: Reading, wanted: Sequence[Wanted], first: int) -> Answer:
    variables: dict[str, Any] = {"first": first}
    for index, one in enumerate(wanted):
        variables[f"id{index}"] = one.node_id
        variables[f"after{index}"] = one.cursor or None
    answer = reading.query(
        commits_document(len(wanted)),
        variables,
        may_lack=[f"p{index}" for index in range(len(wanted))],
        is_smallest=len(wanted) == 1,
    )
    reading.sizes.passed(RequestKind.COMMITS, len(wanted), answer, got=len(wanted))
    return answer


def _is_refused(answer: Answer, wanted: Sequence[Wanted]) -> bool:
    """Tell whether the commits of none of them are shown, because the token may not read any."""
    names = [f"p{index}" for index in range(len(wanted))]
    return all(name in answer.gaps.refused and not answer.data.get(name) for name in names)


def _going_on(answer: Answer, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Note whom a page names, and return the pull requests that have another page."""
    left = []
    for index, one in enumerate(wanted):
        page = _page(answer.data.get(f"p{index}"))
        if page is None:
            continue  # It is gone, or not shown: nobody is known of it.
        one.authors += authors_of(page.nodes)
        if page.goes_on and page.end != one.cursor:
            one.cursor = page.end
            left.append(one)
    return left


def _page(node: Any) -> Page | None:
    try:
        return page_of(node["list"])
    except errors.UNKNOWN_SHAPE:
        return None


def _rest(reading: Reading, stream: SyncStream) -> None:
    """Leave all commits alone for a day, and say why."""
    with reading.storing():
        _update(stream, refusal=_REFUSED, watermark=timezone.now(), is_done=True)


def _update(stream: SyncStream, **fields: Any) -> None:
    SyncStream.objects.filter(pk=stream.pk).update(**fields, updated_at=timezone.now())
