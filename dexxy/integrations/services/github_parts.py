"""Nested lists that did not fit into their thread's page, drained part by part."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from dexxy.integrations.models import GitHubRepository, SyncPart
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services import github_mapping as mapping
from dexxy.integrations.services.github_client import Answer
from dexxy.integrations.services.github_queries import PAGE_LIMIT, parts_document
from dexxy.messages.ingest import (
    FinishedList,
    Place,
    StoredThread,
    lists_finish,
    messages_apply,
    stored_thread,
    threads_lock,
    threads_settle,
)
from dexxy.messages.records import Scope

_NOTHING_LEFT = mapping.MappedList(messages=(), cursor="")


def waiting(repository: GitHubRepository, limit: int) -> list[SyncPart]:
    """Return the parts that have waited longest."""
    return list(repository.parts.select_related("thread").order_by("pk")[:limit])


def replace(
    repository: GitHubRepository,
    threads: Sequence[StoredThread],
    open_lists: Sequence[Iterable[mapping.OpenList]],
    snapshot_at: datetime,
) -> None:
    """Write down what is left to read of threads whose snapshots were just stored."""
    SyncPart.objects.filter(thread__in=[thread.id for thread in threads]).delete()
    SyncPart.objects.bulk_create(
        _part(repository.pk, thread.id, left, snapshot_at)
        for thread, lists in zip(threads, open_lists, strict=True)
        for left in lists
    )


def _part(
    repository_id: int, thread_id: int, left: mapping.OpenList, snapshot_at: datetime
) -> SyncPart:
    return SyncPart(
        repository_id=repository_id,
        thread_id=thread_id,
        connection=left.connection,
        owner_id=left.owner_id,
        review_id=left.scope.review_id,
        cursor=left.cursor,
        seen=list(left.seen),
        snapshot_at=snapshot_at,
    )


def query(parts: Sequence[SyncPart]) -> tuple[str, dict[str, Any]]:
    """Return the document and the variables that read the next page of each part."""
    variables: dict[str, Any] = {"first": PAGE_LIMIT}
    for place, part in enumerate(parts):
        variables[f"id{place}"] = part.owner_id
        variables[f"after{place}"] = part.cursor or None
    return parts_document([part.connection for part in parts]), variables


def restart(parts: Sequence[SyncPart]) -> None:
    """Read lists whose cursors were refused from their start."""
    SyncPart.objects.filter(pk__in=[part.pk for part in parts]).update(cursor="", seen=[])


def apply(place: Place, parts: Sequence[SyncPart], answer: Answer) -> int:
    """Store the pages of PARTS, inside the caller's transaction.

    Returns: the number of messages.

    Raises:
        UnexpectedAnswerError: a page has an unknown shape.
    """
    pages = [_page(part, answer.data[f"p{place}"]) for place, part in enumerate(parts)]
    rows = threads_lock(part.thread_id for part in parts)
    threads = [stored_thread(rows[p.thread_id], asked_at=p.snapshot_at) for p in parts]
    messages = [
        (thread, message)
        for thread, page in zip(threads, pages, strict=True)
        for message in page.messages
    ]
    messages_apply(place, messages, asked_at=answer.asked_at)
    for part, page in zip(parts, pages, strict=True):
        part.cursor = page.cursor
        part.seen += [message.external_id for message in page.messages]
    lists_finish(
        FinishedList(thread, _scope(part), part.seen)
        for thread, part in zip(threads, parts, strict=True)
        if not part.cursor
    )
    _write(parts, pages)
    threads_settle(list(rows))
    return len(messages)


def _write(parts: Sequence[SyncPart], pages: Sequence[mapping.MappedList]) -> None:
    SyncPart.objects.filter(pk__in=[part.pk for part in parts if not part.cursor]).delete()
    SyncPart.objects.bulk_update([p for p in parts if p.cursor], ["cursor", "seen"])
    SyncPart.objects.bulk_create(
        _part(part.repository_id, part.thread_id, left, part.snapshot_at)
        for part, page in zip(parts, pages, strict=True)
        for left in page.open_lists
    )


def _page(part: SyncPart, node: Any) -> mapping.MappedList:
    if node is None:
        # What had the list is gone, and the list with it.
        return _NOTHING_LEFT
    try:
        return mapping.nested_page(
            part.connection,
            node["list"],
            _scope(part),
            merged=part.thread.merged_at is not None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise errors.UnexpectedAnswerError(
            f"GitHub's list of {part.connection} has an unknown shape ({error!r}). Update Dexxy."
        ) from error


def _scope(part: SyncPart) -> Scope:
    if part.review_id:
        return mapping.review_comments_of(part.review_id)
    return mapping.SCOPES[part.connection]
