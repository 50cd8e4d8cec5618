"""The receipt of a run: what is stored beside what GitHub shows, each with its time.

GitHub counts the threads of a list itself. It does not count the messages of a repository, so a
sweep, which reads every thread whole, counts those that it meets.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Max

from dexxy.integrations.models import RunState, SyncRun, SyncStream
from dexxy.messages.ingest.records import MessageRecord
from dexxy.messages.models import QUIET_KINDS, Message, MessageKind, Thread, ThreadKind

COUNTED = (
    MessageKind.COMMENT,
    MessageKind.REVIEW,
    MessageKind.REVIEW_COMMENT,
    MessageKind.REPLY,
)
# What nobody has counted to the end is no number.
UNKNOWN = None

Line = dict[str, Any]


def messages_counted(messages: Iterable[MessageRecord]) -> int:
    """Count MESSAGES as figures do: without what is quiet."""
    return sum(message.kind not in QUIET_KINDS for message in messages)


def sweep_meets(stream: SyncStream, messages: Iterable[MessageRecord]) -> None:
    """Add MESSAGES to what a sweep has met, in memory."""
    if stream.met is not UNKNOWN:
        kinds = Counter(str(m.kind) for m in messages if m.kind in COUNTED and not m.is_deleted)
        stream.met = dict(Counter(stream.met) + kinds)


def sweeps_meet(parts: Iterable[tuple[int | None, Iterable[MessageRecord]]]) -> None:
    """Add what was read of parts to what their sweeps have met.

    Args:
        parts: the sweep that met each part, if one did, and the messages that were read of it.
    """
    met: dict[int, list[MessageRecord]] = {}
    for sweep_id, messages in parts:
        if sweep_id is not None:
            met.setdefault(sweep_id, []).extend(messages)
    for sweep in SyncStream.objects.filter(pk__in=met) if met else ():
        sweep_meets(sweep, met[sweep.pk])
        sweep.save(update_fields=["met", "updated_at"])


def sweeps_lose_count(streams: Iterable[int | None]) -> None:
    """Let sweeps count nothing that leave a list, or read it again from its beginning."""
    ids = {stream for stream in streams if stream is not None}
    if ids:
        SyncStream.objects.filter(pk__in=ids).update(met=UNKNOWN)


def receipt_write(run: SyncRun, *, has_news: bool) -> datetime | None:
    """Put the counts here beside those on GitHub. Returns the time of the newest activity.

    The messages of each kind are counted only where there are new ones: there may be millions.
    """
    of_source = {
        "workspace_id": run.repository.source.workspace_id,
        "source_id": run.repository.source_id,
    }
    threads = Thread.objects.live().filter(**of_source).values("kind")
    kinds = threads.annotate(count=Count("pk"), newest=Max("last_activity_at"))
    here = {one["kind"]: one for one in kinds}
    for kind, line in run.receipt.items():
        line["here"] = here[kind]["count"] if kind in here else 0
    if has_news:
        live = Message.objects.live().filter(**of_source)
        messages = live.exclude(kind__in=QUIET_KINDS).values_list("kind")
        stored = dict(messages.annotate(Count("pk")))
        run.counts |= {f"stored_{kind}": count for kind, count in stored.items()}
    run.receipt |= _message_lines(run) or _last_message_lines(run)
    newest: datetime | None = max((one["newest"] for one in here.values()), default=None)
    return newest


def _message_lines(run: SyncRun) -> dict[str, Line]:
    """Compare what a sweep that ended in this run has met with what is stored."""
    sweeps = list(run.repository.streams.filter(name__startswith="sweep_"))
    has_ended = "sweep_pages" in run.counts and all(sweep.is_done for sweep in sweeps)
    if not has_ended or any(sweep.met is UNKNOWN for sweep in sweeps):
        return {}
    enabled = [kind for kind in ThreadKind if run.receipt.get(kind, {}).get("is_enabled")]
    messages = Message.objects.live().filter(
        workspace_id=run.repository.source.workspace_id,
        source_id=run.repository.source_id,
        thread_kind__in=enabled,
        kind__in=COUNTED,
    )
    here = dict(messages.values_list("kind").annotate(Count("pk")))
    met = sum((Counter(sweep.met) for sweep in sweeps), Counter[str]())
    taken_at = max(line["taken_at"] for line in run.receipt.values())
    return {
        kind: {
            "here": here.get(kind, 0),
            "github": met[kind],
            "taken_at": taken_at,
            "is_enabled": True,
        }
        for kind in COUNTED
    }


def _last_message_lines(run: SyncRun) -> dict[str, Line]:
    """Return what the last sweep counted: it stands until the next one."""
    last = last_done(run)
    return {} if last is None else {k: v for k, v in last.receipt.items() if k in COUNTED}


def last_done(run: SyncRun) -> SyncRun | None:
    """Return the last run before RUN that was read to its end."""
    before = run.repository.runs.filter(state=RunState.DONE).exclude(pk=run.pk)
    return before.order_by("-started_at", "-pk").first()


def is_sweep_wanted(run: SyncRun) -> bool:
    """Tell whether the receipt shows a difference that a sweep may mend, and none has tried to."""
    last = last_done(run)
    now, before = _differences(run), _differences(last) if last else {}
    if "sweep_pages" in run.counts:
        # What this sweep found of messages, the next one may mend; what is left then stays.
        return any(now[kind] for kind in COUNTED if kind in now) and not any(
            before.get(kind) for kind in COUNTED
        )
    return any(now.values()) and now != before


def _differences(run: SyncRun) -> dict[str, int]:
    """Return how many of each kind are here and not on GitHub, or the other way round."""
    return {
        kind: line["here"] - line["github"]
        for kind, line in run.receipt.items()
        if line.get("is_enabled") and "here" in line
    }
