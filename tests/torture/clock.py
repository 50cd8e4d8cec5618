"""One time for GitHub, for Dexxy and for PostgreSQL, which stands still until it is moved."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.db import connection
from django.utils import timezone

from dexxy.integrations.services.github.access import tokens
from dexxy.integrations.services.github.reading import session

_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
# PostgreSQL finds these before its own of the same name, in this transaction only.
_FUNCTIONS = """
CREATE SCHEMA simulated;
CREATE FUNCTION simulated.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('simulated.now')::timestamptz $$;
CREATE FUNCTION simulated.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT current_setting('simulated.now')::timestamptz $$;
CREATE FUNCTION simulated.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT current_setting('simulated.now')::timestamptz $$;
SET LOCAL search_path TO simulated, public, pg_catalog;
"""


class SimulatedClock:
    """The time of a history. Whoever sleeps in Dexxy moves it, and does not wait."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Let time go by."""
        self._now += timedelta(seconds=seconds)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('simulated.now', %s, true)", [self._now.isoformat()])


@contextmanager
def simulated_clock(milliseconds: int) -> Iterator[SimulatedClock]:
    """Let all that this thread does happen at the time of a clock, inside a transaction.

    Args:
        milliseconds: how far into a second it begins: GitHub shows whole ones.
    """
    clock = SimulatedClock(_START + timedelta(milliseconds=milliseconds))
    with connection.cursor() as cursor:
        cursor.execute(_FUNCTIONS)
    clock.pass_by(0)
    with ExitStack() as patches:
        patches.enter_context(patch.object(timezone, "now", clock))
        for module in (session, tokens):
            patches.enter_context(patch.object(module, "sleep", clock.pass_by))
        yield clock
