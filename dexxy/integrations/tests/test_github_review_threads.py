"""Which conversations on code are resolved: by lists, parts and webhooks."""

from typing import Any

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubApp, SyncPart
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.tests.connected_app import connect_app, happen, payload
from dexxy.messages.models import Change, ResolvedReviewThread, Thread
from dexxy_simulator.faults import patched
from dexxy_simulator.model import PullRequest, ReviewThread
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.scene import Scene, first_pull
from tests.webhooks import send

Body = dict[str, Any]


def resolved() -> list[tuple[int, list[str]]]:
    """Return what is stored: the number of each thread with its resolved comments."""
    rows = ResolvedReviewThread.objects.order_by("thread__number", "comment_ids")
    return [(one.thread.number, one.comment_ids) for one in rows.select_related("thread")]


def ids(thread: ReviewThread) -> list[str]:
    return [str(comment.database_id) for comment in thread.comments]


def tell(app: GitHubApp, told: Body) -> None:
    """Let a delivery of its own arrive, and work it off."""
    assert send(app, told, event="pull_request_review_thread").status_code == 202
    deliveries_drain(seconds=10)


def read_again(scene: Scene, pull: PullRequest) -> None:
    """Let a pull request be read by its number."""
    Thread.objects.filter(kind="pull_request", number=pull.number).update(
        refetch_at=scene.world.now(), hinted_at=None
    )
    scene.recover()


def test_what_is_resolved_is_read_with_all_its_comments_and_forgotten_when_it_is_not(
    scene: Scene,
) -> None:
    pull, world = first_pull(scene.repository), scene.world
    thread = pull.review_threads[0]
    world.reply_on_diff(thread.comments[0], scene.owner, "Done")
    world.resolve(thread, scene.owner)

    scene.recover(sweep=True)

    assert resolved() == [(pull.number, ids(thread))]
    assert len(ids(thread)) == 2

    world.resolve(thread, scene.owner, resolved=False)
    scene.recover(sweep=True)

    assert resolved() == []


def test_replies_stay_resolved_whose_first_comment_was_deleted(scene: Scene) -> None:
    pull, world = first_pull(scene.repository), scene.world
    thread = pull.review_threads[0]
    for n in range(2):
        world.reply_on_diff(thread.comments[0], scene.owner, f"Reply {n}")
    world.resolve(thread, scene.owner)
    scene.recover(sweep=True)

    world.delete_review_comment(thread.comments[0])
    scene.recover(sweep=True)

    assert resolved() == [(pull.number, ids(thread))]
    assert len(ids(thread)) == 2


def test_a_conversation_whose_comments_are_all_deleted_is_not_resolved_any_more(
    scene: Scene,
) -> None:
    pull, world = first_pull(scene.repository), scene.world
    world.resolve(pull.review_threads[0], scene.owner)
    scene.recover(sweep=True)

    world.delete_review_comment(pull.review_threads[0].comments[0])
    scene.recover(sweep=True)

    assert resolved() == []


def test_more_than_come_with_a_pull_request_are_read_page_by_page(scene: Scene) -> None:
    pull, world = first_pull(scene.repository), scene.world
    lines = [("long.py", n + 1, "Hm") for n in range(160)]
    world.review(pull, scene.owner, "COMMENTED", "", lines)
    chosen = [pull.review_threads[n] for n in (3, 70, 155)]
    for thread in chosen:
        world.resolve(thread, scene.owner)
    scene.recover()
    assert resolved() == sorted((pull.number, ids(thread)) for thread in chosen)

    for thread in chosen[1:]:
        world.resolve(thread, scene.owner, resolved=False)
    read_again(scene, pull)

    assert resolved() == [(pull.number, ids(chosen[0]))]


def test_what_is_resolved_is_asked_for_together_with_the_comments(scene: Scene) -> None:
    pull, world = first_pull(scene.repository), scene.world

    def asked(*, change: bool) -> tuple[int, int]:
        """Return the requests and the points of a sync after the same comment."""
        world.comment(pull, scene.owner, "So")
        if change:
            world.resolve(pull.review_threads[0], scene.owner)
        bucket = world.bucket(world.token(DEMO_TOKEN), "graphql")
        requests, points = scene.server.requests.count(), bucket.used
        scene.sync()
        return scene.server.requests.count() - requests, bucket.used - points

    assert asked(change=False) == asked(change=True)
    assert len(resolved()) == 1


@pytest.mark.parametrize("says_why", [True, False])
def test_a_list_of_review_threads_that_is_kept_back_costs_that_list(
    scene: Scene, says_why: bool
) -> None:
    pull, world = first_pull(scene.repository), scene.world
    world.resolve(pull.review_threads[0], scene.owner)
    scene.recover(sweep=True)
    stored = resolved()

    def hide(body: Body) -> None:
        shown = body["data"].get("repository") or {}
        for place, node in enumerate((shown.get("list") or {}).get("nodes", ())):
            if node.get("reviewThreads"):
                node["reviewThreads"] = None
                path = ["repository", "list", "nodes", place, "reviewThreads"]
                refused = {"type": "FORBIDDEN", "path": path, "message": "Not accessible"}
                if says_why:
                    body.setdefault("errors", []).append(refused)

    scene.go_wrong(patched(hide), "pull_requests")
    world.comment(pull, scene.owner, "News")

    assert scene.outcome() == ("done", "")

    assert resolved() == stored
    assert set(scene.problems) == {("pull_request", pull.number)}
    scene.recover(sweep=True)


def test_comments_that_are_kept_back_leave_what_was_known_of_them(scene: Scene) -> None:
    pull, world = first_pull(scene.repository), scene.world
    thread = pull.review_threads[0]
    world.reply_on_diff(thread.comments[0], scene.owner, "Done")
    world.resolve(thread, scene.owner)
    scene.recover(sweep=True)

    def hide(body: Body) -> None:
        for one in body["data"].values():
            if one.get("__typename") == "PullRequestReviewThread":
                one["list"]["nodes"][0] = None

    scene.go_wrong(patched(hide), "parts")
    world.comment(pull, scene.owner, "News")
    assert scene.outcome() == ("done", "")

    assert set(resolved()[0][1]) == set(ids(thread))
    assert set(scene.problems) == {("pull_request", pull.number)}
    scene.recover(sweep=True)


def test_a_review_thread_that_is_gone_before_its_comments_are_read_is_read_again(
    scene: Scene,
) -> None:
    pull, world = first_pull(scene.repository), scene.world
    world.resolve(pull.review_threads[0], scene.owner)
    world.comment(pull, scene.owner, "News")

    def miss(body: Body) -> None:
        for name, one in list(body["data"].items()):
            if one and one.get("__typename") == "PullRequestReviewThread":
                body["data"][name] = None
                missed = {"type": "NOT_FOUND", "path": [name], "message": "Could not resolve"}
                body.setdefault("errors", []).append(missed)

    scene.go_wrong(patched(miss), "parts", times=1)
    assert scene.outcome() == ("done", "")

    assert resolved() == [(pull.number, ids(pull.review_threads[0]))]
    assert not SyncPart.objects.exists()


def test_webhooks_say_what_is_resolved_in_the_order_of_their_versions(workspace: Workspace) -> None:
    app = connect_app(workspace)
    happen(app, "pull_request_review_thread__resolved")
    assert resolved() == [(8, ["81001"])]

    late = payload("pull_request_review_thread__unresolved")
    late["pull_request"]["updated_at"] = "2026-03-01T10:00:00Z"
    tell(app, late)
    assert resolved() == [(8, ["81001"])]

    happen(app, "pull_request_review_thread__unresolved")
    assert resolved() == []


def test_a_webhook_with_another_format_of_node_ids_is_about_the_same_conversation(
    workspace: Workspace,
) -> None:
    app = connect_app(workspace)
    happen(app, "pull_request_review_thread__resolved")
    told = payload("pull_request_review_thread__unresolved")
    told["thread"]["node_id"] = "MDIzOlB1bGxSZXF1ZXN0UmV2aWV3VGhyZWFkMQ=="

    tell(app, told)

    assert resolved() == []


def test_followers_of_the_log_hear_of_what_is_resolved(workspace: Workspace) -> None:
    app = connect_app(workspace)
    happen(app, "pull_request__opened")
    before = Change.objects.count()

    happen(app, "pull_request_review_thread__resolved")

    told = Change.objects.order_by("pk")[before:]
    assert "edited" in [one.kind for one in told if one.message_id is None]
