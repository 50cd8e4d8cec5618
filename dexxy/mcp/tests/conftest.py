"""A workspace with people outside, whose words every answer must mark."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import User, Workspace
from dexxy.cli.tests.conftest import running
from dexxy.embedded.tests.conftest import place
from dexxy.mcp.calling import token_viewer, tool_call
from dexxy.members.models import Identity
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import Message, MessageKind, Thread
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_thread

__all__ = ["place", "running"]

BASE = "https://dexxy.example.org"

Use = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def fresh_minute() -> None:
    cache.clear()


@pytest.fixture
def secret(alice: User, workspace: Workspace) -> str:
    return api_token_create(viewer=alice, workspace=workspace, name="assistant")[1]


@pytest.fixture
def use(secret: str) -> Use:
    """Call a tool as the token of Alice, or another, does."""

    def call(name: str, /, token: str = "", **arguments: Any) -> dict[str, Any]:
        told: dict[str, Any] = tool_call(token_viewer(token or secret), name, arguments, BASE)
        return told

    return call


def make_waiting(source: Source, author: Identity, *, title: str, body: str) -> Thread:
    """Make a thread in which AUTHOR has waited for two days."""
    # Who waits since before the source was connected is in another list.
    Source.objects.update(created_at=timezone.now() - timedelta(days=30))
    at = timezone.now() - timedelta(hours=50)
    thread = make_thread(source=source, author=author, title=title, opened_at=at, number=7)
    opening: dict[str, Any] = {"author": author, "body": body, "occurred_at": at}
    make_message(thread=thread, kind=MessageKind.OPENED, **opening)
    threads_settle([thread.pk])
    standings_recompute(source.workspace_id, [thread.pk], team_of(source.workspace_id))
    thread.refresh_from_db()
    return thread


@pytest.fixture
def mei(workspace: Workspace) -> Identity:
    """Somebody outside the team."""
    return make_identity(workspace=workspace, username="meisand", name="Mei Sand")


@pytest.fixture
def waiting(alice: User, source: Source, mei: Identity) -> Thread:
    """A thread in which Mei waits for a team of one other person."""
    ada = make_identity(workspace=source.workspace, username="ada", name="Ada")
    member_set_team(
        actor=alice, workspace=source.workspace, member_id=ada.member_id, is_on_team=True
    )
    return make_waiting(source, mei, title="It crashes", body="An error at start.")


@pytest.fixture
def long(waiting: Thread, mei: Identity) -> list[Message]:
    """Thirty more messages in that thread, the oldest first."""
    start = timezone.now() - timedelta(hours=40)
    made = [
        make_message(
            thread=waiting, author=mei, body=f"no {n}", occurred_at=start + timedelta(minutes=n)
        )
        for n in range(30)
    ]
    threads_settle([waiting.pk])
    return made
