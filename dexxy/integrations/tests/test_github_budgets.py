"""What GitHub lets a credential spend: pauses that grow while it objects, and a person's tenth."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncRun,
)
from dexxy.integrations.selectors import repository_overviews
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.refusals import raise_for_status, too_many_at_once
from dexxy.integrations.services.github.reading.budgets import Limit, leave_to_person, limit_of
from dexxy.integrations.services.github.scheduling.pauses import credential_pause
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy_simulator.faults import Fault, secondary_limit
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

MINUTE = timedelta(minutes=1)


def sync(repository: GitHubRepository) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def credential_of(repository: GitHubRepository) -> Credential:
    return Credential.objects.get(installations=repository.installation)


def wait(credential: Credential, *, told: timedelta = MINUTE) -> timedelta:
    """Return how long CREDENTIAL waits, in whole minutes, after GitHub told it to."""
    Credential.objects.update(paused_until=None)
    now = timezone.now()
    credential_pause(credential, too_many_at_once(now + told))
    credential.refresh_from_db()
    assert credential.paused_until is not None
    return MINUTE * round((credential.paused_until - now) / MINUTE)


def test_secondary_limits_in_a_row_double_the_pause_up_to_an_hour(
    connected: GitHubRepository,
) -> None:
    credential = credential_of(connected)

    waits = [wait(credential) // MINUTE for _ in range(9)]

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_what_github_names_wins_where_it_is_longer(connected: GitHubRepository) -> None:
    credential = credential_of(connected)

    assert wait(credential, told=30 * MINUTE) == 30 * MINUTE
    assert wait(credential, told=30 * MINUTE) == 30 * MINUTE
    Credential.objects.update(secondary_limits=5)
    assert wait(credential, told=30 * MINUTE) == 32 * MINUTE


def test_two_processes_that_are_told_at_once_count_it_once(connected: GitHubRepository) -> None:
    credential = credential_of(connected)

    wait(credential)
    credential_pause(credential, too_many_at_once(timezone.now() + MINUTE))

    credential.refresh_from_db()
    assert credential.secondary_limits == 1


def test_a_limit_of_the_hour_is_no_secondary_one(connected: GitHubRepository) -> None:
    credential = credential_of(connected)

    credential_pause(credential, errors.RateLimitedError("Used up.", timezone.now() + MINUTE))

    credential.refresh_from_db()
    assert (credential.secondary_limits, credential.pause_reason) == (0, "Used up.")


def test_an_answer_that_is_stored_ends_the_row(
    connected: GitHubRepository, simulator: SimulatorServer
) -> None:
    credential = credential_of(connected)
    wait(credential)
    Credential.objects.update(paused_until=None)
    simulator.faults.add(Fault(secondary_limit(), on="graphql", times=1))

    with pytest.raises(errors.RateLimitedError, match="secondary") as caught:
        sync(connected)

    credential.refresh_from_db()
    assert caught.value.retry_at == credential.paused_until
    assert credential.secondary_limits == 2
    assert credential.paused_until - timezone.now() > 1.5 * MINUTE
    Credential.objects.update(paused_until=None)

    assert sync(connected).state == RunState.DONE
    credential.refresh_from_db()
    assert credential.secondary_limits == 0


@pytest.fixture
def left(world: World, request: pytest.FixtureRequest) -> None:
    """So many points of 5,000 are left before the first request."""
    world.bucket(world.token(DEMO_TOKEN), "graphql").spend(5000 - request.param)


@pytest.mark.parametrize("left", [502], indirect=True)
@pytest.mark.usefixtures("left")
def test_the_last_tenth_of_a_persons_points_is_left_to_them(
    connected: GitHubRepository, world: World, bob: User, workspace: Workspace
) -> None:
    with pytest.raises(errors.RateLimitedError, match="last tenth of your 5000 points"):
        sync(connected)

    bucket = world.bucket(world.token(DEMO_TOKEN), "graphql")
    assert 490 < bucket.remaining <= 500
    [overview] = repository_overviews(bob, workspace)
    assert overview.pause_reason.startswith("The last tenth of your 5000 points")
    assert overview.paused_until is not None
    assert abs(overview.paused_until - bucket.reset_at) < timedelta(seconds=5)
    assert SyncRun.objects.get().state == RunState.PAUSED
    # What was answered is stored, and not asked for again.
    assert SyncRun.objects.get().counts["threads"] > 0

    bucket.used = 0
    Credential.objects.update(paused_until=None, limits={})
    assert sync(connected).state == RunState.DONE


@pytest.mark.parametrize("left", [500], indirect=True)
@pytest.mark.usefixtures("left")
def test_who_asks_once_sees_what_others_have_left_of_a_persons_points(
    connected: GitHubRepository, world: World, simulator: SimulatorServer
) -> None:
    bucket = world.bucket(world.token(DEMO_TOKEN), "graphql")
    bucket.used = 0
    sync(connected)
    bucket.spend(4500 - bucket.used)
    # Another process asks, and stores what it was told.
    with pytest.raises(errors.RateLimitedError, match="last tenth"):
        sync(connected)
    Credential.objects.update(paused_until=None)
    GitHubRepository.objects.update(next_sync_at=timezone.now(), is_due_by_time=True)
    simulator.requests.clear()

    credential = credential_of(connected)
    credential_work(credential_id=credential.pk, seconds=10)

    credential.refresh_from_db()
    assert credential.pause_reason.startswith("The last tenth of your 5000 points")
    assert simulator.requests.entries == []
    # The hour is over.
    bucket.used = 0
    limits = {name: [5000, 500, str(timezone.now())] for name in credential.limits}
    Credential.objects.update(paused_until=None, limits=limits)
    assert sync(connected).state == RunState.DONE


def headers(**named: object) -> httpx.Headers:
    return httpx.Headers({f"x-ratelimit-{name}": str(value) for name, value in named.items()})


def test_a_limit_is_read_by_githubs_clock_and_where_there_is_none_there_is_none() -> None:
    reset = int(datetime(2026, 11, 29, 0, 15, tzinfo=UTC).timestamp())
    told = headers(limit=5000, remaining=17, reset=reset, resource="core")
    told["date"] = "Sun, 29 Nov 2026 00:05:00 GMT"

    named, limit = limit_of(told) or ("", None)

    assert named == "core"
    assert limit is not None
    assert (limit.size, limit.remaining) == (5000, 17)
    assert timedelta(0) <= timezone.now() + 10 * MINUTE - limit.ends_at < MINUTE
    assert limit_of(httpx.Headers()) is None
    assert limit_of(headers(limit="x", remaining=1, reset=reset)) is None


def test_only_the_limit_that_is_asked_of_counts_and_only_while_its_hour_lasts() -> None:
    later, before = timezone.now() + MINUTE, timezone.now() - MINUTE
    leave_to_person({"core": Limit(5000, 500, later)}, "graphql")
    leave_to_person({"core": Limit(5000, 501, later)}, "core")
    leave_to_person({"core": Limit(5000, 0, before)}, "core")
    with pytest.raises(errors.RateLimitedError, match="5000 requests"):
        leave_to_person({"core": Limit(5000, 500, later)}, "core")


@pytest.mark.parametrize(
    ("remaining", "message", "is_secondary"),
    [
        ("0", "API rate limit exceeded for user ID 1.", False),
        ("4000", "API rate limit exceeded for user ID 1.", True),
        ("4000", "You have exceeded a secondary rate limit.", True),
        ("0", "You have exceeded a secondary rate limit.", True),
        ("4000", "You have triggered an abuse detection mechanism.", True),
    ],
)
def test_a_secondary_limit_is_told_by_its_words_or_by_what_is_left(
    remaining: str, message: str, is_secondary: bool
) -> None:
    response = httpx.Response(
        403, headers={"x-ratelimit-remaining": remaining}, json={"message": message}
    )

    with pytest.raises(errors.RateLimitedError) as caught:
        raise_for_status(response)

    assert caught.value.is_secondary is is_secondary
