"""Go to a provider and back, as a browser does, and see who is signed in."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import Settings

from dexxy.accounts.models import User
from dexxy_simulator.model import Actor
from dexxy_simulator.world import World


def leads_to(client: Client, begin: str, next_page: str = "") -> str:
    """Press the button; return where its page leads by itself."""
    page = client.post(begin, {"next": next_page})
    assert page.status_code == 200, page.content
    address = str(page.context["address"])
    assert f'http-equiv="refresh" content="0; url={escape(address)}"' in page.content.decode()
    return address


def there_and_back(client: Client, begin: str, next_page: str = "", login: str = "dora") -> Any:
    """Press the button, go where it leads as LOGIN, and come back with what was given there."""
    to = leads_to(client, begin, next_page)
    headers = {"X-Simulator-As": login}
    there = httpx.get(to, headers=headers)
    if there.status_code == 200:
        there = httpx.post(to, headers=headers, data={"do": "authorize"})
    parts = urlsplit(there.headers["location"])
    return client.get(parts.path, dict(parse_qsl(parts.query)))


def signed_in_as(client: Client) -> User | None:
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def said(response: Any) -> str:
    assert response.status_code == 403, response
    return str(response.context["error"])


def by_github(client: Client, next_page: str = "", login: str = "dora") -> Any:
    return there_and_back(client, "/accounts/github/login/", next_page, login)


@pytest.fixture
def github_sign_in(settings: Settings) -> None:
    settings.DEXXY_SIGN_IN_GITHUB = True


@pytest.fixture
def at_github_dora(world: World) -> Actor:
    actor = world.add_actor("dora")
    actor.name = "Dora"
    actor.emails = {"typed@example.org": False, "dora@example.org": True}
    return actor
