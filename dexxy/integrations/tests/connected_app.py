"""Repositories that are read by an App, and webhooks about them."""

import json
from pathlib import Path
from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubApp, GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.messages.models import Message, Thread
from dexxy.sources.models import Source, SourceKind
from tests.factories import make_app, make_installation, make_repository
from tests.webhooks import send

DELIVERIES = Path(__file__).parent / "deliveries"
INSTALLATION, ANTS, BEES = 9001, 5001, 5002


def connect_app(workspace: Workspace) -> GitHubApp:
    """Install the App that the deliveries of these tests come from, and follow its repositories."""
    app = make_app()
    installation = make_installation(workspace=workspace, app=app)
    GitHubInstallation.objects.filter(pk=installation.pk).update(installation_id=INSTALLATION)
    follow(workspace, ANTS, "acme/ants")
    follow(workspace, BEES, "acme/bees")
    return app


def follow(workspace: Workspace, github_id: int, name: str) -> GitHubRepository:
    """Follow a repository through the workspace's installation."""
    source = Source.objects.create(
        workspace=workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server="github",
        external_id=str(github_id),
        name=name,
        url=f"https://github.com/{name}",
    )
    return make_repository(source=source)


def payload(name: str) -> dict[str, Any]:
    """Return the payload of `<event>__<case>`."""
    found: dict[str, Any] = json.loads((DELIVERIES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def arrive(app: GitHubApp, *names: str) -> None:
    """Let deliveries arrive, in this order."""
    for name in names:
        response = send(app, payload(name), event=name.partition("__")[0])
        assert response.status_code == 202, response.content


def happen(app: GitHubApp, *names: str) -> None:
    """Let deliveries arrive, and work off each before the next one comes."""
    for name in names:
        arrive(app, name)
        deliveries_drain(seconds=10)


def threads() -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return what is stored of each thread that is interesting, by source, kind and number."""
    return {
        (thread.source.name, thread.kind, thread.number): {
            "title": thread.title,
            "state": thread.state,
            "reason": thread.state_reason,
            "author": thread.author and thread.author.username,
            "labels": thread.labels,
            "archived": thread.archived_reason,
        }
        for thread in Thread.objects.select_related("source", "author")
    }


def messages() -> list[tuple[Any, ...]]:
    """Return kind, id, body, author and why it is archived of each message, in order."""
    rows = Message.objects.select_related("author").order_by("thread_id", "occurred_at", "kind")
    return [
        (m.kind, m.external_id, m.body, m.author and m.author.username, m.archived_reason)
        for m in rows
    ]
