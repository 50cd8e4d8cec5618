"""Drive the system's Chromium: Playwright's own browsers are a large download."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

from tests import needs

# Playwright runs an event loop in the thread of the tests, where Django then refuses its ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# Root has no sandbox; and nothing but our own pages is to be fetched.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": needs.chromium(), "args": QUIET}


@pytest.fixture(scope="session")
def live_server() -> Iterator[LiveServer]:
    """Serve static files as we do: Django's own server of them knows no digests in their names."""
    server = LiveServer("localhost", start=False)
    setattr(server.thread, "static_handler", lambda application: application)  # noqa: B010
    with override_settings(WHITENOISE_AUTOREFRESH=False):
        server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Make `page.goto("/feed")` open our own pages."""
    return str(live_server.url)
