"""Threads that have a row: how they are locked, and whether an answer is authoritative for them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dexxy.messages.models import Thread

# GitHub's replicas lag behind its webhooks: an answer that was asked for sooner than this after a
# webhook may be older than the webhook.
HINT_SETTLES_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class StoredThread:
    """A locked row of a thread.

    Args:
        is_authoritative: the answer at hand decides what the row says, whatever the versions: see
            docs/explanation/what-wins-when.md.
        is_new: this transaction has inserted the row.
    """

    id: int
    kind: str
    is_authoritative: bool
    is_new: bool = False


def threads_lock(thread_ids: Iterable[int]) -> dict[int, Thread]:
    """Lock threads against other writers until the transaction ends, in the order of their keys.

    Store the identities of the same transaction before: they are locked first (ADR 15).

    Returns: primary key -> thread, with `kind` and `hinted_at` loaded.
    """
    threads = Thread.objects.select_for_update().filter(pk__in=set(thread_ids))
    ordered = threads.order_by("source_id", "kind", "number")
    return {thread.pk: thread for thread in ordered.only("kind", "hinted_at")}


def stored_thread(thread: Thread, *, asked_at: datetime) -> StoredThread:
    """Tell whether an answer is authoritative for the locked THREAD.

    Args:
        asked_at: when the request for the answer left, by our clock.
    """
    settled = asked_at - HINT_SETTLES_AFTER
    is_authoritative = thread.hinted_at is None or thread.hinted_at <= settled
    return StoredThread(thread.pk, thread.kind, is_authoritative)
