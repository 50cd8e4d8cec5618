"""Killing a worker of this process as `kill -9` does: at any statement, and nothing comes after."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connection


class Killed(BaseException):
    """The process is dead."""


class Killer:
    """Kills whoever uses the database at a certain statement.

    What it has written in a transaction that is open is gone, and it writes nothing any more:
    not even that it gives up its lease.
    """

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        self._left -= 1
        # The database does this by itself when it notices.
        is_end = sql.startswith(("ROLLBACK TO", "RELEASE"))
        if self._left >= 0 or (is_end and self._left < -1):
            return execute(sql, params, many, context)
        raise Killed

    def is_dead(self) -> bool:
        """Tell whether the moment has come."""
        return self._left < 0


@contextmanager
def killed(after: int | None) -> Iterator[Callable[[], bool]]:
    """Kill what is done inside at the statement with this number, unless it is None.

    Yields: what tells whether it was killed, and had not ended before.
    """
    if after is None:
        yield lambda: False
        return
    killer = Killer(after)
    with suppress(Killed), connection.execute_wrapper(killer):
        yield killer.is_dead
