"""What is noted of each request: a number that its lines in the log have in common, how it was
answered and how soon; and, where that is asked for, a line of its own."""

import re
from collections.abc import Callable, Iterable
from secrets import token_hex
from time import monotonic
from typing import Any

import structlog
from django.conf import settings
from structlog.contextvars import bind_contextvars, clear_contextvars

from dexxy.common.counts import counts

log = structlog.get_logger()

WSGIApplication = Callable[..., Iterable[bytes]]
HEADER = "X-Request-ID"
_GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# How paths begin -> what is asked for there.
_KINDS = {
    "/graphql/": "api",
    "/webhooks/": "webhook",
    "/static/": "static",
    "/pictures/": "picture",
    "/workspaces/": "export",
    "/admin/": "admin",
    "/healthz": "health",
    "/readyz": "health",
    "/metrics": "metrics",
}
# What machines ask all day long, and nobody wants to read.
_UNSAID = {"health", "metrics", "static"}


def noted(application: WSGIApplication) -> WSGIApplication:
    """Note each request of APPLICATION; its answer has the number, in `X-Request-ID`."""

    def door(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        number, began, seen = _number(environ), monotonic(), [500]
        # Not taken back at the end: an answer that is made piece by piece is made after that.
        clear_contextvars()
        bind_contextvars(request=number)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            seen[0] = int(status[:3])
            return start_response(status, [*headers, (HEADER, number)], *more)

        try:
            return application(environ, start)
        finally:
            _note(environ, seen[0], monotonic() - began)

    return door


def _number(environ: dict[str, Any]) -> str:
    """Return the number of a request: a proxy that we trust may have given it."""
    given = str(environ.get("HTTP_X_REQUEST_ID", ""))
    is_trusted = settings.DEXXY_TRUSTED_PROXIES > 0
    return given if is_trusted and _GIVEN.fullmatch(given) else token_hex(8)


def _note(environ: dict[str, Any], status: int, seconds: float) -> None:
    path = str(environ.get("PATH_INFO", ""))
    kind = next((kind for begin, kind in _KINDS.items() if path.startswith(begin)), "page")
    counts.add("http_requests", kind=kind, status=f"{status // 100}xx")
    counts.observe("http_request_seconds", seconds, kind=kind)
    if settings.DEXXY_ACCESS_LOG and kind not in _UNSAID:
        log.info(
            "answered",
            method=environ.get("REQUEST_METHOD", ""),
            # Without what stands behind `?`, which may be anything.
            path=path,
            status=status,
            milliseconds=round(seconds * 1000),
            sender=environ.get("REMOTE_ADDR", ""),
        )
