"""Pull requests that are switched off rest, whatever GitHub answers; old servers have no switch."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from werkzeug.wrappers import Response

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunTrigger,
    SyncRun,
)
from dexxy.integrations.services.github.access import tokens
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.messages.models import Message, Thread
from dexxy_simulator.exchange import json_response
from dexxy_simulator.faults import Call, Fault, asking_for, patched
from dexxy_simulator.model import Installation, Repository
from dexxy_simulator.world import World
from tests.github_app import Link
from tests.scene import Scene

Body = dict[str, Any]
SWITCH = "hasPullRequestsEnabled"
OFF = (
    "Pull requests are switched off in the repository's settings on GitHub. What was read of them"
    " stays, and they are read again once they are on."
)


def answer(kind: str | None) -> Any:
    """Make GitHub show no list at all, with a reason or without."""

    def change(body: Body) -> None:
        body["data"]["repository"]["list"] = None
        if kind:
            path = ["repository", "list"]
            body["errors"] = [{"type": kind, "path": path, "message": "It is off."}]

    return patched(change)


def live() -> set[tuple[str, int]]:
    return set(Message.objects.filter(is_archived=False).values_list("kind", "pk"))


@pytest.mark.parametrize("refusal", ["empty", "null", "NOT_FOUND", "FORBIDDEN"])
def test_pull_requests_that_are_switched_off_rest_and_nothing_of_them_is_archived(
    busy: Scene, refusal: str
) -> None:
    busy.sync()
    before = live()
    busy.repository.has_pull_requests_enabled = False
    if refusal != "empty":
        busy.go_wrong(answer(None if refusal == "null" else refusal), "pull_requests")
    Thread.objects.filter(kind="pull_request").update(refetch_at=timezone.now())
    busy.world.open_issue(busy.repository, busy.owner, "News")

    run = busy.sync(sweep=True)

    assert (run.state, run.receipt["pull_request"]["is_enabled"]) == ("done", False)
    assert before < live()
    assert Thread.objects.filter(title="News").exists()
    assert not Thread.objects.filter(is_archived=True).exists()
    resting = busy.connected.streams.filter(name="pull_requests").get()
    assert resting.refusal == OFF
    busy.connected.refresh_from_db()
    assert (busy.connected.sync_status, busy.problems) == ("active", {})

    busy.repository.has_pull_requests_enabled = True
    busy.recover(sweep=True)
    assert not busy.connected.streams.exclude(refusal="").exists()


def test_discussions_that_are_switched_off_say_so_and_a_look_sees_that_they_are_on_again(
    busy: Scene,
) -> None:
    busy.sync()
    busy.repository.has_discussions_enabled = False
    busy.sync()
    resting = busy.connected.streams.get(name="discussions")
    assert resting.refusal == OFF.replace("Pull requests", "Discussions")

    assert looked_at(busy) == 0
    busy.repository.has_discussions_enabled = True
    assert looked_at(busy) == 1
    busy.recover(sweep=True)


def looked_at(scene: Scene) -> int:
    """Let time alone make the repository due, and return how many runs that took."""
    runs = SyncRun.objects.count()
    scene.connected.streams.update(watermark=timezone.now())
    GitHubRepository.objects.update(next_sync_at=timezone.now())
    credential_id = scene.connected.installation.credential_id
    assert credential_id is not None
    credential_work(credential_id=credential_id, seconds=60)
    return SyncRun.objects.count() - runs


def test_a_server_that_does_not_know_the_switch_is_asked_for_it_once_a_day(busy: Scene) -> None:
    asked: list[Call] = []

    def refuse(call: Call) -> Response:
        asked.append(call)
        extensions = {"code": "undefinedField", "typeName": "Repository", "fieldName": SWITCH}
        message = f"Field '{SWITCH}' doesn't exist on type 'Repository'"
        return json_response({"errors": [{"message": message, "extensions": extensions}]})

    busy.server.faults.add(Fault(refuse, on=asking_for(SWITCH), times=None))

    assert busy.sync().state == "done"
    assert busy.sync().state == "done"
    assert len(asked) == 1

    Credential.objects.update(newer_fields_refused_at=timezone.now() - timedelta(hours=25))
    assert busy.sync().state == "done"
    assert len(asked) == 2
    busy.recover(sweep=True)


def test_an_app_that_may_read_issues_only_reads_them_their_edits_and_sweeps_and_is_active(
    link: Link,
    installed: Installation,
    nest: Repository,
    world: World,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A refusal may be that of a replica which does not know a young token yet.
    monkeypatch.setattr(tokens, "RETRY_AFTER", (0, 0, 0))
    installed.permissions = {"metadata": "read", "issues": "read"}
    worker = world.actor("worker")
    issue = nest.issues[1]
    comment = world.comment(issue, worker, "Since when?")
    world.open_pull_request(nest, worker, "Mend it")
    installation = link(installed)
    repository = _follow(installation, workspace, nest)

    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)
    world.edit(comment, "Since Monday?")
    gone = world.open_issue(nest, worker, "Spam")
    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)
    world.delete(gone)
    run = repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=True)

    repository.refresh_from_db()
    assert (run.state, repository.sync_status, repository.sync_error) == ("done", "active", "")
    assert Message.objects.filter(body="Since Monday?").exists()
    titles = Thread.objects.filter(is_archived=False).values_list("title", flat=True)
    assert list(titles) == ["Leaks"]
    resting = repository.streams.filter(name__in=["pull_requests", "discussions"])
    assert [("permission to read" in one.refusal) for one in resting] == [True, True]

    # What is refused takes its repository along in an answer, and is left out of a look.
    runs = SyncRun.objects.count()
    repository.streams.update(watermark=timezone.now())
    GitHubRepository.objects.update(next_sync_at=timezone.now())
    assert installation.credential_id is not None
    credential_work(credential_id=installation.credential_id, seconds=60)
    assert SyncRun.objects.count() == runs
    assert GitHubRepository.objects.filter(glanced_at__isnull=False).exists()


def _follow(installation: GitHubInstallation, workspace: Workspace, nest: Repository) -> Any:
    return repository_connect_available(
        viewer=workspace.memberships.get(role="admin").user,
        workspace=workspace,
        github_id=nest.database_id,
    )
