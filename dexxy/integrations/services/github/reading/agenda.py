"""What is left to read of a repository, asked once before each step of a sync."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from dexxy.common.sql import Statement, row_columns, rows_read, run_together
from dexxy.integrations.models import RequestKind, SyncStream
from dexxy.integrations.services.github.reading.part_rows import LONG_LIST
from dexxy.integrations.services.github.reading.session import Reading

# Before every step: so it is SQL, which Django would take as long to write as the database to
# answer.
_LEFT = """
SELECT EXISTS (SELECT FROM messages_thread
               WHERE workspace_id = %(workspace)s AND source_id = %(source)s
                 AND refetch_at <= %(now)s)
       OR EXISTS (SELECT FROM integrations_syncproblem
                  WHERE repository_id = %(repository)s AND retry_at <= %(now)s AND number > 0),
       (SELECT coalesce(sum(CASE cursor WHEN '' THEN 1 ELSE %(long)s END), 0)
        FROM (SELECT cursor FROM integrations_syncpart
              WHERE repository_id = %(repository)s ORDER BY id LIMIT %(weight)s) waiting)
"""
_STREAMS = f"""
SELECT {", ".join(row_columns(SyncStream))} FROM integrations_syncstream
WHERE repository_id = %(repository)s AND NOT is_done
ORDER BY id
"""  # noqa: S608  # names of our own columns


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is left to read.

    Args:
        has_marked: a thread is to be read again, or a problem to be tried again.
        has_parts: of nested lists something is left, and `are_parts_full`: as much as one request
            can ask for.
        streams: the lists that are not read to their end, in the order in which they were made.
    """

    has_marked: bool
    has_parts: bool
    are_parts_full: bool
    streams: Sequence[SyncStream]

    def lists(self, names: Iterable[str]) -> list[SyncStream]:
        """Return the lists of NAMES that are not read to their end."""
        wanted = set(map(str, names))
        return [stream for stream in self.streams if stream.name in wanted]

    def next_of(self, names: Iterable[str]) -> SyncStream | None:
        """Return the first of these, if there is one."""
        return next(iter(self.lists(names)), None)


def agenda_of(reading: Reading) -> Agenda:
    """Ask what is left to read of a repository, and whether it may be read on."""
    weight = reading.sizes.to_ask(RequestKind.PARTS)
    params = {
        "workspace": reading.source.workspace_id,
        "source": reading.source.source_id,
        "repository": reading.repository.pk,
        "now": timezone.now(),
        "weight": weight,
        "long": LONG_LIST,
    }
    may, left, streams = run_together(
        [reading.still_readable.question, Statement(_LEFT, params), Statement(_STREAMS, params)]
    )
    reading.looked(is_readable=may.rows[0][0])
    [(has_marked, parts)] = left.rows
    return Agenda(
        has_marked=has_marked,
        has_parts=parts > 0,
        are_parts_full=parts >= weight,
        streams=rows_read(SyncStream, streams.rows),
    )
