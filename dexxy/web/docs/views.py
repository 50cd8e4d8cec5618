"""Serve what `make docs` built; until then, say how to build it."""

import mimetypes
from hashlib import sha256
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils._os import safe_join
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition, require_safe

BUILT = Path(__file__).resolve().parent / "html"


def _file(path: str) -> Path | None:
    """Return the file that is served at PATH, or None."""
    try:
        found = Path(safe_join(BUILT, path or "index.html"))
    except (SuspiciousFileOperation, ValueError):  # it leads outside, or is no path at all
        return None
    if found.is_dir():
        found /= "index.html"
    return found if found.is_file() else None


def _etag(_request: HttpRequest, path: str = "") -> str | None:
    found = _file(path)
    return f'"{sha256(found.read_bytes()).hexdigest()[:20]}"' if found else None


@require_safe
@cache_control(public=True, no_cache=True)  # kept, and asked for again each time
@condition(etag_func=_etag)
def docs(request: HttpRequest, path: str = "") -> HttpResponse:
    """Answer with a page of the documentation, or a file that it needs.

    Where none was built, the first page says how; it is for everybody, as the documentation is.
    """
    found = _file(path)
    if found is not None:
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        text = "; charset=utf-8" if kind.startswith("text/") else ""
        return HttpResponse(found.read_bytes(), content_type=f"{kind}{text}")
    if (BUILT / "index.html").is_file():
        raise Http404(f"The documentation has no page {path}.")
    return render(request, "web/docs.html", status=404 if path else 200)
