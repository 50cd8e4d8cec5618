"""What is answered when something went wrong that is not the reader's doing."""

import sys
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers

from dexxy.common.counts import counts

_AGAIN_SECONDS = 5


def failure(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: with 503 if the database was away, else with 500."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        counts.add("errors", where="page", code="database_away")
        page = render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": str(_AGAIN_SECONDS)})
    counts.add("errors", where="page", code="internal_error")
    return HttpResponseServerError(render_to_string("500.html"))


def uncached(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Let nobody keep an answer that does not say for how long: most of them are refusals.

    A cache between us and our readers may keep a 404 by itself, and answer members with what was
    meant for an outsider.
    """

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response

    return answered
