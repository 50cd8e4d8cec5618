"""Nested lists that did not fit into their thread's page, read page by page."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.integrations.models import SyncPart
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.queries import parts_document
from dexxy.integrations.services.github.mapping.nested_lists import MappedList, nested_page
from dexxy.integrations.services.github.reading.part_rows import (
    Part,
    ReadPart,
    parts_forget,
    parts_move_on,
)
from dexxy.integrations.services.github.reading.problems import (
    gaps_note,
    problem_note,
    problems_end,
)
from dexxy.integrations.services.github.reading.receipt import (
    messages_counted,
    sweeps_lose_count,
    sweeps_meet,
)
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.authors import authors_apply
from dexxy.messages.ingest.message_rows import messages_apply
from dexxy.messages.ingest.nested_lists import lists_finish
from dexxy.messages.ingest.review_threads import resolved_comments_apply, review_threads_apply
from dexxy.messages.ingest.settling import replies_link, threads_settle
from dexxy.messages.ingest.stored_threads import stored_thread, threads_lock
from dexxy.messages.models import Thread, ThreadKind

SMALL_PAGE = 10


def parts_read(reading: Reading, parts: Sequence[Part], *, first: int) -> Answer | None:
    """Read and store the next page of each of PARTS.

    Args:
        first: how long these pages may be; SMALL_PAGE is the shortest.

    Returns: the answer, or None if GitHub found it too much at once.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    is_smallest = len(parts) == 1 and first == SMALL_PAGE
    try:
        answer = _answer(reading, parts, first=first, is_smallest=is_smallest)
        _store(reading, parts, answer)
    except errors.CursorRefusedError as error:
        # Which of several it was, smaller requests tell.
        if len(parts) == 1:
            _restart(reading, parts[0], error)
        return None
    except errors.QueryTooHeavyError as error:
        if is_smallest:
            _give_up(reading, parts[0], error)
        return None
    return answer


def _answer(reading: Reading, parts: Sequence[Part], *, first: int, is_smallest: bool) -> Answer:
    variables: dict[str, Any] = {"first": first}
    for index, part in enumerate(parts):
        variables[f"id{index}"] = part.owner_id
        variables[f"after{index}"] = part.cursor or None
    document = parts_document([part.connection for part in parts])
    return reading.query(
        document, variables, may_lack=list(_aliases(parts)), is_smallest=is_smallest
    )


def _aliases(parts: Sequence[Part]) -> dict[str, Part]:
    """Return the name that each part has in `parts_document`."""
    return {f"p{index}": part for index, part in enumerate(parts)}


def _store(reading: Reading, parts: Sequence[Part], answer: Answer) -> None:
    named, gaps = _aliases(parts), answer.gaps
    gone = [part for name, part in named.items() if name in gaps.missed]
    pages = [
        (part, _page(part, answer.data.get(name)))
        for name, part in named.items()
        if name not in gaps.missed | gaps.refused
    ]
    with reading.storing():
        _apply(reading, pages, gone, answer)
    for name in gaps.refused & named.keys():
        _give_up(reading, named[name], _refused(named[name], gaps.reasons.get(name)))


def _apply(
    reading: Reading,
    pages: Sequence[tuple[Part, MappedList]],
    gone: Sequence[Part],
    answer: Answer,
) -> None:
    """Store pages, inside the transaction: in the order in which all writers take locks (ADR 15).

    Args:
        gone: the parts whose owners GitHub does not show any more.
    """
    messages = [message for _, page in pages for message in page.messages]
    authors = authors_apply(reading.source, (m.author for m in messages), asked_at=answer.asked_at)
    threads = threads_lock(part.thread_id for part in (*(part for part, _ in pages), *gone))
    read = [
        ReadPart(part, page, stored_thread(threads[part.thread_id], asked_at=part.snapshot_at))
        for part, page in pages
    ]
    messages_apply(reading.source, [(r.thread, m) for r in read for m in r.page.messages], authors)
    lists_finish(finished for one in read for finished in one.finished_lists())
    review_threads_apply(found for one in read for found in one.review_threads())
    resolved_comments_apply(found for one in read for found in one.resolved_comments())
    parts_move_on(reading.repository, read)
    sweeps_meet((one.part.sweep_id, one.page.messages) for one in read)
    _leave_to_refetch(gone)
    replies_link(threads)
    threads_settle(threads)
    for part, page in pages:
        if page.gaps:
            kind = ThreadKind(part.thread_kind)
            gaps_note(reading.repository, kind, part.thread_number, page.gaps)
    problems_end(reading, [(one.thread.id, one.part.snapshot_at) for one in read])
    reading.count(messages=messages_counted(messages))


def _page(part: Part, node: Any) -> MappedList:
    """Map a page of a part.

    Raises:
        QueryTooHeavyError: it cannot be read; by itself it may be, or is left out.
        CursorRefusedError: its cursors do not lead to an end.
    """
    try:
        if node["list"] is None:
            raise TypeError("a list that is null")
        page = nested_page(
            part.connection, node["list"], part.owner_external_id, merged_at=part.merged_at
        )
    except errors.UNKNOWN_SHAPE as error:
        errors.log_shape(f"list of #{part.thread_number}", error)
        raise errors.QueryTooHeavyError(
            gettext_noop(
                "GitHub shows a list of #{number} in a way that this Dexxy does not know."
                " Update Dexxy, or report it."
            ).format(number=part.thread_number)
        ) from error
    is_nothing_new = bool(page.seen) and set(page.seen) <= set(part.seen)
    if page.cursor and (page.cursor == part.cursor or is_nothing_new):
        raise errors.CursorRefusedError(gettext_noop("Its cursors go round in a circle."))
    return page


def _refused(part: Part, reason: str | None) -> errors.AccessDeniedError:
    return errors.AccessDeniedError(
        reason
        or gettext_noop(
            "GitHub does not let this token read a list of #{number}. Dexxy asks again."
        ).format(number=part.thread_number)
    )


def _restart(reading: Reading, part: Part, error: errors.CursorRefusedError) -> None:
    """Read a list from its beginning again, or leave it out where that does not help."""
    try:
        reading.restarting(error)
    except errors.UnexpectedAnswerError as unhelped:
        _give_up(reading, part, unhelped)
        return
    with reading.storing():
        sweeps_lose_count([part.sweep_id])
        SyncPart.objects.filter(pk=part.id).update(cursor="", seen=[])


def _leave_to_refetch(gone: Sequence[Part]) -> None:
    """Mark the threads of lists whose owners are not shown: only a refetch can tell why."""
    Thread.objects.filter(pk__in=[p.thread_id for p in gone]).update(refetch_at=timezone.now())
    parts_forget(SyncPart.objects.filter(pk__in=[part.id for part in gone]))


def _give_up(reading: Reading, part: Part, error: errors.GitHubError) -> None:
    """Leave out the list that cannot be read; its thread is tried again as a whole, later."""
    with reading.storing():
        kind = ThreadKind(part.thread_kind)
        problem_note(reading.repository, kind, part.thread_number, error)
        parts_forget(SyncPart.objects.filter(thread=part.thread_id))
