"""The page at the address of the API, for who opens it in a browser."""

from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dexxy.accounts.models import User
from dexxy.accounts.reader import read_in
from dexxy.accounts.selectors import workspaces
from dexxy.web.api.examples import EXAMPLES
from dexxy.web.pages import PageRequest, sign_in_first

# Whoever is in more chooses by the id.
_MOST_WORKSPACES = 50


def is_for_a_person(request: HttpRequest) -> bool:
    """Say whether a browser opens the address, and no program asks for something."""
    is_read = request.method in ("GET", "HEAD")
    return is_read and "text/html" in request.headers.get("Accept", "")


@never_cache
def explorer(request: HttpRequest) -> HttpResponse:
    """Say what the API is; to who is signed in, show a page to try it on."""
    address = urljoin(settings.DEXXY_BASE_URL, reverse("graphql"))
    if not isinstance(request.user, User):
        response = render(request, "web/api/introduction.html", {"address": address})
        patch_vary_headers(response, ("Accept",))
        return response
    known = list(workspaces(request.user)[:_MOST_WORKSPACES])
    context = {
        "address": address,
        "examples": EXAMPLES,
        "workspaces": known,
        # What the page's script puts into the fields.
        "documents": [
            {"document": one.document, "needsWorkspace": one.needs_workspace} for one in EXAMPLES
        ],
    }
    if known:
        read_in(known[0], request.user)
    response = render(request, "web/api/explorer.html", context)
    patch_vary_headers(response, ("Accept",))
    return response


@never_cache
@require_safe
def schema_file(request: PageRequest) -> HttpResponse:
    """Answer with the schema, as tools read it: it is for who is signed in, as by the API."""
    if not isinstance(request.user, User):
        return sign_in_first(request)
    from dexxy.config.schema import schema

    return HttpResponse(schema.as_str(), content_type="text/plain; charset=utf-8")
