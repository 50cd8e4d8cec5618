"""Load two libraries that every process uses without what few use, and they look for.

structlog and httpx import rich, pygments and click wherever they are installed, for what we never
ask of them: tracebacks with variables, and a command of httpx. Those weigh 6 MB in every process.
Here the two find them missing and go on without; who uses them imports them as ever.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

__all__ = ["structlog"]


@contextmanager
def _kept_out(*packages: str) -> Iterator[None]:
    """Let PACKAGES be missing meanwhile, but for those that somebody has imported already."""
    hidden = [package for package in packages if package not in sys.modules]
    for package in hidden:
        # https://docs.python.org/3/reference/import.html#the-module-cache
        sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for package in hidden:
            del sys.modules[package]


with _kept_out("rich", "pygments", "click"):
    import structlog

    import_module("httpx")
