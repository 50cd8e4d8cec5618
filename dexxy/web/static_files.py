"""Our static files, each under an address with a digest of what it holds, and compressed: browsers
keep them for a year, and a page after an upgrade never gets one of before."""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Response

# The folders that are ours; what Django's administration has refers to itself without digests.
_OURS = ("dexxy/", "vendor/")
_KEPT = "public, max-age=31536000, immutable"
_DIGEST = 10


@cache
def versioned(name: str) -> str:
    """Return NAME with the digest of its file; as it is where it is not ours, or not there."""
    found = finders.find(name) if name.startswith(_OURS) else None
    if not isinstance(found, str):
        return name
    with open(found, "rb") as file:
        digest = sha256(file.read()).hexdigest()[:_DIGEST]
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}.{digest}{path.suffix}"))


class VersionedStorage(StaticFilesStorage):
    """Names files in pages by what they hold; while debugging they change, and keep their names."""

    def url(self, name: str | None) -> str:
        return super().url(name if settings.DEBUG or name is None else versioned(name))


@dataclass(frozen=True)
class HeldFile:
    """A file of ours, small enough to be held, as the server in front of Django serves it."""

    content_type: str
    plain: bytes
    packed: bytes

    def get_response(self, method: str, environ: dict[str, Any]) -> Response:
        """Answer with the file, compressed for who takes that."""
        is_packed = "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
        body = self.packed if is_packed else self.plain
        headers = [
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", _KEPT),
            ("Vary", "Accept-Encoding"),
        ]
        if is_packed:
            headers.append(("Content-Encoding", "gzip"))
        return Response(HTTPStatus.OK, headers, None if method == "HEAD" else BytesIO(body))


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """Serves static files as WhiteNoise does, and ours by the names that pages know too."""

    def add_files_from_finders(self) -> None:
        super().add_files_from_finders()
        names = [address.removeprefix(self.static_prefix) for address in self.files]
        for name in names:
            if name.startswith(_OURS):
                self.files[f"{self.static_prefix}{versioned(name)}"] = _held(name)


def _held(name: str) -> HeldFile:
    found = finders.find(name)
    assert isinstance(found, str), "it was found when its name was made"
    with open(found, "rb") as file:
        plain = file.read()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind = f"{kind}; charset=utf-8"
    return HeldFile(kind, plain, gzip.compress(plain, mtime=0))


class PageCompressionMiddleware(GZipMiddleware):
    """Compresses pages, and nothing else: files have their length, pictures are small already.

    What a page repeats of a request cannot be measured by its length: Django varies that.
    """

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponse:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response  # type: ignore[no-any-return]
        patch_vary_headers(response, ("Accept-Encoding",))
        return super().process_response(request, response)  # type: ignore[return-value]
