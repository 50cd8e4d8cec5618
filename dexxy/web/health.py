"""What a load balancer asks."""

import structlog
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

log = structlog.get_logger()


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while database and queue can be used, else 503 and what is missing."""
    missing = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.warning("not ready", part="database", error=str(error))
        missing.append("database")
    try:
        cache.get("readyz")
    except RedisError as error:
        log.warning("not ready", part="queue", error=str(error))
        missing.append("queue")
    text = "ready\n" if not missing else f"not ready: {', '.join(missing)}\n"
    return HttpResponse(text, status=503 if missing else 200, content_type="text/plain")
