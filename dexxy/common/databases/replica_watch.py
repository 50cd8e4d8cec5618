"""How far a streaming replica is behind, as a process knows it at any time."""

from collections import deque
from threading import Event, Thread
from time import monotonic
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from dexxy.common.databases.attended import Probe

REPLICA = "replica"
# Seconds between two looks, how long one may take, and how long what it saw is believed.
_PAUSE, _PATIENCE, _BELIEVED = 1.0, 1.0, 3.0
# At the beginning it is looked more often, until something is known; jobs are short.
_FIRST_PAUSE, _FIRST_SECONDS = 0.05, 1.5
# Bytes of log that no server writes between two looks: a place beyond is of another cluster, from
# before a restore.
_ANOTHER_CLUSTER = 2**34

_WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::bigint"
_REPLAYED = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint"

log = structlog.get_logger()


class ReplicaError(Exception):
    """Nobody can tell how far the replica is."""


class Lag:
    """How far a replica is behind, as two servers tell it whose clocks may differ.

    The places in the log that the primary had reached are kept with the time of each: what has
    been replayed up to one of them was written by then.
    """

    def __init__(self) -> None:
        self.replayed = self.written = 0
        self._reached: deque[tuple[float, int]] = deque(maxlen=7200)
        self.seen_at = float("-inf")

    def note(self, now: float, written: int, replayed: int) -> None:
        """Note what both servers said, the primary first.

        Args:
            now: by `monotonic`, before the primary was asked.
        """
        if written < self.written:
            self._reached.clear()  # another server's log, after a failover or a restore
        self._reached.append((now, written))
        while len(self._reached) > 1 and self._reached[1][1] <= replayed:
            self._reached.popleft()
        self.written, self.replayed, self.seen_at = written, replayed, now

    def at(self, now: float) -> float | None:
        """Return how many seconds the replica may be behind; None where nobody can tell."""
        if now - self.seen_at > _BELIEVED or not self._reached:
            return None
        since, reached = self._reached[0]
        return now - since if reached <= self.replayed else None


class ReplicaWatch:
    """Looks again and again how far the replica is, from a thread of its own."""

    def __init__(self) -> None:
        self.lag = Lag()
        self._was_well: bool | None = None
        self._probes: dict[str, Probe] = {}
        self._has_looked = Event()

    def start(self) -> None:
        """Look until something is known, and go on in a thread."""
        Thread(target=self._run, name="replica watch", daemon=True).start()
        self._has_looked.wait(_FIRST_SECONDS)

    def look(self) -> float | None:
        """Look now, within seconds; return how far the replica is behind, None if nobody can tell.

        Raises:
            ReplicaError: one of the two does not answer, or the replica is none.
        """
        now = monotonic()
        try:
            written = self._ask(DEFAULT_DB_ALIAS, _WRITTEN)
            replayed = self._ask(REPLICA, _REPLAYED)
        except psycopg.Error as error:
            self.close()
            raise ReplicaError(_first_line(error)) from error
        if replayed is None:
            raise ReplicaError("it follows no other server")
        self.lag.note(now, int(written), int(replayed))
        return self.lag.at(monotonic())

    def is_well(self) -> bool:
        """Say whether what the replica shows is new enough."""
        behind = self.lag.at(monotonic())
        return behind is not None and behind <= settings.DEXXY_REPLICA_LAG

    def has(self, position: int) -> bool:
        """Say whether the replica has what was written up to a place in the log."""
        return position <= self.lag.replayed or position > self.lag.written + _ANOTHER_CLUSTER

    def give_up(self, error: Exception) -> None:
        """Note that the replica failed whoever read from it, until it is looked at again."""
        self.lag = Lag()
        self._say(False, _first_line(error))

    def close(self) -> None:
        """Close the connections that it looks by."""
        for probe in self._probes.values():
            probe.close()
        self._probes.clear()

    def _run(self) -> None:
        while True:
            behind, why = self._looked()
            is_well = behind is not None and behind <= settings.DEXXY_REPLICA_LAG
            if is_well or why or self._has_looked.is_set():
                self._say(is_well, why or f"more than {settings.DEXXY_REPLICA_LAG} s behind")
                self._has_looked.set()
            pause = _PAUSE if self._has_looked.is_set() else _FIRST_PAUSE
            Event().wait(pause)

    def _looked(self) -> tuple[float | None, str]:
        """Look; return how far the replica is behind, and what is wrong."""
        is_away = connections[REPLICA].is_away  # type: ignore[attr-defined]
        try:
            behind = self.look()
        except ReplicaError as error:
            # Whoever waits for it reads from the primary instead.
            is_away.set()
            return None, str(error)
        is_away.clear()
        return behind, ""

    def _ask(self, alias: str, sql: str) -> Any:
        probe = self._probes.get(alias)
        if probe is None:
            params = connections[alias].get_connection_params()
            probe = self._probes[alias] = Probe.connect(**params, autocommit=True)
        probe.deadline = monotonic() + _PATIENCE
        [[answer]] = probe.execute(sql).fetchall()
        return answer

    def _say(self, is_well: bool, why: str) -> None:
        if is_well == self._was_well:
            return
        if not is_well:
            log.warning("the replica is not read from", why=why, meanwhile="the primary is")
        elif self._was_well is not None:
            log.info("the replica is read from again")
        self._was_well = is_well


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or "it gives no reason"
