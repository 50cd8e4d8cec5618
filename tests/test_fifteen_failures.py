"""Fifteen failures that other integrations of GitHub are known for, each tried from end to end.

The numbers are the project's own; each name says what went wrong elsewhere, the other way round.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from django.utils import timezone
from werkzeug.wrappers import Response

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import Credential, GitHubInstallation, SyncRun
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.reading.session import RepositoryReplacedError
from dexxy.integrations.services.github_sync import credential_work
from dexxy.members.models import Identity
from dexxy.messages.models import Message, Thread
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.faults import (
    Fault,
    busier_than,
    cut,
    first_over,
    graphql_error,
    rate_limited,
    reset,
    secondary_limit,
    stale,
    status,
    timed_out,
)
from dexxy_simulator.faults.call import Call, Effect
from tests.scene import LISTS, REQUESTS, Scene, add_thread, first_issue, first_pull
from tests.truth import assert_source_equals


def assert_true(scene: Scene) -> None:
    """Check that what is stored is what GitHub shows."""
    assert_source_equals(scene.connected.source, scene.repository)


def test_failure_01_what_no_webhook_told_is_found_by_the_next_sync(busy: Scene) -> None:
    busy.sync()

    assert_true(busy)


def test_failure_01_what_no_webhook_told_and_no_list_shows_is_found_by_a_sweep(
    scene: Scene,
) -> None:
    scene.world.minimize(first_issue(scene.repository).comments[0])
    scene.world.delete(first_pull(scene.repository).reviews[0].comments[0])
    scene.sync()
    with pytest.raises(AssertionError):
        assert_true(scene)

    scene.sync(sweep=True)

    assert_true(scene)


def test_failure_02_an_older_snapshot_never_overwrites_a_newer_one(scene: Scene) -> None:
    pull = first_pull(scene.repository)
    stored = Thread.objects.filter(kind="pull_request", number=pull.number)
    scene.server.faults.keeps_answers = True
    stored.update(refetch_at=timezone.now())
    scene.sync()
    scene.world.merge(pull, scene.owner)
    scene.sync()
    assert stored.get().state == "merged"

    # A webhook has just told of the merge, and a replica that lags still shows it open.
    stored.update(hinted_at=timezone.now(), refetch_at=timezone.now())
    scene.go_wrong(stale(), "refetch")
    scene.sync()

    assert stored.get().state == "merged"
    assert stored.get().refetch_at is not None
    assert_true(scene)
    scene.server.faults.clear()
    long_ago = timezone.now() - timedelta(minutes=2)
    stored.update(hinted_at=long_ago, refetch_at=long_ago)
    scene.sync()
    assert stored.get().refetch_at is None
    assert_true(scene)


@pytest.mark.parametrize("code", [502, 504])
def test_failure_04_pages_that_are_too_heavy_become_smaller_and_stay_so(
    scene: Scene, code: Literal[502, 504]
) -> None:
    for number in range(30):
        add_thread(scene, "issues", f"Issue {number}")
    scene.connected.streams.update(watermark=None)
    heavy = Fault(timed_out(code, points=50), on=first_over(12), times=None)
    scene.server.faults.add(heavy)

    first = scene.sync()
    happened = heavy.happened
    scene.sync()

    assert first.state == "done"
    assert_true(scene)
    # Each thread once: the cursor stayed where it was.
    assert first.counts["threads"] == 39
    remembered = scene.connected.streams.filter(name__in=LISTS, failed_size__lte=25)
    assert remembered.count() == 3
    # Each list finds its size, and then stays below what failed; releases, which are read whole
    # again as well, fail once before 12 pass. A sweep begins with what the lists have learned.
    scene.sync(sweep=True)
    assert (happened, heavy.happened) == (9 + 1, 9 + 1)


@pytest.mark.parametrize("effect", [cut(), reset(0.5)], ids=["cut", "reset"])
def test_failure_04_pages_that_break_off_become_smaller(scene: Scene, effect: Effect) -> None:
    for number in range(30):
        add_thread(scene, "issues", f"Issue {number}")
    scene.connected.streams.update(watermark=None)
    scene.server.faults.add(Fault(effect, on=first_over(12), times=None))

    assert scene.sync().state == "done"
    assert_true(scene)


@pytest.mark.parametrize("kind", ["RATE_LIMIT", "RATE_LIMITED"])
def test_failure_05_a_limit_inside_a_200_is_no_empty_page(busy: Scene, kind: str) -> None:
    before = busy.stored("issues")
    busy.go_wrong(graphql_error(kind, data="null"), "issues")

    with pytest.raises(RateLimitedError):
        busy.sync()

    assert busy.stored("issues") == before
    busy.recover()


@pytest.mark.parametrize("stream", ["issues", "pull_requests", "discussions", "parts", "refetch"])
def test_failure_05_partial_data_beside_errors_is_never_applied(busy: Scene, stream: str) -> None:
    before = busy.stored(stream)
    busy.go_wrong(graphql_error("RESOURCE_LIMITS_EXCEEDED", data="partial"), stream)

    busy.outcome()

    assert busy.stored(stream) == before
    assert not Message.objects.filter(is_archived=True).exists()
    busy.recover()


def test_failure_06_large_lists_are_followed_and_not_counted_through(scene: Scene) -> None:
    scene.world.dialect = Dialect(page_limit=100, page_limit_covers_comments=True)
    issue = first_issue(scene.repository)
    with scene.world.at(scene.world.now() - timedelta(seconds=1)):
        for number in range(250):
            scene.world.comment(issue, scene.owner, f"At once {number}")
    with scene.world.at(scene.world.now()):
        scene.world.edit(first_issue(scene.repository).comments[0], "And then an edit")

    run = scene.sync()

    assert run.state == "done"
    assert {entry.status for entry in scene.server.requests.entries} == {200}
    assert any("after=" in entry.path for entry in scene.server.requests.entries)
    assert_true(scene)


def test_failure_07_what_changes_during_a_scan_is_not_lost_by_its_cursor(scene: Scene) -> None:
    for number in range(12):
        add_thread(scene, "issues", f"Issue {number}")
    scene.connected.streams.filter(name="issues").update(page_size=2)
    numbers = sorted(scene.repository.issues)

    def change_before(call: Call) -> Response:
        """Move the oldest and the newest thread to the front of the list while it is read."""
        for number in (numbers[0], numbers[-1]):
            scene.world.comment(scene.repository.issues[number], scene.owner, "Meanwhile")
        return call.proceed()

    scene.go_wrong(change_before, "issues", times=4)
    scene.sync()
    scene.server.faults.clear()

    scene.sync()

    assert_true(scene)


def test_failure_07_threads_of_the_same_second_at_the_end_of_a_page_are_not_lost(
    scene: Scene,
) -> None:
    with scene.world.at(scene.world.now()):
        for number in range(15):
            add_thread(scene, "issues", f"At once {number}")
    scene.connected.streams.update(page_size=2)

    scene.sync()

    assert_true(scene)


def test_failure_08_deletions_are_noticed(scene: Scene) -> None:
    world, repository = scene.world, scene.repository
    world.delete(first_issue(repository).comments[0])
    world.delete(first_pull(repository).reviews[0].comments[0])
    discussion = next(iter(repository.discussions.values()))
    world.delete(discussion.comments[0])
    world.delete(repository.issues[max(repository.issues)])

    scene.sync(sweep=True)

    assert_true(scene)
    archived = Message.objects.filter(is_archived=True)
    assert set(archived.values_list("kind", "archived_reason")) == {
        ("comment", "missing"),
        ("opened", "missing"),
        ("review_comment", "missing"),
    }


def test_failure_09_there_is_never_more_than_one_request_at_a_time(busy: Scene) -> None:
    storm = Fault(secondary_limit(), on=busier_than(1), times=None)
    busy.server.faults.add(storm)

    busy.sync()

    assert storm.happened == 0
    assert_true(busy)


def test_failure_09_after_a_secondary_limit_nothing_is_asked_until_it_is_over(
    busy: Scene, workspace: Workspace
) -> None:
    busy.world.add_repository(busy.owner, "hamlet")
    installation = busy.connected.installation
    server = GitHubServer(installation.api_url, installation.graphql_url, installation.web_url)
    repository_connect_by_token(
        workspace=workspace,
        full_name="owner/hamlet",
        token=installation.access_token.read(),
        server=server,
    )
    installation.repositories.update(next_sync_at=timezone.now())
    busy.server.faults.add(Fault(secondary_limit(wait=40), on="graphql"))
    credential = Credential.objects.get()
    asked = busy.server.requests.count("graphql")

    for _ in range(5):
        credential_work(credential_id=credential.pk, seconds=5)

    assert busy.server.requests.count("graphql") == asked + 1
    credential.refresh_from_db()
    assert credential.paused_until is not None
    wait = credential.paused_until - timezone.now()
    assert timedelta(seconds=20) < wait <= timedelta(seconds=40)
    Credential.objects.update(paused_until=timezone.now())
    installation.repositories.update(next_sync_at=timezone.now())
    credential_work(credential_id=credential.pk, seconds=60)
    assert_true(busy)


@pytest.mark.parametrize("ghost", ["null", "ghost"])
def test_failure_10_accounts_that_are_gone_stop_nothing(
    busy: Scene, ghost: Literal["null", "ghost"]
) -> None:
    busy.world.dialect = Dialect(deleted_accounts=ghost)
    for actor in list(busy.world.actors.values()):
        if actor is not busy.owner:
            busy.world.delete_actor(actor)

    busy.sync()

    assert_true(busy)
    assert Thread.objects.get(number=10).author is None
    assert Message.objects.filter(thread__number=10, author=None).count() == 107


def test_failure_11_a_pause_is_as_long_as_github_says_whatever_our_clocks(scene: Scene) -> None:
    scene.world.clock = lambda: datetime.now(UTC) - timedelta(hours=3)
    scene.world.bucket(
        scene.world.token(scene.connected.installation.access_token.read()), "graphql"
    )
    scene.go_wrong(rate_limited(), "issues")

    with pytest.raises(RateLimitedError) as caught:
        scene.sync()

    wait = caught.value.retry_at - timezone.now()
    assert timedelta(minutes=50) < wait <= timedelta(hours=1)


# As GitHub makes them since 2026: no fixed length, and `.`, `_` and `-` in them.
LONG_TOKEN = "ghs_1234567_" + "eyJhbGciOi.J9_-x" * 32


def test_failure_12_a_token_of_520_characters_is_stored_whole_and_used(
    scene: Scene, workspace: Workspace
) -> None:
    token = LONG_TOKEN.replace("ghs_", "ghp_")  # one that people make
    scene.world.add_token(token, scene.owner)
    installation = scene.connected.installation
    server = GitHubServer(installation.api_url, installation.graphql_url, installation.web_url)

    repository_connect_by_token(
        workspace=workspace, full_name="owner/village", token=token, server=server
    )
    scene.world.tokens = {token: scene.world.tokens[token]}
    add_thread(scene, "issues", "Read with the new token")
    scene.sync()

    assert len(token) == 524
    assert GitHubInstallation.objects.get().access_token.read() == token
    assert_true(scene)


@pytest.mark.parametrize(
    ("stream", "code"),
    [*((stream, 403) for stream in REQUESTS), *(("issues", code) for code in (401, 404, 422, 500))],
)
def test_failure_12_no_token_is_shown_in_errors_or_logs(
    busy: Scene, stream: str, code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    said = f"No, Authorization: Bearer {LONG_TOKEN} may not, nor may {LONG_TOKEN}"
    busy.go_wrong(status(code, said), stream)

    busy.outcome()

    run = SyncRun.objects.latest("pk")
    refusals = busy.connected.streams.values_list("refusal", flat=True)
    shown = (run.error, busy.error, *busy.problems.values(), *refusals, capfd.readouterr().err)
    assert run.error or any(refusals) or stream == "people"  # for which nothing else waits
    assert not any("eyJhbGciOi" in text or "ghs_" in text for text in shown)


def test_failure_14_a_renamed_repository_goes_on_with_its_history(scene: Scene) -> None:
    before = set(Thread.objects.values_list("pk", flat=True))
    scene.world.rename_repository(scene.repository, "town")
    scene.world.rename_actor(scene.owner, "mayor")
    add_thread(scene, "issues", "What is in a name?")

    scene.sync()
    scene.sync(sweep=True)

    scene.connected.refresh_from_db()
    assert scene.connected.full_name == "mayor/town"
    assert set(Thread.objects.values_list("pk", flat=True)) > before
    assert_true(scene)


def test_failure_14_a_stranger_under_the_old_name_is_never_read_as_the_repository(
    scene: Scene,
) -> None:
    scene.world.delete_repository(scene.repository)
    stranger = scene.world.add_repository(scene.owner, "village")
    scene.world.open_issue(stranger, scene.owner, "I am not who you think")
    before = scene.stored("issues")

    with pytest.raises(RepositoryReplacedError):
        scene.sync()

    assert scene.stored("issues") == before


def test_failure_14_who_takes_over_a_login_is_another_person(scene: Scene) -> None:
    world = scene.world
    jo = world.add_actor("jo")
    world.open_issue(scene.repository, jo, "Hello")
    scene.sync()
    world.rename_actor(jo, "joanna")
    other = world.add_actor("jo")
    world.open_issue(scene.repository, other, "Hello, too")
    world.open_issue(scene.repository, jo, "Hello again")

    scene.sync()

    found = Identity.objects.exclude(external_id=str(scene.owner.database_id))
    assert dict(found.values_list("external_id", "username")) == {
        str(jo.database_id): "joanna",
        str(other.database_id): "jo",
    }
    assert len(set(found.values_list("member", flat=True))) == 2
