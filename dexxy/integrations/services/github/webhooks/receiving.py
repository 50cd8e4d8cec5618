"""Takes webhooks beside the pages' stack of middleware, which is nothing to GitHub."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import structlog
from django.db import DatabaseError, DataError, InterfaceError
from django.urls import get_script_prefix, reverse

from dexxy.common.crypto import UndecryptableSecretError
from dexxy.integrations.services.github.webhooks.inbox import delivery_store
from dexxy.integrations.services.github.webhooks.refusal_counts import RefusedCount
from dexxy.integrations.services.github.webhooks.refusal_log import RefusedLog
from dexxy.integrations.services.github.webhooks.verification import (
    WebhookRefusedError,
    delivery_check,
    headers_check,
)
from dexxy.integrations.services.github.webhooks.wake import Waker

log = structlog.get_logger()

_waker = Waker()
_refused_count = RefusedCount()
_refused_log = RefusedLog()
TEXT = "text/plain; charset=utf-8"
WSGIApplication = Callable[..., Iterable[bytes]]


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def webhook_door(application: WSGIApplication) -> WSGIApplication:
    """Put the webhook's address in front of a WSGI application.

    Requests, sessions, cookies and the policies of pages cost as much as taking a webhook does.
    """
    path = "/" + reverse("github_webhook").removeprefix(get_script_prefix())

    def door(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != path:
            return application(environ, start_response)
        status, text = take(environ, environ["wsgi.input"])
        body = text.encode()
        headers = [
            ("Content-Type", TEXT),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body]

    return door


def take(meta: Mapping[str, Any], stream: Readable) -> tuple[int, str]:
    """Check a webhook's headers, then its signature, only then what it says; store it, say so.

    The work is done by `drain_deliveries`. GitHub waits ten seconds, counts every answer but 2xx
    as failed, and keeps it in the App's delivery log, from where we fetch it.

    https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks

    Args:
        meta: the request as WSGI describes it.
        stream: its body.

    Returns: status and text of the answer.
    """
    sender = str(meta.get("REMOTE_ADDR", ""))
    if meta["REQUEST_METHOD"] != "POST":
        return _refused(sender, 405, "method_not_allowed", "Only POST is taken here.")
    try:
        headers = headers_check(meta)
        delivery = delivery_check(headers, stream.read(headers.length))
        outcome = delivery_store(delivery)
    except WebhookRefusedError as error:
        return _refused(sender, error.status, error.code, str(error))
    except DataError as error:
        why = f"The payload cannot be stored: {error}"
        return _refused(sender, 400, "payload_unreadable", why)
    except (DatabaseError, InterfaceError, UndecryptableSecretError) as error:
        reason = str(error).partition("\n")[0]
        log.error("webhook not stored", outcome="not_stored", status=503, why=reason)
        return 503, "Dexxy cannot store anything now."
    _waker.wake_soon()
    _refused_count.write()
    log.debug("webhook taken", outcome=outcome, name=delivery.event, guid=delivery.guid)
    return 202, outcome


def _refused(sender: str, status: int, outcome: str, why: str) -> tuple[int, str]:
    _refused_log.add(sender=sender, outcome=outcome, status=status, why=why)
    _refused_count.add(outcome)
    return status, why
