"""Drive the system's Chromium: Playwright's own browsers are a large download."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client, override_settings
from playwright.sync_api import BrowserContext, Page
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dexxy.accounts.models import User
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy_simulator.site.layout import COOKIE
from tests import needs
from tests.factories import make_user

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


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """Fail whatever the browser complains about: a blocked style, a broken script."""
    found: list[str] = []
    page.on("console", lambda one: found.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.fixture
def operator(
    context: BrowserContext, base_url: str, settings: Settings, at_github: GitHubServer
) -> User:
    """Who runs this Dexxy, signed in, with the simulator as the GitHub of the environment."""
    policy: dict[str, Any] = django_settings.CONTENT_SECURITY_POLICY
    directives = {**policy["DIRECTIVES"], "form-action": ["'self'", at_github.web_url]}
    settings.CONTENT_SECURITY_POLICY = {**policy, "DIRECTIVES": directives}
    settings.DEXXY_BASE_URL = base_url
    user = make_user(email="operator@example.com", is_staff=True)
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    context.add_cookies(
        [
            {"name": "sessionid", "value": session, "url": base_url},
            {"name": COOKIE, "value": "dexxy-demo", "url": at_github.web_url},
        ]
    )
    return user
