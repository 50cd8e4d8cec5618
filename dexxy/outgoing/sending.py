"""Send what endpoints are to hear: by any number of workers, each endpoint by one at a time.

A worker claims an endpoint and what is due of it before it asks anybody, and holds no transaction
meanwhile. Whoever is killed leaves a claim that runs out, and the same is sent again under the same
id: at least once. What an endpoint keeps waiting for is due to it alone.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import uuid4

import orjson
import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.accounts.services import audit
from dexxy.common.crypto import UndecryptableSecretError
from dexxy.common.redaction import redacted
from dexxy.common.stopping import asked_to_stop
from dexxy.outgoing.chat import MOST_AT_ONCE, chat_body
from dexxy.outgoing.models import Delivery, DeliveryState, Endpoint
from dexxy.outgoing.privacy import sources_that_may_leave
from dexxy.outgoing.signing import signed_headers

# After each attempt that failed; then no more. All together a little more than a day.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
MOST_ATTEMPTS = len(PAUSES) + 1
# An endpoint that fails again and again is left alone for a while: twice as long each time.
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
LONGEST_WISHED_REST = timedelta(hours=1)
# One of which nothing was taken for so long, in so many attempts, is disabled.
DISABLED_AFTER, DISABLED_FROM = timedelta(hours=24), MOST_ATTEMPTS
# How long an answer may take, and how much of it is kept.
SECONDS, LONGEST_ANSWER = 10.0, 1000
# Longer than anything takes: then its worker was killed.
_HELD_FOR = timedelta(seconds=60)
_THREADS = 8
# Endpoints of one workspace that are asked at a time: those that take their ten seconds would have
# all threads, and keep the events of others waiting, though they take everything in the end.
_MOST_OF_A_WORKSPACE = 3
# The same by endpoints of many workspaces: an answer that took longer than these milliseconds, or
# none so far, is slow, and so many threads are for those that are not.
_SLOW, _FOR_QUICK = 2000, _THREADS // 2

log = structlog.get_logger()


@dataclass(frozen=True)
class Claim:
    """What one worker sends to one endpoint now.

    Args:
        holder: who has claimed it.
        attempts: by the ids of the deliveries, which attempt this is.
        headers: of the request.
        is_slow: whether the last answer took long, or there was none yet.
    """

    endpoint_id: int
    holder: str
    attempts: Mapping[int, int]
    url: str
    headers: Mapping[str, str]
    body: bytes
    is_slow: bool


@dataclass(frozen=True)
class Outcome:
    """What became of an attempt.

    Args:
        status: None where there was no answer; then ERROR says why.
        rest: for how long the receiver wishes to be left alone.
    """

    status: int | None = None
    answer: str = ""
    error: str = ""
    milliseconds: int = 0
    rest: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def deliveries_send(*, seconds: float) -> int:
    """Send what is due for about SECONDS; the last answers may take as long as any answer.

    Returns: how many requests were made.
    """
    until, made = monotonic() + seconds, 0
    running: dict[Future[Outcome], Claim] = {}
    with ThreadPoolExecutor(_THREADS) as threads:
        while True:
            if monotonic() < until and not asked_to_stop.is_set():
                slow = sum(one.is_slow for one in running.values())
                claims = _claim(_THREADS - len(running), _THREADS - _FOR_QUICK - slow)
                running |= {threads.submit(_ask, one): one for one in claims}
                made += len(claims)
            if not running:
                return made
            done, _waiting = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                _note(running.pop(future), future.result())


def _claim(most: int, most_slow: int) -> list[Claim]:
    """Claim up to MOST endpoints to which something is due, those that waited longest first.

    Args:
        most_slow: how many of them may be slow.
    """
    found: list[Claim] = []
    while len(found) < most:
        with transaction.atomic():
            endpoint = _next_endpoint(may_be_slow=most_slow > 0)
            if endpoint is None:
                return found
            claim = _claimed(endpoint, timezone.now())
        if claim is not None:
            found.append(claim)
            most_slow -= claim.is_slow
    return found


def _next_endpoint(*, may_be_slow: bool) -> Endpoint | None:
    now = timezone.now()
    due = Delivery.objects.filter(
        endpoint=OuterRef("pk"), state=DeliveryState.PENDING, next_attempt_at__lte=now
    )
    asked = Endpoint.objects.filter(workspace=OuterRef("workspace"), held_until__gt=now)
    free = Endpoint.objects.listening().filter(
        Q(rests_until=None) | Q(rests_until__lte=now),
        Q(held_until=None) | Q(held_until__lte=now),
        Exists(due),
        ~Exists(asked[_MOST_OF_A_WORKSPACE - 1 :]),
    )
    if not may_be_slow:
        free = free.filter(milliseconds__lte=_SLOW)
    order = free.order_by(F("asked_at").asc(nulls_first=True), "pk").select_related("workspace")
    return order.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def _claimed(endpoint: Endpoint, now: datetime) -> Claim | None:
    """Claim what is due to an endpoint; None where nothing of it may be sent."""
    due = endpoint.deliveries.filter(state=DeliveryState.PENDING, next_attempt_at__lte=now)
    rows = list(due.order_by("next_attempt_at", "pk")[: MOST_AT_ONCE if endpoint.is_chat else 1])
    rows = _that_may_leave(endpoint, rows, now)
    endpoint.asked_at = now
    if not rows:
        endpoint.save(update_fields=["asked_at"])
        return None
    try:
        url, headers, body = _request(endpoint, rows, now)
    except UndecryptableSecretError as error:
        _disable(endpoint, str(error), now)
        endpoint.save(update_fields=["disabled_at", "disabled_because", "asked_at"])
        return None
    endpoint.holder, endpoint.held_until = uuid4().hex, now + _HELD_FOR
    endpoint.save(update_fields=["holder", "held_until", "asked_at"])
    # If this worker is killed, they are due again when its claim has run out.
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
        attempts=F("attempts") + 1, attempted_at=now, next_attempt_at=now + _HELD_FOR
    )
    attempts = {row.pk: row.attempts + 1 for row in rows}
    is_slow = endpoint.milliseconds is None or endpoint.milliseconds > _SLOW
    return Claim(endpoint.pk, endpoint.holder, attempts, url, headers, body, is_slow)


def _that_may_leave(endpoint: Endpoint, rows: Sequence[Delivery], now: datetime) -> list[Delivery]:
    """Return what may leave the workspace still; the rest is taken back."""
    named = {row.pk: row.payload.get("data", {}).get("thread", {}) for row in rows}
    sources = {int(thread["repository"]["id"]) for thread in named.values() if thread}
    may_leave = sources_that_may_leave(endpoint.workspace).filter(pk__in=sources)
    known = set(may_leave.values_list("pk", flat=True))
    kept = [
        row for row in rows if not named[row.pk] or int(named[row.pk]["repository"]["id"]) in known
    ]
    back = [row.pk for row in rows if row not in kept]
    Delivery.objects.filter(pk__in=back).update(
        state=DeliveryState.FAILED,
        ended_at=now,
        error=gettext_noop("Its repository is kept in, or no longer connected."),
    )
    return kept


def _request(
    endpoint: Endpoint, rows: Sequence[Delivery], now: datetime
) -> tuple[str, dict[str, str], bytes]:
    headers = {"Content-Type": "application/json"}
    if endpoint.is_chat:
        body = orjson.dumps(chat_body(endpoint, [row.payload for row in rows]))
        return endpoint.url.read(), headers, body
    [row] = rows
    body = orjson.dumps(row.payload)
    secrets = [endpoint.secret.read()]
    overlaps = endpoint.previous_until is not None and endpoint.previous_until > now
    if overlaps and endpoint.previous_secret:
        secrets.append(endpoint.previous_secret.read())
    signed = signed_headers(row.webhook_id, now, body, secrets)
    return endpoint.url.read(), {**headers, **signed}, body


def _ask(claim: Claim) -> Outcome:
    """Make one request; in a thread, which asks no database."""
    # It brings httpx, which the processes that show pages do without.
    from dexxy.common.outside import Bounds, OutsideError, outside_ask

    began = monotonic()
    bounds = Bounds(seconds=SECONDS, size=4 * LONGEST_ANSWER, redirects=0, is_cut=True)
    try:
        answer = outside_ask(
            claim.url, method="POST", headers=claim.headers, body=claim.body, bounds=bounds
        )
    except OutsideError as error:
        return Outcome(error=redacted(str(error))[:LONGEST_ANSWER], milliseconds=_since(began))
    except Exception:
        # A defect of ours is the failure of one attempt, and not of those beside it.
        log.exception("sending crashed", endpoint=claim.endpoint_id)
        return Outcome(error=gettext_noop("It could not be sent."), milliseconds=_since(began))
    text = answer.body.decode(errors="replace").replace("\0", "")[:LONGEST_ANSWER]
    problem = ""
    if 300 <= answer.status < 400:
        problem = gettext_noop("It leads elsewhere: give the address that it leads to.")
    elif not 200 <= answer.status < 300:
        problem = gettext_noop("It answers with the status {status}.").format(status=answer.status)
    rest = _wished(answer.headers.get("retry-after", ""))
    return Outcome(answer.status, text, problem, _since(began), rest)


def _since(began: float) -> int:
    return round((monotonic() - began) * 1000)


def _wished(seconds: str) -> timedelta | None:
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 6):
        return None
    return min(timedelta(seconds=int(seconds)), LONGEST_WISHED_REST)


@transaction.atomic
def _note(claim: Claim, outcome: Outcome) -> None:
    """Write down what became of an attempt, unless the claim has run out since."""
    rows = Endpoint.objects.select_for_update(no_key=True)
    endpoint = rows.filter(pk=claim.endpoint_id, holder=claim.holder).first()
    if endpoint is None:
        return
    now = timezone.now()
    endpoint.holder, endpoint.held_until = "", None
    # One that was slow once is taken for quick after some quick answers, and not after each one.
    endpoint.milliseconds = max(outcome.milliseconds, (endpoint.milliseconds or 0) * 9 // 10)
    if outcome.is_taken:
        endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
        endpoint.succeeded_at = now
    else:
        _fail(endpoint, outcome, now)
    endpoint.save()
    for row in Delivery.objects.select_for_update().filter(pk__in=list(claim.attempts)):
        if row.state == DeliveryState.PENDING and row.attempts == claim.attempts[row.pk]:
            _end(row, outcome, now)
            row.save()


def _fail(endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    rest = min(FIRST_REST * 2 ** min(endpoint.failures - 1, 10), LONGEST_REST)
    endpoint.rests_until = now + max(rest, outcome.rest or rest)
    has_failed_long = endpoint.failing_since <= now - DISABLED_AFTER
    if outcome.status == 410 or (has_failed_long and endpoint.failures >= DISABLED_FROM):
        _disable(endpoint, outcome.error, now)


def _disable(endpoint: Endpoint, because: str, now: datetime) -> None:
    """Let an endpoint hear nothing until somebody resumes it; the caller stores it."""
    endpoint.disabled_at, endpoint.disabled_because = now, because
    audit(
        endpoint.workspace,
        None,
        "endpoint.disabled",
        endpoint,
        name=endpoint.name,
        because=because,
    )
    log.warning("endpoint disabled", endpoint=endpoint.pk, error=because)


def _end(row: Delivery, outcome: Outcome, now: datetime) -> None:
    row.status, row.answer, row.error = outcome.status, outcome.answer, outcome.error
    row.milliseconds = outcome.milliseconds
    if outcome.is_taken:
        row.state, row.ended_at = DeliveryState.DONE, now
    elif row.attempts >= MOST_ATTEMPTS:
        row.state, row.ended_at = DeliveryState.FAILED, now
    else:
        row.next_attempt_at = now + PAUSES[row.attempts - 1]
