"""Who pushed to a pull request after a review waits for the next one, however it was pushed."""

from datetime import timedelta

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import SyncProblem
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Standing, TeamDecision, Thread
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy_simulator.faults import patched
from dexxy_simulator.model import Actor, GitActor, PullRequest
from tests.scene import Scene
from tests.truth import assert_source_equals

pytestmark = pytest.mark.django_db(transaction=True)
HOURS = 10


@pytest.fixture
def ann(scene: Scene, workspace: Workspace) -> Actor:
    """Somebody outside the team, of which the owner is one."""
    owner = Identity.objects.get(workspace=workspace, username="owner")
    TeamDecision.objects.create(workspace=workspace, member=owner.member, is_on_team=True)
    ann = scene.world.add_actor("ann")
    assert ann is not None
    return ann


@pytest.fixture
def pull(scene: Scene, ann: Actor) -> PullRequest:
    """A pull request of Ann's that was reviewed five hours ago."""
    world = scene.world
    with world.at(world.now() - timedelta(hours=HOURS)):
        pull = world.open_pull_request(scene.repository, ann, "Mend it")
    with world.at(world.now() - timedelta(hours=5)):
        world.review(pull, scene.owner, "CHANGES_REQUESTED", "Please add a test")
    return pull


def waits(scene: Scene, pull: PullRequest) -> str:
    """Sync, and say since how many hours who waits why."""
    # A sweep: what is told of here lies before the first sync.
    assert scene.sync(sweep=True).state == "done"
    assert_source_equals(scene.connected.source, scene.repository)
    assert waiting_catch_up(seconds=10) == 0
    row = Standing.objects.filter(thread__number=pull.number).first()
    if row is None:
        return "nobody"
    hours = round((scene.world.now() - row.since) / timedelta(hours=1))
    return f"{row.side} {hours} {row.reason}"


def test_a_review_gives_the_turn_to_whoever_opened_it(scene: Scene, pull: PullRequest) -> None:
    assert waits(scene, pull) == "nobody"


def test_an_ordinary_push_after_a_review_gives_it_back(
    scene: Scene, pull: PullRequest, ann: Actor
) -> None:
    with scene.world.at(scene.world.now() - timedelta(hours=3)):
        scene.world.push(pull, ann)

    assert waits(scene, pull) == "team 3 pushed"


def test_so_does_the_push_of_a_commit_that_was_made_before_the_review(
    scene: Scene, pull: PullRequest, ann: Actor
) -> None:
    now = scene.world.now()
    with scene.world.at(now - timedelta(hours=3)):
        scene.world.push(pull, ann, made_at=now - timedelta(hours=7))

    # When it was pushed nobody tells: after the review that did not see it.
    assert waits(scene, pull) == "team 5 pushed"


def test_what_was_reviewed_since_waits_no_more(scene: Scene, pull: PullRequest, ann: Actor) -> None:
    now = scene.world.now()
    with scene.world.at(now - timedelta(hours=3)):
        scene.world.push(pull, ann, made_at=now - timedelta(hours=7))
    with scene.world.at(now - timedelta(hours=2)):
        scene.world.review(pull, scene.owner, "COMMENTED", "Nearly")

    assert waits(scene, pull) == "nobody"


def test_nobody_waits_for_what_the_team_or_a_bot_pushes(
    scene: Scene, pull: PullRequest, ann: Actor
) -> None:
    robot = GitActor(name="pre-commit-ci[bot]", email="66853113+pre-commit-ci@example.com")
    scene.world.push(pull, scene.owner)
    assert waits(scene, pull) == "nobody"

    scene.world.push(pull, robot)
    assert waits(scene, pull) == "nobody"


def test_a_commit_whose_address_is_of_no_account_is_taken_for_the_openers(
    scene: Scene, pull: PullRequest
) -> None:
    with scene.world.at(scene.world.now() - timedelta(hours=2)):
        scene.world.push(pull, GitActor(name="Ann", email="ann@laptop.local"))

    assert waits(scene, pull) == "team 2 pushed"


@pytest.mark.parametrize("taken_along", [(), ("committedDate",)])
def test_code_that_may_not_be_read_is_no_problem_of_the_pull_request(
    scene: Scene, pull: PullRequest, taken_along: tuple[str, ...]
) -> None:
    def refuse(body: dict[str, object]) -> None:
        shown: list[dict[str, object]] = body["data"]["repository"]["list"]["nodes"]  # type: ignore[index]
        errors = []
        for place, node in enumerate(shown):
            node["headRef"]["target"] = None  # type: ignore[index]
            path = ["repository", "list", "nodes", place, "headRef", "target", *taken_along]
            errors.append({"type": "FORBIDDEN", "path": path, "message": "Not accessible"})
        body["errors"] = errors

    scene.world.edit(pull, "Mend it, please")
    scene.go_wrong(patched(refuse), "pull_requests")

    assert scene.sync().state == "done"

    stored = Thread.objects.get(number=pull.number)
    assert (stored.head_oid, "head_committed_at" in stored.details) == (pull.head.sha, False)
    assert Message.objects.filter(thread=stored, kind="review").exists()
    assert not SyncProblem.objects.exists()
    scene.recover(sweep=True)
