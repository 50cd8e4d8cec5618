"""Work off the inbox of webhooks: in batches, by any number of workers, each delivery once.

A batch is one transaction, in which its rows are locked and marked: whoever dies leaves them as
they were. A batch that fails is split until what fails, fails alone. What is so heavy that it might
kill the process is worked off by itself, and its attempt is written down before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, takewhile
from time import monotonic

import orjson
import structlog
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop
from structlog.contextvars import bound_contextvars

from dexxy.common.sql import Rows, execute_later, fetch_all, gathering
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.models import DeliveryState, GitHubApp
from dexxy.integrations.services.github.api.errors import quoted
from dexxy.integrations.services.github.webhooks.events import ACCOUNT_EVENTS, why_ignored
from dexxy.integrations.services.github.webhooks.handler_contract import Event, Outcome
from dexxy.integrations.services.github.webhooks.thread_events import thread_events_apply
from dexxy.integrations.services.github.webhooks.verification import (
    LARGEST_PAYLOAD,
    PayloadTooLargeError,
)

log = structlog.get_logger()

BATCH = 200
# Of payloads as they came: a batch must fit into memory, and is some ten times as large there.
BATCH_BYTES = 8 * 1024 * 1024
# Bytes from which on a delivery is heavy. GitHub's are of ten thousand.
HEAVY = 1024 * 1024
# After so many failures a delivery is a dead letter: kept, until somebody asks for it again.
MOST_ATTEMPTS = 8
# Bytes of a payload as it is read. PostgreSQL puts spaces into it: it may be half as long again.
LARGEST_READ = 2 * LARGEST_PAYLOAD
# Seconds until the second attempt; each time three times as long, in all about three hours.
FIRST_PAUSE, PAUSE_GROWTH = 10, 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery of the inbox that this transaction has locked.

    Args:
        size: of the payload in bytes, as it came.
    """

    pk: int
    app_pk: int
    event: str
    action: str
    received_at: datetime
    size: int


_TAKE = """
SELECT id, app_id, event, action, received_at, size
FROM integrations_webhookdelivery
WHERE state = 'pending'
  AND next_attempt_at <= coalesce(%(until)s::timestamptz, statement_timestamp())
  AND (%(only)s::bigint[] IS NULL OR id = ANY(%(only)s))
ORDER BY next_attempt_at, id
LIMIT %(most)s
FOR UPDATE SKIP LOCKED
"""
# What is told in a few signs, such as 1e308, PostgreSQL writes out.
_PAYLOADS = """
SELECT id, CASE WHEN octet_length(text) <= %(largest)s THEN text END
FROM (
    SELECT id, payload::text AS text FROM integrations_webhookdelivery WHERE id = ANY(%(ids)s)
    OFFSET 0
) told
"""
_NOTE_ENDS = """
UPDATE integrations_webhookdelivery d
SET state = r.state, error = r.why, processed_at = now(), updated_at = now()
FROM {rows}
WHERE d.id = r.id
"""
_END_COLUMNS = {"id": "bigint", "state": "text", "why": "text"}
_NOTE_FAILURES = """
UPDATE integrations_webhookdelivery d
SET attempts = attempts + %(more)s, error = r.why, updated_at = now(),
    state = CASE WHEN attempts + %(more)s >= %(most)s THEN 'failed' ELSE state END,
    next_attempt_at = clock_timestamp() + make_interval(
        secs => %(first)s * (%(growth)s::float ^ (attempts + %(more)s - 1)))
FROM {rows}
WHERE d.id = r.id AND d.state = 'pending'
"""
_FAILURE_COLUMNS = {"id": "bigint", "why": "text"}


def deliveries_drain(*, seconds: float) -> int:
    """Work off what is due in the inbox, for SECONDS at most.

    Returns: how many deliveries were tried.

    Raises:
        DatabaseError: the database is away; what was not worked off is still due.
    """
    deadline, tried = monotonic() + seconds, 0
    while taken := _drain_batch(None):
        tried += taken
        if monotonic() > deadline or asked_to_stop.is_set():
            break
    return tried


def _drain_batch(only: list[int] | None, *, is_counted: bool = False) -> int:
    """Work off one batch.

    Args:
        only: primary keys; None takes from all that is due.
        is_counted: the attempt stands in the row already: it is a heavy delivery, by itself.

    Returns: how many were taken.
    """
    taken: list[Waiting] = []
    began = monotonic()
    is_heavy = False
    try:
        with transaction.atomic(), gathering():
            # What is lost in a crash of the server is lost together, and due again.
            execute_later("SET LOCAL synchronous_commit TO off", {})
            taken = _take(only, is_counted=is_counted)
            is_heavy = bool(taken) and taken[0].size >= HEAVY and not is_counted
            if is_heavy:
                _count(taken[0])
            else:
                _note(_work(taken), is_counted=is_counted)
    except Exception as error:
        if not connection.is_usable():
            raise
        _split([one.pk for one in taken], error, is_counted=is_counted)
        return len(taken)
    if is_heavy:
        return _drain_batch([taken[0].pk], is_counted=True) or len(taken)
    if taken:
        oldest = timezone.now() - min(one.received_at for one in taken)
        log.info(
            "webhooks worked off",
            deliveries=len(taken),
            first=taken[0].pk,
            milliseconds=round((monotonic() - began) * 1000),
            waited=round(oldest.total_seconds(), 3),
        )
    return len(taken)


def _split(ids: Sequence[int], error: Exception, *, is_counted: bool) -> None:
    """Try the halves of a batch that failed; one delivery by itself has failed."""
    if len(ids) < 2:
        log.exception("webhook failed", delivery=ids, exc_info=error)
        why = quoted(f"{type(error).__name__}: {error}")
        _note([(pk, Outcome(DeliveryState.FAILED, why)) for pk in ids], is_counted=is_counted)
        return
    middle = len(ids) // 2
    _drain_batch(list(ids[:middle]))
    _drain_batch(list(ids[middle:]))


def _take(only: list[int] | None, *, is_counted: bool) -> list[Waiting]:
    """Lock the deliveries that are worked off together: all light ones of threads, or one other."""
    # What is counted is due only when its attempt has failed.
    params = {"only": only, "until": "infinity" if is_counted else None, "most": BATCH}
    found = [Waiting(*row) for row in fetch_all(_TAKE, params)]
    if found and not _is_for_batches(found[0]):
        return found[:1]
    together = takewhile(_is_for_batches, found)
    sizes = accumulate(one.size for one in found)
    fitting = zip(together, sizes, strict=False)
    return [one for one, size in fitting if size <= BATCH_BYTES or one is found[0]]


def _is_for_batches(one: Waiting) -> bool:
    return one.event not in ACCOUNT_EVENTS and one.size < HEAVY


_DIED = gettext_noop("Whoever worked it off died: it may be too large for the machine.")


def _count(one: Waiting) -> None:
    """Write down, before it begins, that an attempt has failed: if all goes well, it has not."""
    # The last attempt is made, too; only then nobody tries again.
    _note_failures([(one.pk, _DIED)], most=MOST_ATTEMPTS + 1)


def _work(taken: Sequence[Waiting]) -> Iterator[tuple[int, Outcome]]:
    """Do what deliveries ask for. Returns what became of each."""
    rest = []
    for one in taken:
        if why := why_ignored(one.event, one.action):
            yield one.pk, Outcome(DeliveryState.IGNORED, why)
        else:
            rest.append(one)
    events = _events(rest)
    if rest and rest[0].event in ACCOUNT_EVENTS:
        with bound_contextvars(delivery=rest[0].pk):
            outcome = _handled(events[0])
        yield rest[0].pk, outcome
    elif rest:
        yield from zip([one.pk for one in rest], thread_events_apply(events), strict=True)


def _events(taken: Sequence[Waiting]) -> list[Event]:
    params = {"ids": [one.pk for one in taken], "largest": LARGEST_READ}
    payloads = dict(fetch_all(_PAYLOADS, params))
    if None in payloads.values():
        raise PayloadTooLargeError("It is much longer than it was told: its numbers are.")
    by_pk = GitHubApp.objects.in_bulk({one.app_pk for one in taken})
    return [
        Event(
            app=by_pk[one.app_pk],
            name=one.event,
            action=one.action,
            payload=orjson.loads(payloads[one.pk]),
            received_at=one.received_at,
        )
        for one in taken
    ]


_ABOUT_NOTHING = gettext_noop("It is about nothing that is connected here.")


def _handled(event: Event) -> Outcome:
    if ACCOUNT_EVENTS[event.name].handle(event):
        return Outcome(DeliveryState.DONE)
    return Outcome(DeliveryState.IGNORED, _ABOUT_NOTHING)


def _note(outcomes: Iterable[tuple[int, Outcome]], *, is_counted: bool) -> None:
    """Write down what became of deliveries."""
    failed, ended = [], []
    for pk, outcome in outcomes:
        if outcome.why:
            log.info("webhook not applied", delivery=pk, state=outcome.state, why=outcome.why)
        if outcome.state is DeliveryState.FAILED:
            failed.append((pk, outcome.why))
        else:
            ended.append((pk, str(outcome.state), outcome.why))
    if failed:
        _note_failures(failed, more=0 if is_counted else 1)
    if ended:
        execute_later(_NOTE_ENDS, {}, Rows(_END_COLUMNS, ended))


def _note_failures(
    failed: Sequence[tuple[int, str]], *, more: int = 1, most: int = MOST_ATTEMPTS
) -> None:
    """Write down why deliveries failed, and when they are tried again.

    Args:
        more: attempts that do not stand in the rows yet.
        most: so many attempts make a dead letter.
    """
    params = {"more": more, "most": most, "first": FIRST_PAUSE, "growth": PAUSE_GROWTH}
    execute_later(_NOTE_FAILURES, params, Rows(_FAILURE_COLUMNS, failed))
