"""The engine: what changed is read, in slices, by one reader, and nothing half."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncPart,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.access.lease import CredentialBusyError, lease_taken
from dexxy.integrations.services.github.access.readable import SyncNotPossibleError
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.reading.session import RepositoryReplacedError
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.messages.models import Message, Thread
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.scripted import ScriptedApp, refusal, scripted_github
from tests.simulated import refused_at_first
from tests.truth import assert_source_equals


def sync(repository: GitHubRepository, *, sweep: bool = False) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


def work(repository: GitHubRepository, seconds: float = 0) -> bool:
    return credential_work(credential_id=credential_of(repository).pk, seconds=seconds)


@pytest.fixture
def synced(connected: GitHubRepository) -> GitHubRepository:
    sync(connected)
    return connected


@pytest.fixture
def jo(world: World) -> Actor:
    return world.add_actor("jo", name="Jo Doe")


def credential_of(repository: GitHubRepository) -> Credential:
    credential = repository.installation.credential
    assert credential is not None
    return credential


def test_a_synced_repository_is_active_and_due_again(synced: GitHubRepository) -> None:
    synced.refresh_from_db()

    assert synced.sync_status == SyncStatus.ACTIVE
    assert synced.sync_error == ""
    assert synced.last_synced_at is not None
    assert synced.next_sync_at is not None
    # Nothing has happened in it for years.
    wait = synced.next_sync_at - synced.last_synced_at
    assert timedelta(minutes=24) <= wait <= timedelta(minutes=31)
    assert synced.issues_cursor == synced.streams.get(name="issues").cursor != ""
    assert synced.prs_cursor == synced.streams.get(name="pull_requests").cursor != ""


def test_what_happened_since_is_read(
    synced: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue = ants.issues[44]
    world.comment(issue, jo, "Any news?")
    world.reopen(issue, jo)
    world.edit(issue, "Another text", jo)
    pull = world.open_pull_request(ants, jo, "Mend it", "All of it")
    review = world.review(pull, jo, "CHANGES_REQUESTED", "Nearly", [("ants.go", 3, "Here?")])
    world.reply_on_diff(review.comments[0], ants.owner, "There.")
    world.merge(pull, jo)

    run = sync(synced)

    assert run.counts["threads"] == 2
    assert_source_equals(synced.source, ants)


def test_a_comment_that_is_gone_is_archived_with_its_thread_s_next_change(
    synced: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    comment = next(c for issue in ants.issues.values() for c in issue.comments)
    world.delete(comment)
    world.comment(comment.thread, jo, "Where is it?")

    sync(synced)

    stored = Message.objects.get(kind="comment", external_id=str(comment.database_id))
    assert (stored.is_archived, stored.archived_reason) == (True, "missing")
    assert_source_equals(synced.source, ants)


def test_a_list_longer_than_a_page_is_followed_to_its_end(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue = world.open_issue(ants, jo, "Much to say")
    for number in range(250):
        world.comment(issue, jo, f"Comment {number}")
    pull = world.open_pull_request(ants, jo, "Much to review")
    for number in range(120):
        world.review(pull, jo, comments=[("ants.go", number + 1, "Here?")])

    sync(connected)

    assert_source_equals(connected.source, ants)
    assert not SyncPart.objects.exists()


def test_a_comment_deep_in_a_long_list_that_is_gone_is_archived(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    issue = world.open_issue(ants, jo, "Much to say")
    comments = [world.comment(issue, jo, f"Comment {number}") for number in range(250)]
    sync(connected)
    world.delete(comments[220])
    world.comment(issue, jo, "One is gone")

    sync(connected)

    assert_source_equals(connected.source, ants)


def test_slices_end_after_a_page_and_go_on_where_they_were(
    connected: GitHubRepository, simulator: SimulatorServer, world: World, ants: Repository
) -> None:
    slices = 0
    while work(connected):
        slices += 1

    assert SyncRun.objects.get().state == RunState.DONE
    # Each request is a page, but those in which single fields are refused; nothing of the two
    # lists of edits is asked by GraphQL.
    refused = refused_at_first(world.dialect)
    assert slices == simulator.requests.count("graphql") - refused + 2
    assert_source_equals(connected.source, ants)


def test_small_pages_read_the_same(connected: GitHubRepository, ants: Repository) -> None:
    for name in ("issues", "pull_requests"):
        connected.streams.create(name=name, page_size=7)

    sync(connected)

    assert_source_equals(connected.source, ants)


def test_authors_are_keyed_by_their_number_and_renamed_people_stay_one(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    author = ants.issues[44].author
    assert author is not None
    world.rename_actor(author, "another-login")
    world.comment(ants.issues[44], author, "I have a new name")
    before = synced.source.workspace.identities.count()

    sync(synced)

    identity = synced.source.workspace.identities.get(external_id=str(author.database_id))
    assert identity.username == "another-login"
    assert synced.source.workspace.identities.count() == before


def test_each_person_knows_how_much_they_said_and_when(synced: GitHubRepository) -> None:
    identity = synced.source.workspace.identities.get(username="panjf2000")
    said = Message.objects.filter(author=identity, in_feed=True, is_archived=False)

    assert identity.message_count == said.count()
    assert identity.first_seen_at == min(m.occurred_at for m in said)
    assert identity.member.last_seen_at == max(m.occurred_at for m in said)


def test_the_empty_wrapper_of_review_comments_is_stored_but_not_in_the_feed(
    synced: GitHubRepository,
) -> None:
    wrappers = Message.objects.filter(kind="review", body="", details__state="COMMENTED")

    assert wrappers.exists()
    assert not wrappers.filter(in_feed=True).exists()


def test_the_first_response_is_by_somebody_else(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    bot = world.add_actor("helper", "Bot")
    issue = world.open_issue(ants, jo, "Is anybody there?")
    world.comment(issue, jo, "Hello?")
    world.comment(issue, bot, "Thank you for your report.")
    world.close(issue, ants.owner)
    answer = world.comment(issue, ants.owner, "Yes.")

    sync(connected)

    thread = Thread.objects.get(kind="issue", number=issue.number)
    assert thread.first_response_at == answer.created_at
    assert thread.message_count == 5


def test_a_repository_that_was_renamed_goes_on_under_its_new_name(
    synced: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    world.rename_repository(ants, "bees")
    world.open_issue(ants, jo, "What is in a name?")

    sync(synced)

    synced.refresh_from_db()
    assert (synced.full_name, synced.name) == ("panjf2000/bees", "bees")
    synced.source.refresh_from_db()
    assert synced.source.name == "panjf2000/bees"


def test_nothing_is_stored_of_another_repository_with_the_same_name(
    synced: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> None:
    threads = Thread.objects.count()
    world.delete_repository(ants)
    stranger = world.add_repository(ants.owner, "ants")
    world.open_issue(stranger, jo, "I am not who you think")

    with pytest.raises(RepositoryReplacedError):
        sync(synced)

    assert Thread.objects.count() == threads
    synced.refresh_from_db()
    assert synced.sync_status == SyncStatus.ERROR
    assert "another repository now" in synced.sync_error


def test_a_repository_that_is_gone_is_disabled_and_its_messages_are_kept(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    messages = Message.objects.filter(is_archived=False).count()
    world.delete_repository(ants)

    with pytest.raises(errors.NotFoundError):
        sync(synced)

    synced.refresh_from_db()
    assert synced.sync_status == SyncStatus.DISABLED
    assert Message.objects.filter(is_archived=False).count() == messages


def test_issues_that_are_switched_off_archive_nothing(
    synced: GitHubRepository, ants: Repository
) -> None:
    ants.has_issues_enabled = False

    run = sync(synced)

    assert run.receipt["issue"]["is_enabled"] is False
    assert Thread.objects.filter(kind="issue", is_archived=False).count() == 26


def test_a_pause_of_the_user_is_respected(connected: GitHubRepository) -> None:
    connected.sync_status = SyncStatus.PAUSED
    connected.save()

    with pytest.raises(SyncNotPossibleError, match="Resume it first"):
        sync(connected)


def test_a_used_up_limit_pauses_the_credential_and_the_run_goes_on_later(
    connected: GitHubRepository, world: World, ants: Repository
) -> None:
    token = world.token(DEMO_TOKEN)
    bucket = world.bucket(token, "graphql")
    bucket.spend(bucket.remaining)

    with pytest.raises(errors.RateLimitedError) as caught:
        sync(connected)

    credential = credential_of(connected)
    credential.refresh_from_db()
    assert credential.paused_until == caught.value.retry_at
    assert SyncRun.objects.get().state == RunState.PAUSED
    with pytest.raises(errors.RateLimitedError):
        sync(connected)

    bucket.used = 0
    Credential.objects.update(paused_until=timezone.now())

    assert sync(connected).state == RunState.DONE
    assert SyncRun.objects.count() == 1
    assert_source_equals(connected.source, ants)


def test_only_one_process_reads_with_a_credential(connected: GitHubRepository) -> None:
    with lease_taken(credential_of(connected)), pytest.raises(CredentialBusyError):
        sync(connected)

    assert sync(connected).state == RunState.DONE


@pytest.fixture
def app(world: World) -> ScriptedApp:
    return ScriptedApp(world)


@pytest.fixture
def moody(connected: GitHubRepository, app: ScriptedApp) -> Iterator[GitHubRepository]:
    """The repository on a server that first answers what the test wrote down."""
    with scripted_github(app) as server:
        connected.installation.api_url = server.api_url
        connected.installation.graphql_url = server.graphql_url
        connected.installation.save()
        yield connected


@pytest.mark.parametrize(
    "answer",
    [
        refusal(502),
        refusal(200, {"data": None, "errors": [{"message": "Something went wrong"}]}),
        refusal(200, b'{"data": {"repository":'),
    ],
    ids=["502", "errors", "cut off"],
)
def test_a_page_that_is_too_heavy_is_asked_for_again_at_half_its_size(
    moody: GitHubRepository, app: ScriptedApp, world: World, ants: Repository, answer: object
) -> None:
    app.script.extend([answer, answer])  # type: ignore[list-item]

    sync(moody)

    of_issues = [asked for asked in app.asked if "list: issues" in asked["query"]]
    # Where single fields are refused, the same page is asked for without them.
    refused = [6] * refused_at_first(world.dialect)
    sizes = [asked["variables"]["first"] for asked in of_issues]
    assert sizes == [25, 12, *refused, 6, 7, 8, 9]
    assert_source_equals(moody.source, ants)


def test_a_server_that_fails_for_a_moment_is_asked_again(
    moody: GitHubRepository, app: ScriptedApp, ants: Repository
) -> None:
    app.script.append(refusal(500))

    assert sync(moody).state == RunState.DONE
    assert_source_equals(moody.source, ants)


def test_a_cursor_that_is_refused_starts_the_scan_again(
    moody: GitHubRepository, app: ScriptedApp, ants: Repository
) -> None:
    for name in ("issues", "pull_requests"):
        moody.streams.create(name=name, page_size=10)
    work(moody)
    app.script.append(
        refusal(200, {"errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "no"}]})
    )

    sync(moody)

    assert_source_equals(moody.source, ants)


def test_a_page_of_an_unknown_shape_stops_the_run_with_one_line(
    moody: GitHubRepository, app: ScriptedApp
) -> None:
    page = {"databaseId": moody.github_id, "list": {"nodes": [{"id": "x"}]}}
    app.script.append(refusal(200, {"data": {"repository": page}}))

    with pytest.raises(errors.UnexpectedAnswerError, match="unknown shape"):
        sync(moody)

    assert SyncRun.objects.get().state == RunState.FAILED
    assert Thread.objects.count() == 0


def test_a_token_that_expired_fails_the_run_and_says_what_to_do(
    moody: GitHubRepository, app: ScriptedApp
) -> None:
    app.script.append(refusal(401, {"message": "Bad credentials"}))

    with pytest.raises(errors.BadCredentialsError):
        sync(moody)

    moody.refresh_from_db()
    assert moody.sync_status == SyncStatus.ERROR
    assert "Make a new one" in moody.sync_error
    assert SyncRun.objects.get().error_code == "bad_credentials"


def test_a_token_whose_key_is_lost_fails_its_run_and_not_those_of_others(
    connected: GitHubRepository,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'unreadable'")

    assert work(connected, seconds=5) is False

    assert SyncRun.objects.get().error_code == "undecryptable_secret"
    failed = GitHubRepository.objects.get()
    assert failed.sync_status == SyncStatus.ERROR
    assert "connect again" in failed.sync_error


def test_a_feature_that_is_switched_on_again_is_read_at_once(
    connected: GitHubRepository, ants: Repository
) -> None:
    ants.has_issues_enabled = False
    sync(connected)
    assert not Thread.objects.filter(kind="issue").exists()
    ants.has_issues_enabled = True

    sync(connected)

    assert_source_equals(connected.source, ants)
