"""What to read next of one repository: the step that a sync is made of.

A page's rows and its cursor are one transaction, in which the lease is checked. So a process
that is killed anywhere goes on where it was, with nothing lost and nothing doubled.
"""

from collections.abc import Callable
from time import monotonic

from dexxy.integrations.models import GitHubRepository, StreamName, SyncRun, SyncStream
from dexxy.integrations.services.github.access.lease import Lease
from dexxy.integrations.services.github.reading import (
    co_authors,
    edited_comments,
    profiles,
    refetch,
    releases,
    thread_lists,
)
from dexxy.integrations.services.github.reading.agenda import Agenda, agenda_of
from dexxy.integrations.services.github.reading.budgets import POINTS_FOR_NEWS, sweep_room
from dexxy.integrations.services.github.reading.edited_comments import EDITS
from dexxy.integrations.services.github.reading.pace import Pace
from dexxy.integrations.services.github.reading.part_batches import parts_read_next
from dexxy.integrations.services.github.reading.scans import SWEEPS, THREAD_LISTS
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import GitHubClient


class RepositoryReader:
    """Reads a repository step by step, for the process that holds the lease.

    Args:
        sweep_pages: how many pages of a sweep this run may read; None for all of it.
    """

    def __init__(
        self,
        *,
        client: GitHubClient,
        repository: GitHubRepository,
        run: SyncRun,
        lease: Lease,
        sweep_pages: int | None,
    ) -> None:
        self.reading = Reading(client=client, repository=repository, run=run, lease=lease)
        self._sweep_pages = sweep_pages
        self._agenda: Agenda | None = None
        self._reads_people = True
        self._commits_left = co_authors.MOST_IN_A_RUN

    @property
    def threads_left(self) -> int:
        """How many threads this run still has to read, as far as GitHub has told."""
        # Nobody else has read on since the last step.
        self._agenda = self._agenda or agenda_of(self.reading)
        return max(0, sum(map(_left, self._agenda.lists(THREAD_LISTS))))

    def step(self) -> bool:
        """Read and store one page. Returns whether there was one.

        Raises:
            DexxyError: the page could not be read; nothing of it was stored.
        """
        self._agenda = agenda = agenda_of(self.reading)
        return (
            self._read_marked(agenda)
            or self._paced(self._read_threads, agenda)
            or self._read_edits(agenda)
            or self._read_people()
            or self._read_releases(agenda)
            or self._read_commits(agenda)
            or self._sweep(agenda)
        )

    def _read_threads(self, agenda: Agenda) -> bool:
        return (
            (agenda.are_parts_full and parts_read_next(self.reading))
            or self._read_list(agenda)
            or (agenda.has_parts and parts_read_next(self.reading))
        )

    def _paced(self, read: Callable[[Agenda], bool], agenda: Agenda) -> bool:
        """Note with what is stored next how long it takes to read threads."""
        run, waited = self.reading.run, self.reading.waited
        threads, begun = run.counts.get("threads", 0), monotonic()
        if not read(agenda):
            return False
        seconds = monotonic() - begun - (self.reading.waited - waited)
        pace = Pace.of(run.pace)
        pace.add(seconds=seconds, threads=run.counts.get("threads", 0) - threads)
        run.pace = pace.stored()
        return True

    def _read_marked(self, agenda: Agenda) -> bool:
        if not agenda.has_marked:
            return False
        marked = refetch.waiting(self.reading)
        if marked:
            refetch.read(self.reading, marked)
        return bool(marked)

    def _read_list(self, agenda: Agenda) -> bool:
        # Side by side, so that it is known early how much there is, and how long that takes.
        streams = agenda.lists(THREAD_LISTS)
        if not streams:
            return False
        stream = min(streams, key=_share_read)
        self.reading.purpose = "requests"
        thread_lists.read_page(self.reading, stream, THREAD_LISTS[StreamName(stream.name)])
        return True

    def _read_edits(self, agenda: Agenda) -> bool:
        stream = agenda.next_of(EDITS)
        if stream is None:
            return False
        self.reading.purpose = "requests"
        edited_comments.read_page(self.reading, stream)
        return True

    def _read_people(self) -> bool:
        identities = profiles.waiting(self.reading) if self._reads_people else []
        if identities:
            self.reading.purpose = "people_requests"
            self._reads_people = profiles.read(self.reading, identities)
        return bool(identities)

    def _read_releases(self, agenda: Agenda) -> bool:
        stream = agenda.next_of([StreamName.RELEASES])
        if stream is None:
            return False
        self.reading.purpose = "release_requests"
        releases.read_page(self.reading, stream)
        return True

    def _read_commits(self, agenda: Agenda) -> bool:
        stream = agenda.next_of([StreamName.COMMITS])
        points = self.reading.points_remaining
        if stream is None or not self._commits_left:
            return False
        if points is not None and points < POINTS_FOR_NEWS:
            return False
        wanted = co_authors.waiting(self.reading)
        if wanted:
            self.reading.purpose = "commit_requests"
            goes_on = co_authors.read(self.reading, stream, wanted)
            self._commits_left = self._commits_left - 1 if goes_on else 0
        return bool(wanted)

    def _sweep(self, agenda: Agenda) -> bool:
        stream = agenda.next_of(SWEEPS)
        points = self.reading.points_remaining
        if stream is None or self._sweep_pages == 0:
            return False
        if self._sweep_pages is not None:
            are_few = points is not None and points < POINTS_FOR_NEWS
            if are_few or sweep_room(self.reading.repository.installation.credential_id) <= 0:
                return False
        self.reading.purpose = "sweep_requests"
        thread_lists.read_page(self.reading, stream, SWEEPS[StreamName(stream.name)])
        self.reading.count(sweep_pages=1)
        if self._sweep_pages is not None:
            self._sweep_pages -= 1
        return True


def _left(stream: SyncStream) -> int:
    is_told = stream.scan_started_at is not None and stream.expected is not None
    return (stream.expected or 0) - stream.read if is_told and not stream.is_done else 0


def _share_read(stream: SyncStream) -> float:
    is_begun = stream.scan_started_at is not None and bool(stream.expected)
    return stream.read / (stream.expected or 1) if is_begun else 0
