"""Fixtures: a small repository that was synced once (`scene`), and then changed (`busy`)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunTrigger,
    SyncPart,
    SyncProblem,
    SyncRun,
    SyncStream,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.reading import session
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import Effect, Fault, asking_for
from dexxy_simulator.faults.call import Asked
from dexxy_simulator.model import Actor, Issue, PullRequest, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN, Resource
from dexxy_simulator.world import World
from tests.truth import assert_source_equals

# The streams of a sync, and the requests by which each is read.
REQUESTS: dict[str, str | Callable[[Asked], bool]] = {
    "issues": asking_for("list: issues("),
    "pull_requests": asking_for("list: pullRequests("),
    "discussions": asking_for("list: discussions("),
    "parts": asking_for("query Parts"),
    "refetch": asking_for("query ThreadsByNumber"),
    "people": asking_for("query People"),
    "comment_edits": "issue_comments",
    "review_comment_edits": "review_comments",
}
LISTS = ("issues", "pull_requests", "discussions")
EDITS = ("comment_edits", "review_comment_edits")
# More than fits into the page that comes with an issue.
LONG = 105


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave each fault to one stream, in turns, and to the slow tests at all others."""
    faults: dict[tuple[object, ...], list[pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            params = dict(item.callspec.params)
            if params.pop("stream", None) is not None:
                fault = item.path, item.originalname, *(repr(one) for one in params.values())
                faults.setdefault(fault, []).append(item)
    for number, streams in enumerate(faults.values()):
        for place, item in enumerate(streams):
            if place != number % len(streams):
                item.add_marker(pytest.mark.slow)


@dataclass
class Scene:
    """A small repository on GitHub, and what is stored of it."""

    server: SimulatorServer
    world: World
    repository: Repository
    connected: GitHubRepository
    owner: Actor

    def sync(self, *, sweep: bool = False) -> SyncRun:
        """Read what is new."""
        return repository_sync(
            repository_id=self.connected.pk, trigger=RunTrigger.COMMAND, sweep=sweep
        )

    def go_wrong(self, effect: Effect, stream: str, *, times: int | None = None) -> None:
        """Make the requests of a stream fail by EFFECT: so many times, or until `recover`."""
        self.server.faults.add(Fault(effect, on=REQUESTS[stream], times=times))

    def outcome(self) -> tuple[str, str]:
        """Sync, and return the state and the error code of the run."""
        with suppress(DexxyError):  # it is written down in the run
            self.sync()
        run = self.connected.runs.latest("pk")
        return run.state, run.error_code

    @property
    def error(self) -> str:
        """The line that the repository's page shows."""
        self.connected.refresh_from_db()
        return self.connected.sync_error

    @property
    def problems(self) -> dict[tuple[str, int], str]:
        """The threads that cannot be read, and why."""
        return {(p.thread_kind, p.number): p.error for p in SyncProblem.objects.all()}

    def stored(self, stream: str) -> object:
        """Return all rows that storing a page of a stream changes, its cursor included."""
        rows: list[Any]
        if stream in LISTS:
            rows = list(Thread.objects.filter(kind=stream[:-1]).order_by("pk").values())
        elif stream == "parts":
            beyond = Message.objects.filter(kind="review_comment").order_by("pk")
            return list(beyond.values()), Message.objects.filter(body="The last one").count()
        elif stream == "refetch":
            return list(Message.objects.filter(body="On second thought").values())
        elif stream == "people":
            read = Identity.objects.filter(username="jo", profile_read_at__isnull=False)
            return list(read.values("profile_read_at"))
        else:
            edited = Message.objects.filter(kind=stream.removesuffix("_edits"))
            rows = list(edited.filter(body="On second thought").values())
            rows += Thread.objects.filter(refetch_at__isnull=False).values()
        scans = SyncStream.objects.filter(repository=self.connected, name=stream)
        return rows, list(scans.values("cursor", "watermark", "scan_started_at", "read"))

    def recover(self, *, sweep: bool = False) -> None:
        """End all faults and waits, sync once, and check that all is as GitHub shows it."""
        self.server.faults.clear()
        SyncProblem.objects.update(retry_at=timezone.now())
        Credential.objects.update(paused_until=None)
        resources: tuple[Resource, ...] = ("core", "graphql")
        for resource in resources:
            self.world.bucket(self.world.token(DEMO_TOKEN), resource).used = 0
        assert self.sync(sweep=sweep).state == "done"
        assert_source_equals(self.connected.source, self.repository)
        assert not SyncPart.objects.exists()
        assert self.problems == {}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask again at once what got no answer."""
    monkeypatch.setattr(session, "RETRY_AFTER", (0, 0, 0))


@pytest.fixture
def scene(workspace: Workspace, quick: None) -> Iterator[Scene]:
    """A small repository that was synced when it was quiet."""
    world = World()
    owner = world.add_actor("owner")
    world.add_token(DEMO_TOKEN, owner)
    with world.at(world.now() - timedelta(days=2)):
        repository = world.add_repository(owner, "village", has_discussions_enabled=True)
        _quiet(world, repository, owner)
    with SimulatorServer(world) as server:
        github = GitHubServer(server.url, server.graphql_url, server.url)
        connected = repository_connect_by_token(
            workspace=workspace, full_name="owner/village", token=DEMO_TOKEN, server=github
        )
        scene = Scene(server, world, repository, connected, owner)
        scene.sync()
        yield scene


def _quiet(world: World, repository: Repository, owner: Actor) -> None:
    for number in range(3):
        world.comment(world.open_issue(repository, owner, f"Issue {number}"), owner, "Yes")
        pull = world.open_pull_request(repository, owner, f"Pull request {number}")
        world.review(pull, owner, "APPROVED", "Good", [("a.py", 1, "Here?")])
        category = world.add_category(repository, "Ideas")
        discussion = world.open_discussion(category, owner, f"Discussion {number}")
        world.discuss(discussion, owner, "Maybe")


@pytest.fixture
def busy(scene: Scene) -> Scene:
    """The scene after a change in each list that a sync reads.

    issues, parts: an issue of jo's with LONG + 1 comments, which do not fit into its page.
    pull_requests, parts: one of jo's, reviewed by two comments, one of them resolved, and closed.
    discussions: one of jo's, with a comment.
    people: jo, whose profile was never read.
    comment_edits, review_comment_edits, refetch: a comment in the oldest issue and one in the
    oldest pull request, which read "On second thought" now.
    """
    world, repository = scene.world, scene.repository
    old_issue, old_pull = first_issue(repository), first_pull(repository)
    jo = world.add_actor("jo", bio="I try.")

    issue = world.open_issue(repository, jo, "Much to say")
    for number in range(LONG):
        world.comment(issue, jo, f"Comment {number}")
    world.comment(issue, jo, "The last one")

    pull = world.open_pull_request(repository, jo, "Much to review")
    world.review(pull, scene.owner, comments=[("a.py", 1, "Here?"), ("a.py", 2, "And here?")])
    world.resolve(pull.review_threads[0], jo)
    world.close(pull, jo)

    category = world.add_category(repository, "Ideas")
    discussion = world.open_discussion(category, jo, "How?")
    world.discuss(discussion, scene.owner, "So.", None)

    world.edit(old_issue.comments[0], "On second thought")
    world.edit(old_pull.reviews[0].comments[0], "On second thought")
    return scene


def first_issue(repository: Repository) -> Issue:
    """Return the oldest issue."""
    return repository.issues[min(repository.issues)]


def first_pull(repository: Repository) -> PullRequest:
    """Return the oldest pull request."""
    return repository.pull_requests[min(repository.pull_requests)]


def add_thread(scene: Scene, stream: str, title: str) -> None:
    """Open a thread of the kind that a list shows."""
    if stream == "issues":
        scene.world.open_issue(scene.repository, scene.owner, title)
    elif stream == "pull_requests":
        scene.world.open_pull_request(scene.repository, scene.owner, title)
    else:
        category = scene.world.add_category(scene.repository, "Ideas")
        scene.world.open_discussion(category, scene.owner, title)
