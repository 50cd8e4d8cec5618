"""Django's backend for PostgreSQL, with queries that can be given up.

A server that is frozen, or behind a network that is gone, refuses nothing: who asks it waits. A
process that knows better says so by `is_away`, and whatever waits in its threads fails.
"""

import os
from collections import defaultdict
from threading import Event
from types import ModuleType
from typing import Any

import psycopg
from django.db.backends.postgresql import base, schema
from django.db.utils import DEFAULT_DB_ALIAS

from dexxy.common.databases.attended import AWAY, Waiting, attended

# Times are read as we expect them, whatever the server, the role or the address asks for. libpq
# says so when it connects, which PgBouncer understands, as it does not `options`.
os.environ["PGDATESTYLE"] = "ISO"
# How long a migration keeps others waiting for the table that it waits for.
LOCK_TIMEOUT = "2s"
# Set by a process that watches its databases, where one does not answer; by its alias.
_away: defaultdict[str, Event] = defaultdict(Event)
is_away = _away[DEFAULT_DB_ALIAS]


class _Connection(psycopg.Connection[Any]):
    is_away = is_away

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> Waiting:
        return attended(super()._connect_gen(conninfo), cls.is_away.is_set)

    def wait(self, gen: Waiting, *arguments: Any, **options: Any) -> Any:
        return super().wait(attended(gen, self.is_away.is_set), *arguments, **options)


class _Psycopg(ModuleType):
    """The driver as Django uses it, with our connections."""

    connect = staticmethod(_Connection.connect)

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class SchemaEditor(schema.DatabaseSchemaEditor):
    """Changes tables beside processes that use them."""

    def __enter__(self) -> "SchemaEditor":
        """Let a statement wait for its lock for a moment only.

        Whoever comes after a statement that waits for a table waits behind it, so one long query
        of somebody would stop everybody. `migrate` tries again. What is no transaction is left
        alone: an index that is built beside the writers waits for them as long as it takes.
        """
        super().__enter__()
        if self.atomic_migration and not self.collect_sql:
            self.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    Database = _Psycopg("psycopg")
    SchemaEditorClass = SchemaEditor

    @property
    def is_away(self) -> Event:
        """Set where it is known that this database does not answer."""
        return _away[self.alias]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, unless that is known to be in vain.

        Raises:
            psycopg.OperationalError: it is.
        """
        if self.is_away.is_set():
            raise psycopg.OperationalError(AWAY)
        made = super().get_new_connection(conn_params)
        made.is_away = self.is_away
        return made
