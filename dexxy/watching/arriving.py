"""Facts about what arrives: webhooks, how soon they show, and who is behind with what changed."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from dexxy.common.sql import fetch_all
from dexxy.integrations.models import DeliveryState, RefusedWebhooks, WebhookDelivery
from dexxy.messages.changes.waiting import followers_wait
from dexxy.messages.feed.search import FOLLOWER as SEARCH
from dexxy.messages.figures.cohort import FOLLOWER as WAITING
from dexxy.messages.summaries.follower import FOLLOWER as SUMMARIES
from dexxy.outgoing.waking import FOLLOWER as OUTGOING
from dexxy.watching.facts import Fact, Group, Measure

# How far back, and of how many of the newest, latencies are told.
LATELY, NEWEST = timedelta(minutes=15), 1000
QUANTILES = (0.5, 0.95, 1.0)
FOLLOWERS = (SEARCH, WAITING, SUMMARIES, OUTGOING)
_DAYS = timedelta(days=7)

_DELIVERY = """
SELECT percentile_cont(%(quantiles)s::float[]) WITHIN GROUP (ORDER BY seconds) FROM (
    SELECT extract(epoch FROM processed_at - received_at)::float AS seconds
    FROM integrations_webhookdelivery
    WHERE state IN ('done', 'ignored') AND processed_at >= now() - %(lately)s
    ORDER BY processed_at DESC LIMIT %(newest)s
) d
"""
# What a first sync stores was written before the repository was connected.
_FEED = """
SELECT percentile_cont(%(quantiles)s::float[]) WITHIN GROUP (ORDER BY seconds) FROM (
    SELECT extract(epoch FROM m.created_at - m.occurred_at)::float AS seconds
    FROM (SELECT source_id, created_at, occurred_at, in_feed FROM messages_message
          ORDER BY id DESC LIMIT %(newest)s) m
    JOIN sources_source s ON s.id = m.source_id
    WHERE m.in_feed AND m.created_at >= now() - %(lately)s AND m.occurred_at >= s.created_at
) f
"""
# The oldest change that each follower has not read, by the index of the log.
_BEHIND = """
SELECT f.name, count(c.noted_at),
       extract(epoch FROM now() - min(c.noted_at))::float,
       count(*) FILTER (WHERE f.started_to IS NOT NULL)
FROM messages_follower f
LEFT JOIN LATERAL (
    SELECT noted_at FROM messages_change c
    WHERE c.workspace_id = f.workspace_id
      AND (c.epoch, c.transaction_id, c.id) > (f.epoch, f.transaction_id, f.change_id)
    ORDER BY c.epoch, c.transaction_id, c.id LIMIT 1
) c ON true
WHERE f.name = ANY(%(names)s) AND (f.name <> %(outgoing)s OR EXISTS (
    SELECT FROM outgoing_endpoint e
    WHERE e.workspace_id = f.workspace_id AND NOT e.is_paused AND e.disabled_at IS NULL))
GROUP BY f.name
"""

INBOX = Measure(
    "dexxy_inbox_deliveries",
    "Webhooks in the inbox that wait to be worked off, and those that failed for good.",
    ("state",),
)
INBOX_SECONDS = Measure(
    "dexxy_inbox_oldest_seconds", "For how long the oldest webhook has waited to be worked off."
)
DELIVERY_SECONDS = Measure(
    "dexxy_delivery_seconds",
    "From a webhook's arrival until it was worked off, of the thousand newest of the last quarter"
    " of an hour. Absent where there was none.",
    ("percentile",),
)
FEED_SECONDS = Measure(
    "dexxy_feed_seconds",
    "From when something happened, by GitHub's clock, until it stood in the feed; of what is among"
    " the thousand newest messages, was stored in the last quarter of an hour and happened after"
    " its repository was connected. Absent where there was none.",
    ("percentile",),
)
REFUSED = Measure(
    "dexxy_webhooks_refused",
    "Requests that were refused at the webhooks' address in the last week, by the reason.",
    ("reason",),
)
BEHIND = Measure(
    "dexxy_follower_behind_workspaces",
    "Workspaces with changes that a follower has not read.",
    ("follower",),
)
BEHIND_SECONDS = Measure(
    "dexxy_follower_behind_seconds",
    "For how long the oldest change has waited for a follower.",
    ("follower",),
)
STARTING = Measure(
    "dexxy_follower_starting_workspaces",
    "Workspaces of which a follower still reads all threads for the first time, or anew.",
    ("follower",),
)
HELD_SECONDS = Measure(
    "dexxy_followers_held_seconds",
    "For how long a transaction that still runs has held the followers up.",
)


def _inbox() -> Iterator[Fact]:
    pending = WebhookDelivery.objects.filter(state=DeliveryState.PENDING)
    found = pending.aggregate(count=Count("pk"), oldest=Min("received_at"))
    waited = (timezone.now() - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    failed = WebhookDelivery.objects.filter(state=DeliveryState.FAILED)
    yield Fact(INBOX, found["count"], ("pending",))
    yield Fact(INBOX, failed.count(), ("failed",))
    yield Fact(INBOX_SECONDS, waited)
    since = (timezone.now() - _DAYS).date()
    lately = RefusedWebhooks.objects.filter(day__gte=since).order_by("reason", "day")
    counts: dict[str, int] = {}
    for reason, count in lately.values_list("reason", "count"):
        counts[reason] = counts.get(reason, 0) + count
    for reason, count in counts.items():
        yield Fact(REFUSED, count, (reason,))


def _latency() -> Iterator[Fact]:
    params = {"quantiles": list(QUANTILES), "lately": LATELY, "newest": NEWEST}
    for measure, sql in ((DELIVERY_SECONDS, _DELIVERY), (FEED_SECONDS, _FEED)):
        [(seconds,)] = fetch_all(sql, params)
        for quantile, value in zip(QUANTILES, seconds or (), strict=False):
            yield Fact(measure, value, (f"{quantile:.0%}".rstrip("%"),))


def _followers() -> Iterator[Fact]:
    rows = fetch_all(_BEHIND, {"names": list(FOLLOWERS), "outgoing": OUTGOING})
    found = {name: (count, seconds or 0.0, starting) for name, count, seconds, starting in rows}
    for name in FOLLOWERS:
        count, seconds, starting = found.get(name, (0, 0.0, 0))
        yield Fact(BEHIND, count, (name,))
        yield Fact(BEHIND_SECONDS, seconds, (name,))
        yield Fact(STARTING, starting, (name,))
    waits = followers_wait()
    yield Fact(HELD_SECONDS, waits[0].total_seconds() if waits else 0.0)


GROUPS = (
    Group("inbox", (INBOX, INBOX_SECONDS, REFUSED), _inbox),
    Group("latency", (DELIVERY_SECONDS, FEED_SECONDS), _latency),
    Group("followers", (BEHIND, BEHIND_SECONDS, STARTING, HELD_SECONDS), _followers),
)
