"""What takes long with many people a worker does, and one that dies leaves nothing half done."""

from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from conftest import Ask
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.services.contributors.bulk_working import bulk_tasks_work
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.integrations.services.contributors.importing import contributors_import
from dexxy.integrations.services.contributors.uploads import upload_keep, upload_later
from dexxy.kept.models import KeptFile
from dexxy.members.imports.file import ImportedRow
from dexxy.members.models import Identity, Member
from dexxy.people.bulk_tasks import (
    BulkTaskNotFoundError,
    TooManyBulkTasksError,
    bulk_task_claim,
    bulk_task_for,
    bulk_tasks_due,
)
from dexxy.people.models import BulkState, BulkTask
from dexxy.people.selecting import people_tag_later
from tests.factories import make_identity


@pytest.fixture
def crowd(workspace: Workspace) -> list[int]:
    """1,100 people: three pieces of work."""
    now = timezone.now()
    homes = Member.objects.bulk_create(
        Member(workspace=workspace, display_name=f"p{number}") for number in range(1100)
    )
    Identity.objects.bulk_create(
        Identity(
            workspace=workspace,
            provider="github",
            external_id=str(home.pk),
            username=home.display_name,
            member=home,
            home_member=home,
            version_at=now,
        )
        for home in homes
    )
    return [home.pk for home in homes]


def tag(actor: User, workspace: Workspace, ids: list[int], name: str = "vip") -> BulkTask:
    return people_tag_later(actor=actor, workspace=workspace, member_ids=ids, add=[name])


def tagged() -> int:
    return Member.objects.filter(tags=["vip"]).count()


def test_tags_are_given_piece_by_piece_behind_what_a_dead_worker_did(
    workspace: Workspace, bob: User, crowd: list[int]
) -> None:
    task = tag(bob, workspace, crowd)

    assert bulk_tasks_work(seconds=0)
    assert tagged() == 500
    assert bulk_task_claim()  # by a worker that dies now
    assert not bulk_tasks_work(seconds=9)
    assert tagged() == 500
    BulkTask.objects.update(held_until=timezone.now())
    assert not bulk_tasks_work(seconds=9)

    done = bulk_task_for(bob, workspace, task.pk)
    assert (done.state, done.steps_done, done.members) == (BulkState.DONE, 1100, 1100)
    assert tagged() == 1100
    assert AuditEntry.objects.filter(action="members.tagged").count() == 3


def test_what_is_no_longer_allowed_is_told_and_what_kills_workers_is_given_up(
    workspace: Workspace, bob: User, crowd: list[int]
) -> None:
    task, deadly = tag(bob, workspace, crowd), tag(bob, workspace, crowd)
    BulkTask.objects.filter(pk=deadly.pk).update(attempts=3)
    workspace.memberships.filter(user=bob).delete()

    bulk_tasks_work(seconds=9)

    task.refresh_from_db()
    deadly.refresh_from_db()
    assert (task.state, tagged()) == (BulkState.FAILED, 0)
    assert task.problem
    assert (deadly.state, deadly.problem) == (BulkState.FAILED, "")


def test_a_person_has_three_tasks_at_a_time_and_they_are_told_of_for_a_day(
    workspace: Workspace, alice: User, bob: User, crowd: list[int]
) -> None:
    first, *_ = [tag(bob, workspace, crowd[:1]) for _ in range(3)]
    with pytest.raises(TooManyBulkTasksError):
        tag(bob, workspace, crowd[:1])
    assert bulk_task_for(alice, workspace, first.pk) == first

    BulkTask.objects.update(expires_at=timezone.now())
    with pytest.raises(BulkTaskNotFoundError):
        bulk_task_for(bob, workspace, first.pk)
    assert bulk_tasks_due()
    bulk_tasks_work(seconds=9)
    assert not BulkTask.objects.exists()


def test_an_import_that_is_killed_half_way_stores_nothing_and_is_done_again(
    workspace: Workspace, alice: User
) -> None:
    rows = [ImportedRow(n, email=f"p{n}@example.org") for n in range(2, 12)]

    told = []

    def dies(number: int) -> None:
        told.append(number)
        if told == [10, 10]:  # all are read, and all are stored
            raise SystemExit

    with pytest.raises(SystemExit):
        contributors_import(workspace, rows, lines=StringIO(), progress=dies)
    assert not Identity.objects.exists()

    report = contributors_import(workspace, rows, lines=StringIO())
    assert (report.counts["added"], Identity.objects.count()) == (10, 10)


def test_a_large_file_is_tried_and_imported_by_a_worker_once(
    workspace: Workspace, alice: User, large: bytes
) -> None:
    key = upload_keep(actor=alice, workspace=workspace, content=large)
    given: dict[str, Any] = {
        "actor": alice,
        "workspace": workspace,
        "key": key,
        "skips_bad_rows": True,
    }

    tried = upload_later(**given, is_rehearsal=True)
    bulk_tasks_work(seconds=0)
    tried.refresh_from_db()
    assert (tried.state, tried.outcome["counts"]) == (BulkState.DONE, {"added": 2, "bad": 1})
    assert tried.outcome["problems"] == [[4, "nonsense is no e-mail address."]]
    assert not Identity.objects.exists()

    done = upload_later(**given, is_rehearsal=False)
    bulk_tasks_work(seconds=0)
    done.refresh_from_db()
    assert (done.state, done.members, Identity.objects.count()) == (BulkState.DONE, 2, 2)
    assert not KeptFile.objects.exists()

    # What is told of rows may name whoever is erased.
    person = Member.objects.first()
    assert person is not None
    person_erase(actor=alice, workspace=workspace, member_id=person.pk)
    assert not BulkTask.objects.exists()


@pytest.fixture
def large() -> bytes:
    return b"email\nada@example.org\nben@example.org\nnonsense\n"


def test_the_page_follows_a_task_and_says_what_was_done(
    client: Client, workspace: Workspace, bob: User, crowd: list[int]
) -> None:
    task = tag(bob, workspace, crowd)
    client.force_login(bob)
    address = f"/w/{workspace.slug}/people/tasks/{task.pk}/"
    part = {"HX-Request": "true", "HX-Target": "task"}

    bulk_tasks_work(seconds=0)
    page = client.get(address).content.decode()
    assert "500 of 1,100 people" in page
    assert 'hx-trigger="every 2s"' in page
    assert "500 of 1,100 people" in client.get(address, headers=part).content.decode()

    bulk_tasks_work(seconds=9)
    assert client.get(address, headers=part).headers["HX-Refresh"] == "true"
    assert "1100 people have the tag “vip” now." in client.get(address).content.decode()


def test_the_api_tags_all_of_a_list_and_tells_how_far_it_is(
    ask: Ask, workspace: Workspace, bob: User, charlie: User
) -> None:
    make_identity(workspace=workspace, username="one")
    make_identity(workspace=workspace, username="other")
    asked = """mutation ($workspace: ID!) { memberTagAll(
      workspaceId: $workspace, add: ["vip"], filters: {search: "one"}
    ) { task { id state stepsExpected members } } }"""
    follow = """query ($workspace: ID!, $task: ID!) {
      bulkTask(workspaceId: $workspace, taskId: $task) { kind state stepsDone members problem } }"""

    task = ask(asked, bob, workspace=workspace.pk)["data"]["memberTagAll"]["task"]
    assert (task["state"], task["stepsExpected"], task["members"]) == ("WAITING", 1, None)
    bulk_tasks_work(seconds=9)

    given = {"workspace": workspace.pk, "task": task["id"]}
    assert ask(follow, bob, **given)["data"]["bulkTask"] == {
        "kind": "TAG",
        "state": "DONE",
        "stepsDone": 1,
        "members": 1,
        "problem": "",
    }
    assert ask(follow, charlie, **given)["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert tagged() == 1
