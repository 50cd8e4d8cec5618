"""What a run is reading just now: each phase of a sync, in their order."""

from collections.abc import Iterable

from django.db import models

from dexxy.integrations.models import RunState, StreamName, SyncRun, SyncStream
from dexxy.integrations.services.github.reading.edited_comments import EDITS
from dexxy.integrations.services.github.reading.scans import SWEEPS


class SyncPhase(models.TextChoices):
    """A phase of a run, as `reading/steps.py` takes them one after the other."""

    THREADS = "threads"
    EDITS = "edits"
    PEOPLE = "people"
    RELEASES = "releases"
    COMMITS = "commits"
    SWEEP = "sweep"
    RECEIPT = "receipt"


# The streams that are unfinished during a phase; people have none.
_STREAMS: dict[SyncPhase, frozenset[str]] = {
    SyncPhase.THREADS: frozenset(StreamName.thread_lists()),
    SyncPhase.EDITS: frozenset(EDITS),
    SyncPhase.RELEASES: frozenset([StreamName.RELEASES]),
    SyncPhase.COMMITS: frozenset([StreamName.COMMITS]),
    SyncPhase.SWEEP: frozenset(SWEEPS),
}


def phase_of(
    run: SyncRun | None, streams: Iterable[SyncStream], people_left: int
) -> SyncPhase | None:
    """Return what RUN reads just now; None where it reads nothing.

    Args:
        people_left: how many profiles are still to be read.
    """
    if run is None or run.state != RunState.RUNNING:
        return None
    unfinished = {stream.name for stream in streams if not stream.is_done}
    for phase in SyncPhase:
        if phase == SyncPhase.PEOPLE and people_left:
            return phase
        if unfinished & _STREAMS.get(phase, frozenset()):
            return phase
    return SyncPhase.RECEIPT
