"""An organization's types of issues: read, told by webhooks, and refused by older servers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from werkzeug.wrappers import Response

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunTrigger,
    SyncProblem,
    SyncRun,
)
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Change, Thread
from dexxy_simulator.exchange import json_response
from dexxy_simulator.faults import Call, Effect, Fault, asking_for, patched
from dexxy_simulator.model import Installation, Issue, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.github_app import Link
from tests.simulated import to_dexxy
from tests.truth import assert_source_equals

TYPE, SWITCH = "issueType", "hasPullRequestsEnabled"


@pytest.fixture(autouse=True)
def public_address(settings: Settings) -> None:
    """Without one the App has no webhooks."""
    settings.DEXXY_BASE_URL = "https://dexxy.example"


@pytest.fixture
def leak(nest: Repository, world: World) -> Issue:
    """An issue that is a bug, on a server that has types of issues."""
    world.dialect = replace(world.dialect, newer_fields=True, granted_scopes=None)
    leak = next(iter(nest.issues.values()))
    world.set_type(leak, nest.owner, "Bug")
    return leak


@pytest.fixture
def followed(
    link: Link, installed: Installation, nest: Repository, workspace: Workspace, leak: Issue
) -> GitHubRepository:
    link(installed)
    admin = workspace.memberships.get(role="admin").user
    return repository_connect_available(
        viewer=admin, workspace=workspace, github_id=nest.database_id
    )


def sync(followed: GitHubRepository, *, sweep: bool = False) -> SyncRun:
    return repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


def stored() -> str:
    return Thread.objects.get(kind="issue").issue_type


def refuses(names: Sequence[str], refused: list[str]) -> Effect:
    """Let a server not know any of the fields with NAMES, and note each that it REFUSED."""

    def refuse(call: Call) -> Response:
        asked = [name for name in names if name in call.asked.document]
        refused.extend(asked)
        if not asked:
            return call.proceed()
        errors = [
            {
                "message": f"Field '{name}' doesn't exist",
                "extensions": {"code": "undefinedField", "fieldName": name},
            }
            for name in asked
        ]
        return json_response({"errors": errors})

    return refuse


def test_the_type_of_an_issue_is_read_and_so_is_that_it_has_another_or_none(
    followed: GitHubRepository, nest: Repository, leak: Issue, world: World
) -> None:
    sync(followed)
    assert_source_equals(followed.source, nest)
    assert stored() == "Bug"

    for name in ("Feature", None):
        noted = Change.objects.count()
        world.set_type(leak, nest.owner, name)
        sync(followed)
        assert_source_equals(followed.source, nest)
        assert stored() == (name or "")
        assert Change.objects.count() == noted + 1


def test_a_webhook_tells_of_a_type_at_once(
    followed: GitHubRepository,
    nest: Repository,
    leak: Issue,
    world: World,
) -> None:
    sync(followed)
    world.webhooks.transport = to_dexxy
    world.webhooks.pending.clear()

    for name in ("Größe", None):
        world.set_type(leak, nest.owner, name)
        assert len(world.webhooks.deliver()) == 1
        deliveries_drain(seconds=10)
        assert stored() == (name or "")


@pytest.mark.parametrize(
    ("unknown", "known"), [((TYPE,), ""), ((SWITCH,), "Bug"), ((TYPE, SWITCH), "")]
)
def test_a_server_is_asked_once_a_day_for_each_field_that_it_does_not_know(
    followed: GitHubRepository,
    simulator: SimulatorServer,
    unknown: tuple[str, ...],
    known: str,
) -> None:
    refused: list[str] = []
    simulator.faults.add(Fault(refuses(unknown, refused), on=asking_for("query"), times=None))

    for sweep in (False, True):
        assert sync(followed, sweep=sweep).state == "done"
        assert (stored(), sorted(refused)) == (known, sorted(unknown))
    credential = Credential.objects.get(installations=followed.installation)
    assert credential.refused_fields == sorted(unknown)

    # Updated meanwhile.
    simulator.faults.clear()
    Credential.objects.update(newer_fields_refused_at=timezone.now() - timedelta(hours=25))
    sync(followed, sweep=True)
    assert stored() == "Bug"


def test_what_a_release_noted_that_did_not_tell_fields_apart_is_all_of_them(
    followed: GitHubRepository, simulator: SimulatorServer
) -> None:
    Credential.objects.update(newer_fields_refused_at=timezone.now(), refused_fields=[])
    simulator.requests.clear()

    sync(followed)

    asked = [one.document for one in simulator.requests.entries if one.document]
    assert not any(name in text for text in asked for name in (TYPE, SWITCH))


def test_a_type_that_may_not_be_read_is_none_and_its_issue_is_stored(
    followed: GitHubRepository, simulator: SimulatorServer
) -> None:
    def refuse(body: dict[str, Any]) -> None:
        [node] = body["data"]["repository"]["list"]["nodes"]
        node["issueType"] = None
        path = ["repository", "list", "nodes", 0, "issueType"]
        body["errors"] = [{"type": "FORBIDDEN", "path": path, "message": "Not accessible"}]

    simulator.faults.add(Fault(patched(refuse), on=asking_for("list: issues("), times=None))

    assert sync(followed).state == "done"
    assert stored() == ""
    assert Thread.objects.get(kind="issue").title == "Leaks"

    simulator.faults.clear()
    SyncProblem.objects.update(retry_at=timezone.now())
    assert sync(followed).state == "done"
    assert (stored(), SyncProblem.objects.exists()) == ("Bug", False)
