"""Writers take locks in one order, so none waits in a ring: see docs/adr/0015."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import Membership, Role, User
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncPart,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.api.errors import NotFoundError, RateLimitedError
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.scheduling.pauses import credential_pause
from dexxy.integrations.services.github.scheduling.runs import (
    run_fail,
    run_finish,
    run_pause,
)
from dexxy.integrations.services.github.scheduling.schedule import interrupted_release
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import Identity, IdentityKind
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.recount import identities_recount
from dexxy.messages.ingest.refetch_reasons import comments_changed, threads_missing
from dexxy.messages.ingest.stored_threads import threads_lock
from dexxy.messages.models import MessageKind, Thread, ThreadKind
from dexxy.sources.models import Source
from dexxy_simulator.model import Actor, Issue, Repository
from dexxy_simulator.world import World
from tests.factories import START, make_identity, make_message, make_run, make_thread, make_user
from tests.other_writer import other_writer
from tests.truth import assert_source_equals

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def jo(world: World) -> Actor:
    return world.add_actor("jo", name="Jo Doe")


@pytest.fixture
def issue(world: World, ants: Repository, jo: Actor) -> Issue:
    """An issue whose comments do not fit in a page."""
    issue = world.open_issue(ants, jo, "Much to say")
    for number in range(150):
        world.comment(issue, jo, f"Comment {number}")
    return issue


def sync(repository: GitHubRepository) -> None:
    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def read_a_page(repository: GitHubRepository) -> None:
    GitHubRepository.objects.update(next_sync_at=timezone.now())
    credential_id = repository.installation.credential_id
    assert credential_id is not None
    credential_work(credential_id=credential_id, seconds=0)
    assert [run.error for run in SyncRun.objects.exclude(error="")] == []


def rename_here(repository: GitHubRepository, actor: Actor) -> None:
    """Store another name of ACTOR, as a webhook would."""
    record = IdentityRecord(str(actor.database_id), IdentityKind.USER, "jo-by-webhook")
    source = repository.source
    identities_apply(
        workspace_id=source.workspace_id,
        provider=source.server,
        records=[record],
        seen_at=timezone.now(),
    )


def lock(thread: Thread) -> None:
    threads_lock([thread.pk])


def test_a_refetch_and_a_webhook_do_not_wait_for_each_other(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor, issue: Issue
) -> None:
    sync(connected)
    Thread.objects.filter(kind="issue", number=issue.number).update(refetch_at=timezone.now())
    thread = Thread.objects.get(kind="issue", number=issue.number)
    world.rename_actor(jo, "jo-on-github")

    with other_writer(lambda: rename_here(connected, jo), lambda: lock(thread)):
        read_a_page(connected)

    sync(connected)
    assert_source_equals(connected.source, ants)


def test_a_part_of_a_thread_and_a_webhook_do_not_wait_for_each_other(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor, issue: Issue
) -> None:
    while not SyncPart.objects.filter(connection="issue_comments").exists():
        read_a_page(connected)
    connected.streams.update(is_done=True)
    thread = Thread.objects.get(kind="issue", number=issue.number)
    world.rename_actor(jo, "jo-on-github")

    with other_writer(lambda: rename_here(connected, jo), lambda: lock(thread)):
        read_a_page(connected)

    thread.refresh_from_db()
    assert thread.messages.filter(kind="comment").count() == 150


@pytest.fixture
def threads(source: Source) -> list[Thread]:
    """Two threads, of which the one with the higher number was stored first."""
    later = make_thread(source=source, number=9)
    return [make_thread(source=source, number=4), later]


def key_of(source: Source) -> SourceKey:
    return SourceKey(source.workspace_id, source.pk, source.server)


def test_threads_are_marked_in_the_order_of_their_keys(
    source: Source, threads: list[Thread]
) -> None:
    low, high = threads
    changed = [(number, "1", START) for number in (9, 4)]

    with other_writer(lambda: lock(low), lambda: lock(high)):
        comments_changed(key_of(source), MessageKind.COMMENT, changed)

    assert Thread.objects.filter(refetch_at__isnull=False).count() == 2


def test_missing_threads_are_marked_in_the_order_of_their_keys(
    source: Source, threads: list[Thread]
) -> None:
    low, high = threads

    with other_writer(lambda: lock(low), lambda: lock(high)):
        marked = threads_missing(
            key_of(source), ThreadKind.ISSUE, since=None, before=None, numbers=[]
        )

    assert marked == 2


@pytest.fixture
def identities(source: Source) -> list[Identity]:
    """Two accounts with something said, the one with the higher id stored first."""
    people = [make_identity(workspace=source.workspace) for _ in range(2)]
    thread = make_thread(source=source)
    for identity, external_id in zip(people, ("9", "4"), strict=True):
        make_message(thread=thread, author=identity)
        identity.external_id = external_id
        identity.save()
    return people[::-1]


def take(identity: Identity) -> None:
    Identity.objects.select_for_update(no_key=True).get(pk=identity.pk)


def take_member(identity: Identity) -> None:
    identity.home_member.__class__.objects.select_for_update(no_key=True).get(
        pk=identity.home_member_id
    )


def test_people_are_counted_in_the_order_of_their_keys(
    source: Source, identities: list[Identity]
) -> None:
    low, high = identities

    with other_writer(lambda: take(low), lambda: take(high), lambda: take_member(low)):
        identities_recount(workspace_id=source.workspace_id)

    assert list(Identity.objects.values_list("message_count", flat=True)) == [1, 1]


def test_people_are_stored_in_the_order_of_their_keys(
    source: Source, identities: list[Identity]
) -> None:
    low, high = identities
    records = [IdentityRecord(id, IdentityKind.USER, f"new-{id}") for id in ("9", "4")]

    with other_writer(lambda: take(low), lambda: take(high), lambda: take_member(low)):
        identities_apply(
            workspace_id=source.workspace_id,
            provider="github",
            records=records,
            seen_at=START + timedelta(days=1),
        )

    names = Identity.objects.order_by("external_id").values_list("username", flat=True)
    assert list(names) == ["new-4", "new-9"]


def test_a_page_that_is_stored_and_a_disconnection_do_not_wait_for_each_other(
    connected: GitHubRepository,
) -> None:
    workspace, admin = connected.source.workspace, make_user()
    Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
    run = make_run(repository=connected, state=RunState.RUNNING)
    credential = Credential.objects.filter(installations=connected.installation)
    counted = SyncRun.objects.filter(pk=run.pk)

    with other_writer(
        lambda: credential.update(lease_until=timezone.now()), lambda: counted.update(requests=1)
    ):
        installation_disconnect(viewer=admin, workspace=workspace)

    run.refresh_from_db()
    assert (run.state, run.requests) == (RunState.STOPPED, 1)


@pytest.fixture
def running(connected: GitHubRepository) -> SyncRun:
    """A run whose reader is gone."""
    long_ago = timezone.now() - timedelta(hours=1)
    GitHubRepository.objects.update(sync_status=SyncStatus.SYNCING, next_sync_at=long_ago)
    return make_run(repository=connected, state=RunState.RUNNING)


def credential_of(run: SyncRun) -> Credential:
    credential = run.repository.installation.credential
    assert credential is not None
    return credential


def limited() -> RateLimitedError:
    return RateLimitedError("GitHub wants a pause.", timezone.now() + timedelta(hours=1))


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (lambda run: run_fail(run, NotFoundError("It is gone.")), RunState.FAILED),
        (run_finish, RunState.DONE),
        (lambda run: credential_pause(credential_of(run), limited()), RunState.PAUSED),
        (lambda run: interrupted_release(), RunState.PAUSED),
    ],
    ids=["failure", "end", "pause", "release"],
)
def test_a_run_is_locked_behind_its_repository_and_its_source(
    running: SyncRun, end: Callable[[SyncRun], object], state: RunState
) -> None:
    repository = GitHubRepository.objects.filter(pk=running.repository_id)
    source = Source.objects.filter(pk=running.repository.source_id)
    run = SyncRun.objects.filter(pk=running.pk)

    with other_writer(
        lambda: repository.update(updated_at=START),
        lambda: source.update(updated_at=START),
        lambda: run.update(updated_at=START),
    ):
        end(running)

    assert run.get().state == state


def test_a_run_is_locked_behind_its_credential(running: SyncRun) -> None:
    credential = Credential.objects.filter(pk=credential_of(running).pk)
    run = SyncRun.objects.filter(pk=running.pk)

    with other_writer(
        lambda: credential.update(updated_at=START), lambda: run.update(updated_at=START)
    ):
        run_pause(running, credential_of(running), limited())

    assert run.get().state == RunState.PAUSED


def test_a_source_is_locked_behind_its_repository(connected: GitHubRepository, alice: User) -> None:
    repository = GitHubRepository.objects.filter(pk=connected.pk)
    source = Source.objects.filter(pk=connected.source_id)

    with other_writer(
        lambda: repository.update(is_archived=True), lambda: source.update(is_archived=True)
    ):
        repository_connect_available(
            viewer=alice, workspace=connected.source.workspace, github_id=connected.github_id
        )

    assert (repository.get().is_archived, source.get().is_archived) == (False, False)
