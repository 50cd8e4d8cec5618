"""Work off the inbox of webhooks: in batches, by any number of workers, each delivery once.

A batch is one transaction, in which its rows are locked and marked: whoever dies leaves them as
they were. A batch that fails is split until what fails, fails alone. What failed before is worked
off by itself, and its attempt is written down first: it may be what kills whoever works it off.
After a drain that was cut short nobody knows what did that, so then each delivery is.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, takewhile
from time import monotonic

import orjson
import structlog
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop
from structlog.contextvars import bound_contextvars

from dexxy.common.sql import Rows, execute_later, fetch_all, gathering
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.models import DeliveryState, Drain, GitHubApp
from dexxy.integrations.services.github.access.liveness import has_died, holder_name
from dexxy.integrations.services.github.webhooks.events import ACCOUNT_EVENTS, why_ignored
from dexxy.integrations.services.github.webhooks.handler_contract import Event, Outcome
from dexxy.integrations.services.github.webhooks.thread_events import thread_events_apply

log = structlog.get_logger()

# The log has what went wrong, beside the number of the delivery.
_CRASHED = gettext_noop(
    "Dexxy could not work it off, and tries it some times more. If it stays so, update Dexxy,"
    " or report what its log says of this delivery."
)
BATCH = 200
# Of payloads as they came: a batch must fit into memory, and is some ten times as large there.
BATCH_BYTES = 8 * 1024 * 1024
# After so many failures a delivery is a dead letter: kept, until somebody asks for it again.
MOST_ATTEMPTS = 8
# Seconds until the second attempt; each time three times as long, in all about three hours.
FIRST_PAUSE, PAUSE_GROWTH = 10, 3
# Whose last batch began so long ago was cut short, wherever that was: in a container that is new
# after each death nobody can look for a process of before.
LONGEST_BATCH = timedelta(minutes=3)


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
    attempts: int


_TAKE = """
SELECT id, app_id, event, action, received_at, size, attempts
FROM integrations_webhookdelivery
WHERE state = 'pending'
  AND next_attempt_at <= coalesce(%(until)s::timestamptz, statement_timestamp())
  AND (%(only)s::bigint[] IS NULL OR id = ANY(%(only)s))
ORDER BY next_attempt_at, id
LIMIT %(most)s
FOR UPDATE SKIP LOCKED
"""
_PAYLOADS = """
SELECT id, payload::text FROM integrations_webhookdelivery WHERE id = ANY(%(ids)s)
"""
_NOTE_ENDS = """
UPDATE integrations_webhookdelivery d
SET state = r.state, error = r.why, processed_at = now(), updated_at = now(),
    attempts = attempts - %(counted)s
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
    drain = Drain.objects.create(holder=holder_name())
    cut_short = _cut_short(drain)
    deadline, tried = monotonic() + seconds, 0
    try:
        while taken := _drain_batch(None, singly=bool(cut_short)):
            tried += taken
            if monotonic() > deadline or asked_to_stop.is_set():
                break
            Drain.objects.filter(pk=drain.pk).update(seen_at=Now())
    except BaseException:
        _cut_short_here.add(drain.pk)
        raise
    Drain.objects.filter(pk__in=[drain.pk, *cut_short]).delete()
    _cut_short_here.difference_update(cut_short)
    return tried


# The drains of this process that did not come to their end, such as with the database's.
_cut_short_here: set[int] = set()


def _cut_short(drain: Drain) -> list[int]:
    """Return the primary keys of the drains before DRAIN that did not come to their end."""
    others = Drain.objects.exclude(pk=drain.pk)
    return [
        other.pk
        for other in others
        if other.pk in _cut_short_here
        or has_died(other.holder)
        or other.seen_at < drain.seen_at - LONGEST_BATCH
    ]


def _drain_batch(only: list[int] | None, *, singly: bool = False, is_counted: bool = False) -> int:
    """Work off one batch.

    Args:
        only: primary keys; None takes from all that is due.
        singly: count an attempt before it is made, of one delivery.
        is_counted: the attempt stands in the row already, of the only one.

    Returns: how many were taken.
    """
    taken: list[Waiting] = []
    began = monotonic()
    is_to_count = False
    try:
        with transaction.atomic(), gathering():
            # What is lost in a crash of the server is lost together, and due again.
            execute_later("SET LOCAL synchronous_commit TO off", {})
            taken = _take(only, singly=singly, is_counted=is_counted)
            is_to_count = bool(taken) and not is_counted and (singly or taken[0].attempts > 0)
            if is_to_count:
                _count(taken[0])
            else:
                _note(_work(taken), is_counted=is_counted)
    except Exception as error:
        if not connection.is_usable():
            raise
        _split([one.pk for one in taken], error, is_counted=is_counted)
        return len(taken)
    if is_to_count:
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
        crashed = Outcome(DeliveryState.FAILED, _CRASHED)
        _note([(pk, crashed) for pk in ids], is_counted=is_counted)
        return
    middle = len(ids) // 2
    _drain_batch(list(ids[:middle]))
    _drain_batch(list(ids[middle:]))


def _take(only: list[int] | None, *, singly: bool, is_counted: bool) -> list[Waiting]:
    """Lock the deliveries that are worked off together: many of threads, or one other."""
    # What is counted is due only when its attempt has failed.
    params = {
        "only": only,
        "until": "infinity" if is_counted else None,
        "most": 1 if singly else BATCH,
    }
    found = [Waiting(*row) for row in fetch_all(_TAKE, params)]
    if found and not _is_for_batches(found[0]):
        return found[:1]
    together = takewhile(_is_for_batches, found)
    sizes = accumulate(one.size for one in found)
    fitting = zip(together, sizes, strict=False)
    return [one for one, size in fitting if size <= BATCH_BYTES or one is found[0]]


def _is_for_batches(one: Waiting) -> bool:
    return one.event not in ACCOUNT_EVENTS and not one.attempts


_DIED = gettext_noop("Whoever worked it off died meanwhile.")


def _count(one: Waiting) -> None:
    """Write down, before it begins, that an attempt has failed: if all goes well, it has not."""
    # It must outlast the server, too, where that is what dies of it.
    execute_later("SET LOCAL synchronous_commit TO on", {})
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
        ids = [one.pk for one in rest]
        with bound_contextvars(delivery=ids[0] if len(ids) == 1 else ids):
            outcomes = thread_events_apply(events)
        yield from zip(ids, outcomes, strict=True)


def _events(taken: Sequence[Waiting]) -> list[Event]:
    payloads = dict(fetch_all(_PAYLOADS, {"ids": [one.pk for one in taken]}))
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
        execute_later(_NOTE_ENDS, {"counted": int(is_counted)}, Rows(_END_COLUMNS, ended))


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
