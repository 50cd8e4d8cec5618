"""What is answered when something went wrong that is not the reader's doing."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.template.loader import render_to_string

_AGAIN_SECONDS = 5


def failure(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: with 503 if the database was away, else with 500."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        page = render_to_string("503.html")
        return HttpResponse(page, status=503, headers={"Retry-After": str(_AGAIN_SECONDS)})
    return HttpResponseServerError(render_to_string("500.html"))
