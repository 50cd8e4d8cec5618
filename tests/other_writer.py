"""Another writer: a second transaction that takes its locks one after the other."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep

from django.db import connection, transaction

Step = Callable[[], object]
# Seconds until somebody must have come to wait.
PATIENCE = 10


@contextmanager
def other_writer(first: Step, *then: Step) -> Iterator[None]:
    """Run FIRST in a transaction of its own, and THEN as soon as somebody waits for its locks.

    The body of the `with` is that somebody; a deadlock raises on one of the two sides.
    """
    has_begun, failures = Event(), list[BaseException]()

    def write() -> None:
        try:
            with transaction.atomic():
                first()
                has_begun.set()
                _wait_for_somebody()
                for step in then:
                    step()
        except BaseException as error:
            failures.append(error)
        finally:
            has_begun.set()
            connection.close()

    writer = Thread(target=write)
    writer.start()
    has_begun.wait()
    try:
        yield
    finally:
        writer.join()
    _raise_first(failures)


def _wait_for_somebody() -> None:
    deadline = monotonic() + PATIENCE
    while not _is_waited_for():
        if monotonic() > deadline:
            raise TimeoutError("Nobody waits for this writer: the test shows nothing.")
        sleep(0.01)


def _is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        [(count,)] = cursor.fetchall()
    return bool(count)


def _raise_first(failures: Sequence[BaseException]) -> None:
    if failures:
        raise failures[0]
