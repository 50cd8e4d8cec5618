"""What a load balancer asks."""

from django.http import HttpRequest, HttpResponse

from dexxy.web.database_watch import DatabaseWatch, ready_answer


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer while the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 while requests can be served, else 503 and what is missing.

    The queue may be away: its jobs come later, and pages and webhooks go on. In a process that
    watches its database the request does not come so far.
    """
    watch = DatabaseWatch()
    try:
        status, text = ready_answer(watch.look())
    finally:
        watch.close()
    return HttpResponse(text, status=status, content_type="text/plain")
