"""Whether the database can be used, as a web process knows it at any time."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from http import HTTPStatus
from threading import Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import structlog
from django.db import connection

from dexxy.cli.errors import first_line
from dexxy.cli.migration_state import (
    DatabaseState,
    NewerDataError,
    OldDataError,
    state_of,
)
from dexxy.common.databases.attended import Probe
from dexxy.config.postgresql.base import is_away
from dexxy.safekeeping.unfinished import IS_UNFINISHED, UnfinishedRestoreError

log = structlog.get_logger()

WSGIApplication = Callable[..., Iterable[bytes]]

# Seconds between two looks, and until one has waited long enough: together less than two.
_PAUSE, _PATIENCE = 0.5, 1.2
# How long a request may wait for a new connection; less is not heard by libpq.
CONNECT_SECONDS = 2
_APPLIED = "SELECT app, name FROM django_migrations"
# Requests that are answered whatever the database does.
ALIVE, READY = "/healthz", "/readyz"


class Lack(StrEnum):
    """Why no request can be served."""

    DATABASE = "database"
    MIGRATIONS = "migrations"


# What people read, and how many seconds they had better wait.
_NOTICES = {
    Lack.DATABASE: ("Dexxy cannot reach its database. It goes on when it can.", 5),
    Lack.MIGRATIONS: ("Dexxy waits for its database to be brought up to date.", 30),
}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Not now · Dexxy</title></head>
<body><h1>Not now</h1><p>{notice} Try again in a moment.</p></body></html>
"""


class DatabaseWatch:
    """Looks again and again whether the database can be used, from a thread.

    `lack` says what is missing; None if nothing is.
    """

    def __init__(self) -> None:
        self.lack: Lack | None = Lack.DATABASE
        self._logged: tuple[Lack | None, str] = (None, "")
        self._is_migrated = False
        self._probe: Probe | None = None

    def start(self) -> None:
        """Look once, then go on in a thread."""
        self.look()
        Thread(target=self._run, name="database watch", daemon=True).start()

    def look(self) -> Lack | None:
        """Look now, within two seconds; return what is missing."""
        try:
            why = "" if self._is_usable() else "run `dexxy upgrade`"
            lack = Lack.MIGRATIONS if why else None
        except (OldDataError, NewerDataError, UnfinishedRestoreError) as error:
            lack, why = Lack.MIGRATIONS, str(error)
        except psycopg.Error as error:
            lack, why = Lack.DATABASE, first_line(error)
            self.close()
        self._say(lack, why)
        self.lack = lack
        if lack == Lack.DATABASE:
            is_away.set()
        else:
            is_away.clear()
        return lack

    def close(self) -> None:
        """Close the connection that it looks by."""
        if self._probe is not None:
            self._probe.close()
            self._probe = None

    def _run(self) -> None:
        while True:
            sleep(_PAUSE)
            self.look()

    def _is_usable(self) -> bool:
        if self._probe is None:
            self._probe = Probe.connect(**connection.get_connection_params(), autocommit=True)
        self._probe.deadline = monotonic() + _PATIENCE
        # Restored it may be beneath us, too.
        if self._probe.execute(IS_UNFINISHED).fetchall() == [(True,)]:
            raise UnfinishedRestoreError
        # What was up to date stays so while we run: a newer Dexxy may migrate it beneath us.
        if not self._is_migrated:
            try:
                rows = self._probe.execute(_APPLIED).fetchall()
            except psycopg.errors.UndefinedTable:
                return False
            self._is_migrated = (
                state_of({(app, name) for app, name in rows}) is DatabaseState.CURRENT
            )
        return self._is_migrated

    def _say(self, lack: Lack | None, why: str) -> None:
        if (lack, why) == self._logged:
            return
        if lack is None:
            log.info("ready again")
        else:
            log.warning("not ready", part=lack.value, why=why)
        self._logged = (lack, why)


def watched(application: WSGIApplication, watch: DatabaseWatch) -> WSGIApplication:
    """Answer in place of APPLICATION while the database cannot be used: at once, for who waits for
    it holds a thread."""

    def door(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path, lack = environ["PATH_INFO"], watch.lack
        if path == ALIVE or (lack is None and path != READY):
            return application(environ, start_response)
        if path == READY:
            status, text, kind, again = *ready_answer(lack), "plain", 1
        else:
            assert lack is not None
            status = HTTPStatus.SERVICE_UNAVAILABLE
            text, again = notice_of(lack)
            kind = "html" if "text/html" in environ.get("HTTP_ACCEPT", "") else "plain"
            text = _PAGE.format(notice=text) if kind == "html" else f"{text}\n"
        body = text.encode()
        headers = [("Content-Type", f"text/{kind}; charset=utf-8"), ("Cache-Control", "no-store")]
        headers += [("Content-Length", str(len(body))), ("X-Content-Type-Options", "nosniff")]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append(("Retry-After", str(again)))
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    return door


def notice_of(lack: Lack) -> tuple[str, int]:
    """Return what people read meanwhile, and how many seconds they had better wait."""
    return _NOTICES[lack]


def ready_answer(lack: Lack | None) -> tuple[HTTPStatus, str]:
    """Return status and text of what a load balancer asks."""
    if lack is None:
        return HTTPStatus.OK, "ready\n"
    return HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {lack}\n"
