"""How much of a repository has been read, and how long the rest takes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from dexxy.integrations.models import RequestKind, RunState, SyncRun, SyncStream
from dexxy.integrations.services.github.reading.pace import Pace
from dexxy.integrations.services.github.reading.request_sizes import START


@dataclass(frozen=True)
class Progress:
    """How much of what is expected has been read; None where nobody knows yet."""

    done: int
    expected: int | None
    percent: int | None
    remaining: timedelta | None = None


def progress_of(
    streams: Iterable[SyncStream],
    run: SyncRun | None = None,
    people: int = 0,
    people_at_once: int = START[RequestKind.PEOPLE],
) -> Progress:
    """Sum up STREAMS; the pace of RUN says how long the rest will take.

    Args:
        people: how many profiles are still to be read.
        people_at_once: how many of them one request asks for.
    """
    streams = list(streams)
    done = sum(stream.read for stream in streams)
    if streams and all(stream.is_done for stream in streams):
        return Progress(done, done, 100)
    # What a stream has left, or None where GitHub has not said how long it is.
    left = [_left(stream) for stream in streams]
    known = [number for number in left if number is not None]
    if not streams or len(known) < len(left):
        return Progress(done, None, None)
    expected = done + sum(known)
    # 100 is for what is done: the last thread of a million is not there yet.
    percent = min(99, done * 100 // expected) if expected else 0
    requests = _people_requests(done, sum(known), people, people_at_once)
    return Progress(done, expected, percent, _remaining(sum(known), run, requests))


def _left(stream: SyncStream) -> int | None:
    if stream.is_done:
        return 0
    return None if stream.expected is None else max(0, stream.expected - stream.read)


def _people_requests(done: int, left: int, people: int, at_once: int) -> int:
    # The threads that are left bring as many new people as those that were read.
    people += people * left // done if done else 0
    return -(-people // at_once)


def _remaining(left: int, run: SyncRun | None, requests: int) -> timedelta | None:
    if run is None or run.state != RunState.RUNNING:
        return None
    return Pace.of(run.pace).remaining(threads=left, others=requests)
