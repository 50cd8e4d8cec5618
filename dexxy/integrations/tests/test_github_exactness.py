"""What no list shows by itself is found all the same: edits, deletions, what was hidden."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncProblem, SyncRun
from dexxy.integrations.services.github.api.errors import BadCredentialsError, NotFoundError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import Fault, asking_for, patched, status
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.simulated import RECORDED
from tests.truth import assert_source_equals


def sync(repository: GitHubRepository, *, sweep: bool = False) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


@pytest.fixture
def synced(connected: GitHubRepository) -> GitHubRepository:
    sync(connected)
    return connected


@pytest.fixture
def jo(world: World) -> Actor:
    return world.add_actor("jo", name="Jo Doe", location="Here", company="ACME", bio="I try.")


def test_an_edited_comment_is_read_although_its_thread_s_time_stands_still(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    world.dialect = replace(world.dialect, moving=frozenset())
    comment = next(c for issue in ants.issues.values() for c in issue.comments)
    before = comment.thread.updated_at
    world.edit(comment, "On second thought")
    assert comment.thread.updated_at == before

    run = sync(synced)

    assert run.counts["refetched"] == 1
    assert_source_equals(synced.source, ants)


def test_an_edited_review_comment_is_read_too(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    comment = next(
        c for pull in ants.pull_requests.values() for r in pull.reviews for c in r.comments
    )
    world.edit(comment, "On second thought")

    sync(synced)

    assert_source_equals(synced.source, ants)


def test_a_sweep_finds_a_review_that_was_hidden(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    review = next(
        one for pull in ants.pull_requests.values() for one in pull.reviews if one.body.strip()
    )
    world.minimize(review, "off-topic")

    sync(synced, sweep=True)

    assert_source_equals(synced.source, ants)


def test_a_sweep_finds_what_vanished_without_a_trace(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    comment = next(c for issue in ants.issues.values() for c in issue.comments)
    world.delete(comment)
    world.delete(ants.issues[44])
    world.delete(next(iter(ants.discussions.values())))
    gone = (comment.thread.number, str(comment.database_id))

    sync(synced)
    assert Thread.objects.filter(kind="issue", number=44, is_archived=False).exists()

    run = sync(synced, sweep=True)

    assert run.counts["sweep_pages"] == 5
    assert Message.objects.get(kind="comment", external_id=gone[1]).archived_reason == "missing"
    thread = Thread.objects.get(kind="issue", number=44)
    assert thread.archived_reason == "missing"
    assert not thread.messages.filter(is_archived=False).exists()
    assert_source_equals(synced.source, ants)


def test_what_comes_back_is_live_again(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    issue = ants.issues.pop(44)
    sync(synced, sweep=True)
    assert Thread.objects.get(kind="issue", number=44).is_archived
    ants.issues[44] = issue

    sync(synced, sweep=True)

    assert_source_equals(synced.source, ants)


def test_a_receipt_that_differs_makes_a_sweep_due_at_once(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    world.delete(ants.issues[44])
    first = sync(synced)

    second = sync(synced)

    assert (first.receipt["issue"]["here"], first.receipt["issue"]["github"]) == (26, 25)
    assert (second.receipt["issue"]["here"], second.receipt["issue"]["github"]) == (25, 25)
    assert_source_equals(synced.source, ants)


def test_a_difference_that_a_sweep_cannot_mend_makes_no_other_sweep_due(
    synced: GitHubRepository, simulator: SimulatorServer
) -> None:
    def one_more(answer: Any) -> None:
        listing = ((answer.get("data") or {}).get("repository") or {}).get("list")
        if listing and "totalCount" in listing:
            listing["totalCount"] += 1

    simulator.faults.add(Fault(patched(one_more), on="graphql", times=None))

    swept = [sync(synced).counts.get("sweep_pages", 0) for _ in range(5)]

    assert swept == [0, 6, 0, 0, 0]


def test_threads_of_one_second_are_not_taken_for_missing_at_the_end_of_a_page(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    with world.at(world.now()):
        for number in range(25):
            world.open_issue(ants, jo, f"At once {number}")
    sync(connected)
    for name in ("sweep_issues", "sweep_pull_requests", "sweep_discussions"):
        connected.streams.create(name=name, is_done=True, page_size=1)

    run = sync(connected, sweep=True)

    assert "refetched" not in run.counts
    assert_source_equals(connected.source, ants)


def test_a_sweep_may_take_several_runs(
    synced: GitHubRepository, world: World, ants: Repository, settings: object
) -> None:
    settings.DEXXY_SWEEP_PAGES = 1  # type: ignore[attr-defined]
    world.delete(ants.issues[44])
    sync(synced)

    runs = [sync(synced) for _ in range(6)]

    assert [run.counts.get("sweep_pages", 0) for run in runs] == [1, 1, 1, 1, 1, 0]
    assert_source_equals(synced.source, ants)


def test_a_duplicate_is_one_in_the_list_and_when_it_is_read_again(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue = world.open_issue(ants, jo, "Again")
    world.close(issue, jo, "DUPLICATE")

    sync(connected)
    stored = Thread.objects.get(kind="issue", number=issue.number)
    assert stored.state_reason == "duplicate"
    Thread.objects.filter(pk=stored.pk).update(refetch_at=timezone.now(), state_reason="")
    sync(connected)

    stored.refresh_from_db()
    assert stored.state_reason == "duplicate"
    assert_source_equals(connected.source, ants)


def test_a_discussion_is_stored_with_comments_replies_closing_and_answer(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    category = next(d.category for d in ants.discussions.values() if d.category.is_answerable)
    discussion = world.open_discussion(category, jo, "How?", "Like this?")
    answer = world.discuss(discussion, ants.owner, "Like that.")
    for number in range(30):
        comment = world.discuss(discussion, jo, f"Comment {number}")
        for _ in range(number % 13):
            world.discuss(discussion, ants.owner, "Reply", comment)
    world.choose_answer(answer, jo)
    world.close_discussion(discussion)

    sync(connected)

    assert_source_equals(connected.source, ants)
    thread = Thread.objects.get(kind="discussion", number=discussion.number)
    assert thread.first_response_at is not None
    parents = set(thread.messages.filter(kind="reply").values_list("parent__kind", flat=True))
    assert parents == {"comment"}


def test_an_answer_taken_back_and_a_discussion_opened_again_leave_no_message(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    discussion = next(d for d in ants.discussions.values() if d.answer)
    world.close_discussion(discussion)
    sync(connected)
    world.unchoose_answer(discussion)
    world.reopen_discussion(discussion)

    sync(connected)

    assert_source_equals(connected.source, ants)
    live = Message.objects.filter(thread__number=discussion.number, is_archived=False)
    assert not live.filter(kind__in=["answered", "closed"]).exists()


def test_a_deleted_comment_that_has_replies_is_archived_and_its_replies_stay(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    discussion = next(iter(ants.discussions.values()))
    comment = world.discuss(discussion, jo, "I should not have said that")
    world.discuss(discussion, ants.owner, "Never mind", comment)
    sync(connected)
    world.delete(comment)

    sync(connected, sweep=True)

    assert_source_equals(connected.source, ants)
    stored = Message.objects.filter(thread__number=discussion.number, archived_reason="deleted")
    assert [message.body for message in stored] == [""]


def test_people_are_read_once_and_many_at_a_time(
    connected: GitHubRepository,
    world: World,
    ants: Repository,
    jo: Actor,
    simulator: SimulatorServer,
) -> None:
    world.open_issue(ants, jo, "Hello")

    first, second = sync(connected), sync(connected)

    assert first.counts["people_requests"] == 2
    assert "people_requests" not in second.counts
    member = Identity.objects.get(username="jo").member
    assert (member.location, member.company, member.bio) == ("Here", "ACME", "I try.")
    assert first.counts["people"] == Identity.objects.count()


def test_an_account_that_vanished_is_not_asked_for_again_and_again(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    world.open_issue(ants, jo, "Good-bye")
    sync(connected)
    Identity.objects.update(profile_read_at=None)
    world.delete_actor(jo)

    sync(connected)
    again = sync(connected)

    assert "people_requests" not in again.counts
    assert not SyncProblem.objects.exists()


def test_a_marked_thread_that_is_a_problem_too_is_read_once(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    Thread.objects.filter(kind="issue", number=44).update(refetch_at=timezone.now())
    SyncProblem.objects.create(repository=synced, thread_kind="issue", number=44, error="502")

    run = sync(synced)

    assert run.counts["refetched"] == 1
    assert not SyncProblem.objects.exists()
    assert not Thread.objects.filter(refetch_at__isnull=False).exists()


def test_an_edit_between_two_tries_of_the_first_run_is_found(
    connected: GitHubRepository, world: World, ants: Repository, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(status(401), on=asking_for("DiscussionOrder"), times=1))
    with pytest.raises(BadCredentialsError):
        sync(connected)
    SyncRun.objects.update(started_at=timezone.now() - timedelta(hours=2))
    connected.streams.update(created_at=timezone.now() - timedelta(hours=2))
    comment = next(c for issue in ants.issues.values() for c in issue.comments)
    with world.at(world.now() - timedelta(hours=1)):
        world.edit(comment, "Meanwhile")

    sync(connected)
    sync(connected)

    assert_source_equals(connected.source, ants)


def test_a_list_whose_owner_is_not_shown_archives_nothing_by_itself(
    synced: GitHubRepository,
    world: World,
    ants: Repository,
    jo: Actor,
    simulator: SimulatorServer,
) -> None:
    issue = world.open_issue(ants, jo, "Much to say")
    for number in range(150):
        world.comment(issue, jo, f"Comment {number}")
    sync(synced)
    world.comment(issue, jo, "One more")

    def hide(answer: Any) -> None:
        if "p0" in answer["data"]:
            answer["data"]["p0"] = None
            problem = {"type": "NOT_FOUND", "path": ["p0"], "message": "Could not resolve"}
            answer["errors"] = [problem]

    simulator.faults.add(Fault(patched(hide), on=asking_for("query Parts"), times=1))

    run = sync(synced)

    assert run.counts["refetched"] == 1
    assert_source_equals(synced.source, ants)


def test_a_repository_that_came_back_is_read_again(
    synced: GitHubRepository, simulator: SimulatorServer, workspace: Workspace, github: GitHubServer
) -> None:
    simulator.faults.add(Fault(status(404), on="graphql", times=1))
    with pytest.raises(NotFoundError):
        sync(synced)
    synced.refresh_from_db()
    assert synced.sync_status == "disabled"
    assert synced.next_sync_at is not None
    assert timedelta(minutes=50) < synced.next_sync_at - timezone.now() < timedelta(hours=1)

    again = repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=github
    )

    assert (again.sync_status, again.sync_error) == ("active", "")
    assert again.next_sync_at is not None
    assert again.next_sync_at <= timezone.now()
    assert sync(again).state == "done"
