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
from dexxy.messages.models import QUIET_KINDS, Message, MessageKind, Thread
from dexxy_simulator.faults import Fault, asking_for, patched, status
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.tests.history import make_history
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

    assert run.counts["sweep_pages"] == 4
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

    assert swept == [0, 4, 0, 0, 0]


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

    runs = [sync(synced) for _ in range(5)]

    assert [run.counts.get("sweep_pages", 0) for run in runs] == [1, 1, 1, 1, 0]
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


def test_the_answers_to_a_deleted_comment_on_code_point_to_nothing_more(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    answer = next(
        c
        for pull in ants.pull_requests.values()
        for r in pull.reviews
        for c in r.comments
        if c.reply_to
    )
    stored = Message.objects.filter(
        kind="review_comment", external_id=str(answer.database_id), parent__isnull=False
    )
    assert stored.exists()
    assert answer.reply_to is not None
    world.delete(answer.reply_to)

    sync(synced, sweep=True)

    assert_source_equals(synced.source, ants)
    assert not stored.exists()


def test_a_label_renamed_or_deleted_is_seen_with_the_next_sync(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    renamed, deleted = sorted(
        {label for issue in ants.issues.values() for label in issue.labels},
        key=lambda one: one.name,
    )[:2]
    carried = Thread.objects.filter(labels__overlap=[renamed.name, deleted.name]).count()
    world.rename_label(renamed, "kind/of it")
    world.delete_label(deleted)

    run = sync(synced)

    assert run.counts["refetched"] == carried > 0
    assert_source_equals(synced.source, ants)
    assert "refetched" not in sync(synced).counts


def test_a_milestone_renamed_or_deleted_is_seen_with_the_next_sync(
    connected: GitHubRepository, world: World, ants: Repository
) -> None:
    renamed, deleted = (world.add_milestone(ants, title) for title in ("1.0", "2.0"))
    for thread, milestone in ((44, renamed), (38, deleted)):
        world.set_milestone(ants.issues[thread], None, milestone)
    world.set_milestone(next(iter(ants.pull_requests.values())), None, renamed)
    sync(connected)
    world.rename_milestone(renamed, "1.0.0")
    world.delete_milestone(deleted)

    run = sync(connected)

    assert run.counts["refetched"] == 3
    assert_source_equals(connected.source, ants)
    assert "refetched" not in sync(connected).counts


def test_more_labels_than_come_with_a_page_are_left_to_the_sweep(
    connected: GitHubRepository, world: World, ants: Repository
) -> None:
    for number in range(100):
        world.label(ants, f"one of many {number}")
    sync(connected)
    world.rename_label(next(i.labels[0] for i in ants.issues.values() if i.labels), "kind/of it")

    assert "refetched" not in sync(connected).counts
    sync(connected, sweep=True)
    assert_source_equals(connected.source, ants)


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


def test_what_an_account_wrote_that_vanished_is_read_again_when_its_profile_is(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue = next(iter(ants.issues.values()))
    with world.at(world.now() - timedelta(hours=1)):
        world.open_issue(ants, jo, "Good-bye")
        world.comment(issue, jo, "And good-bye to you")
    sync(connected)
    world.delete_actor(jo)
    assert "refetched" not in sync(connected).counts
    Identity.objects.filter(username="jo").update(profile_read_at=None)

    run = sync(connected)

    assert run.counts["refetched"] == 2
    assert_source_equals(connected.source, ants)


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

    assert (again.sync_status, again.sync_error) == ("pending", "")
    assert again.next_sync_at is not None
    assert again.next_sync_at <= timezone.now()
    assert sync(again).state == "done"


def test_all_that_happens_to_threads_is_stored_and_the_feed_s_figures_know_only_the_loud_kinds(
    connected: GitHubRepository, world: World, ants: Repository
) -> None:
    world.dialect = replace(world.dialect, converted_issues_stay=True)
    world.clock = clock = Clock()
    clock.time = timezone.now() - timedelta(days=1)
    make_history(world, clock, ants)

    sync(connected)

    assert_source_equals(connected.source, ants)
    stored = Message.objects.filter(source=connected.source, is_archived=False)
    assert set(stored.values_list("kind", flat=True)) == set(MessageKind)
    assert not stored.filter(in_feed=True, kind__in=QUIET_KINDS).exists()
    for thread in Thread.objects.filter(source=connected.source, is_archived=False):
        loud = thread.messages.in_feed()
        assert thread.message_count == loud.count()
        assert thread.last_activity_at == loud.latest("occurred_at").occurred_at


def test_what_changes_without_a_trace_is_seen_by_a_sweep(
    synced: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue, discussion = ants.issues[44], next(iter(ants.discussions.values()))
    world.react(issue, "heart", 2)
    world.react(discussion, "eyes")
    world.upvote(discussion, 3)
    world.upvote(discussion.comments[0])
    pull = next(one for one in ants.pull_requests.values() if one.head_ref)
    world.delete_branch(pull)

    sync(synced, sweep=True)

    assert_source_equals(synced.source, ants)


def test_a_comment_in_a_review_is_as_old_as_the_review_not_as_its_draft(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    pull = world.open_pull_request(ants, jo, "To be reviewed")
    drafted_at = world.now() - timedelta(days=3)
    with world.at(drafted_at):
        review = world.review(pull, ants.owner, "PENDING", "", [("a.go", 1, "Hm")])
    sync(connected)
    assert not Message.objects.filter(kind="review_comment", body="Hm").exists()
    world.submit_review(review)

    sync(connected)

    assert_source_equals(connected.source, ants)
    comment = Message.objects.get(kind="review_comment", body="Hm")
    assert comment.occurred_at == review.submitted_at


def test_labels_after_a_merge_fill_a_page_and_the_merge_stays_one_message(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    pull = world.open_pull_request(ants, jo, "To be released")
    for number in range(17):
        world.set_labels(pull, jo, [f"step {number}"] if number % 2 else [])
    world.merge(pull, ants.owner)
    for number in range(30):
        world.set_labels(pull, jo, [f"release {number}"])

    sync(connected)

    assert_source_equals(connected.source, ants)
    kinds = Message.objects.filter(thread__number=pull.number).values_list("kind", flat=True)
    assert "merged" in kinds
    assert "closed" not in kinds


def test_an_event_that_github_shows_no_more_is_archived_with_the_rest_of_its_list(
    synced: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue = ants.issues[44]
    world.assign(issue, jo, jo)
    sync(synced)
    assigned = Message.objects.get(kind="assigned")
    assert (assigned.is_archived, assigned.in_feed) == (False, False)
    issue.timeline = [event for event in issue.timeline if event.kind != "AssignedEvent"]

    sync(synced, sweep=True)

    assigned.refresh_from_db()
    assert assigned.archived_reason == "missing"
    assert_source_equals(synced.source, ants)
