"""Turns an HTTP request into what a WSGI application takes."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote_to_bytes

HOST: Final = "127.0.0.1"


def environ_of(
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    port: int,
    client: str = HOST,
) -> dict[str, Any]:
    """Make the environment of a request. https://peps.python.org/pep-3333/#environ-variables"""
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        # WSGI wants the path decoded, its bytes written as Latin-1.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": client,
        "wsgi.input": BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    for name, value in headers:
        environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
    environ["CONTENT_TYPE"] = environ.get("HTTP_CONTENT_TYPE", "")
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ
