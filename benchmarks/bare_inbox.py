"""The peer: a WSGI view that inserts what comes, on a connection that it keeps, and does no more.

It checks no signature, reads no JSON and wakes nobody: what it cannot be faster than, we cannot.
"""

import os
from collections.abc import Callable, Iterable
from threading import local
from typing import Any

import psycopg

TABLE = "CREATE TABLE bare_inbox (LIKE integrations_webhookdelivery INCLUDING ALL)"
_INSERT = """
INSERT INTO bare_inbox (
    app_id, guid, event, action, payload, state, attempts, error, times_received, received_at,
    next_attempt_at, created_at, updated_at)
VALUES (1, %s, %s, '', %s, 'pending', 0, '', 1, now(), now(), now(), now())
"""
_kept = local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if not hasattr(_kept, "connection"):
        _kept.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    row = environ["HTTP_X_GITHUB_DELIVERY"], environ["HTTP_X_GITHUB_EVENT"], body.decode()
    _kept.connection.execute(_INSERT, row)
    start_response("202 Accepted", [("Content-Length", "0")])
    return [b""]
