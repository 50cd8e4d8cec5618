"""How many requests the webhook door refused, and why: a row a day and reason, whatever comes.

Anybody can send something there, so a process writes down what it refused once a second at most.
"""

from collections import Counter
from threading import Lock
from time import monotonic

import structlog
from django.db import DatabaseError, InterfaceError, connection

from dexxy.common.sql import Rows, execute

log = structlog.get_logger()

# Seconds.
_PAUSE = 1.0

_ADD = """
INSERT INTO integrations_refusedwebhooks AS t (day, reason, count, created_at, updated_at)
SELECT (now() AT TIME ZONE 'UTC')::date, r.reason, r.count, now(), now() FROM {rows}
ORDER BY r.reason
ON CONFLICT (day, reason) DO UPDATE SET count = t.count + excluded.count, updated_at = now()
"""
_COLUMNS = {"reason": "text", "count": "bigint"}


class RefusedCount:
    """Counts what this process refuses; what it has not written down yet is lost with it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts = Counter[str]()
        self._written_at = -_PAUSE

    def add(self, reason: str) -> None:
        """Count one refused request."""
        with self._lock:
            self._counts[reason] += 1
        self.write()

    def write(self) -> None:
        """Write down what was counted, unless that was done just now."""
        with self._lock:
            if not self._counts or monotonic() - self._written_at < _PAUSE:
                return
            counts, self._counts = self._counts, Counter()
            self._written_at = monotonic()
        try:
            execute(_ADD, {}, Rows(_COLUMNS, counts.items()))
        except (DatabaseError, InterfaceError) as error:
            log.warning("refused webhooks not counted", error=str(error).partition("\n")[0])
            with self._lock:
                self._counts += counts
            connection.close()
