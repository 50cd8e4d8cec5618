"""Read from a copy of the database that follows it, where that is enough.

What a streaming replica (DATABASE_REPLICA_URL) shows is behind by moments. Selectors that may be so
are marked by `from_replica`; they read from the primary where the replica is away or too far
behind, and for who wrote something that it does not have yet (docs/adr/0063).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from dexxy.common.databases.replica_watch import REPLICA, ReplicaWatch

# Who may do what is asked of the primary alone: a right that was taken away is gone at once.
_NEVER_BEHIND = frozenset({"accounts", "sessions", "kept"})

# The place in the log behind all that is committed by now, as an expression.
WRITTEN_NOW = "pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint"

_database: ContextVar[str] = ContextVar("database", default=DEFAULT_DB_ALIAS)
_is_writing: ContextVar[bool] = ContextVar("is_writing", default=False)

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V")


def is_configured() -> bool:
    """Say whether there is a replica to read from."""
    return REPLICA in settings.DATABASES


def database() -> BaseDatabaseWrapper:
    """Return the connection that is read from here, and written to outside of `from_replica`."""
    return connections[_database.get()]


class Router:
    """Tells Django which database to ask, as `database` does."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        # Always one: Django would go on with the one that an object came from.
        is_fresh = model._meta.app_label in _NEVER_BEHIND
        return DEFAULT_DB_ALIAS if is_fresh else _database.get()

    def db_for_write(self, _model: type[Model], **_hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, _one: Model, _other: Model, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


@contextmanager
def writing(is_writing: bool = True) -> Iterator[None]:
    """Read all inside from the primary, because something is written there; or no more so."""
    token = _is_writing.set(is_writing)
    try:
        yield
    finally:
        _is_writing.reset(token)


@contextmanager
def wrapped(wrapper: Callable[..., Any]) -> Iterator[None]:
    """Run each statement inside through WRAPPER, whichever database it goes to."""
    with ExitStack() as stack:
        for one in connections.all():
            stack.enter_context(one.execute_wrapper(wrapper))
        yield


_watches: dict[int, ReplicaWatch] = {}
_watches_lock = Lock()


def watch() -> ReplicaWatch:
    """Return what this process knows of the replica; threads do not survive a fork."""
    with _watches_lock:
        if os.getpid() not in _watches:
            _watches.clear()
            _watches[os.getpid()] = ReplicaWatch()
            _watches[os.getpid()].start()
        return _watches[os.getpid()]


def from_replica(select: Callable[Concatenate[V, P], T]) -> Callable[Concatenate[V, P], T]:
    """Let a selector, whose first argument is its viewer, read from the replica where it may.

    It returns nothing that asks the database only later.
    """

    @wraps(select)
    def selected(viewer: V, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return read(viewer, partial(select, viewer, *args, **kwargs))

    return selected


def read(viewer: object, select: Callable[[], T]) -> T:
    """Return what SELECT returns, read from the replica if that serves VIEWER, else the primary.

    Args:
        viewer: a user, whose `last_write` the replica must have; anybody else is not served by it.
        select: asks the database, and may be called twice.
    """
    if not _serves(viewer):
        return select()
    token = _database.set(REPLICA)
    try:
        return select()
    except (OperationalError, InterfaceError) as error:
        # It is gone, or had to undo what it read to go on following.
        connections[REPLICA].close()
        watch().give_up(error)
    finally:
        _database.reset(token)
    return select()


def _serves(viewer: object) -> bool:
    """Say whether the replica can be read for VIEWER, and here; inside itself there is no more to
    decide."""
    last_write = getattr(viewer, "last_write", None)
    if not is_configured() or last_write is None or _is_writing.get():
        return False
    if _database.get() == REPLICA or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return False
    return watch().is_well() and watch().has(last_write)
