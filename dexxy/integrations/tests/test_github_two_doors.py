"""A webhook and a snapshot say the same of the same thing, in the same words."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, Literal

import pytest
from django.utils import timezone
from pytest_django import Settings

from dexxy.integrations.services.github.api.json import loads
from dexxy.integrations.services.github.api.optional_fields import without_fields
from dexxy.integrations.services.github.api.queries import (
    parts_document,
    threads_document,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.mapping.nested_lists import nested_page
from dexxy.integrations.services.github.mapping.threads import THREADS, MappedThread
from dexxy.integrations.services.github.webhooks.events import THREAD_EVENTS
from dexxy.integrations.services.github_client import GitHubClient
from dexxy.messages.ingest.hints import SourceHint, hints_apply
from dexxy.messages.ingest.records import (
    UNSET,
    MessageRecord,
    Snapshot,
    SourceKey,
    ThreadRecord,
)
from dexxy.messages.ingest.snapshots import snapshots_apply
from dexxy.messages.models import QUIET_KINDS, Message, MessageKind, Thread, ThreadKind
from dexxy.sources.models import Source
from dexxy_simulator.model import Installation, Repository
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.webhooks.deliveries import Attempt, Delivery
from dexxy_simulator.world import World

Threads = dict[tuple[Any, ...], ThreadRecord]
Messages = dict[tuple[Any, ...], MessageRecord]
# Webhooks have no names, and pictures and node ids of another form.
TOLD_OF_ACCOUNTS = ("external_id", "kind", "username", "url")


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends no webhooks to a machine that only knows itself."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


@pytest.fixture
def source_key(source: Source) -> SourceKey:
    return SourceKey(source.workspace_id, source.pk, source.server)


def live(world: World, hill: Repository) -> None:
    """Let much happen in the repository of an App."""
    world.webhooks.transport = lambda _: Attempt("OK", 202)
    worker, queen = world.actor("worker"), world.actor("queen")
    robot = world.add_actor("helper", "Bot")
    assert worker is not None
    assert queen is not None
    for author in (worker, robot, None, world.actor("colony")):
        issue = world.open_issue(hill, author, "\x00 Title", "\x00 Text.")
        world.comment(issue, author, "A comment.")
    world.close(issue, queen, "NOT_PLANNED")
    world.set_labels(issue, queen, ["food", "urgent"])
    world.assign(issue, queen, worker)
    world.assign(issue, queen, robot)
    world.set_milestone(issue, queen, world.add_milestone(hill, "1.0"))
    world.lock_thread(issue, queen, "TOO_HEATED")
    part = world.open_issue(hill, worker, "A part")
    world.add_sub_issue(issue, part, queen)
    world.close(part, queen)
    world.react(issue, "heart", 2)
    world.rename_title(issue, queen, "A whole")
    world.set_type(issue, queen, "Bug")
    world.set_type(part, queen, "Task")
    world.set_type(part, queen, None)
    reopened = world.open_issue(hill, worker, "Open again")
    world.close(reopened, queen)
    world.reopen(reopened, queen)
    pulls = [world.open_pull_request(hill, worker, f"Change {n}", "Please.") for n in range(4)]
    review = world.review(pulls[0], queen, "COMMENTED", "", [("ant.py", 3, "Here.")])
    world.reply_on_diff(review.comments[0], worker, "Where?")
    world.react(pulls[0], "rocket")
    world.comment(pulls[0], queen, "On a pull request.")
    world.set_draft(pulls[1], worker, draft=True)
    world.push(pulls[1], worker)
    world.push(pulls[1], worker, force=True)
    world.request_review(pulls[1], worker, queen)
    world.set_milestone(pulls[1], queen, issue.milestone)
    world.set_milestone(pulls[1], queen, None)
    world.merge(pulls[2], queen)
    world.comment(pulls[2], queen, "Thanks.")
    world.close(pulls[3], queen)
    world.dismiss_review(world.review(pulls[3], queen, "APPROVED", "Yes."), worker)
    category = world.add_category(hill, "Questions", answerable=True)
    discussion = world.open_discussion(category, worker, "A question", "Why?")
    comment = world.discuss(discussion, queen, "Because.")
    world.discuss(discussion, worker, "I see.", comment)
    world.choose_answer(comment, worker)
    world.open_discussion(category, None, "Nobody asks", "")


def deliveries(world: World) -> list[Delivery]:
    """Deliver what waits, and return what of it is about threads."""
    return [one for one in world.webhooks.deliver() if one.event in THREAD_EVENTS]


def snapshots(world: World, github: GitHubServer, repository: Repository) -> list[Snapshot]:
    """Return every thread as GraphQL shows it."""
    of_kind: dict[ThreadKind, Iterable[int]] = {
        ThreadKind.ISSUE: repository.issues,
        ThreadKind.PULL_REQUEST: repository.pull_requests,
        ThreadKind.DISCUSSION: repository.discussions,
    }
    keys = [(kind, number) for kind, numbers in of_kind.items() for number in numbers]
    variables: dict[str, Any] = {"owner": repository.owner.login, "name": repository.name}
    variables |= {f"number{index}": number for index, (_, number) in enumerate(keys)}
    document = threads_document([kind for kind, _ in keys])
    token = world.token(DEMO_TOKEN)
    assert token is not None
    token.scopes = frozenset({"repo", "read:org"})
    if not world.dialect.newer_fields:
        document = without_fields(document)
    with GitHubClient(
        api_url=github.api_url, graphql_url=github.graphql_url, token=DEMO_TOKEN
    ) as client:
        found = client.query(document, variables).data["repository"]
        mapped = [THREADS[kind](found[f"t{index}"]) for index, (kind, _) in enumerate(keys)]
        return [_whole(client, thread) for thread in mapped]


def _whole(client: GitHubClient, thread: MappedThread) -> Snapshot:
    """Read the lists of a thread, too, that did not come along."""
    messages = thread.snapshot.messages
    for left in thread.open_lists:
        variables = {"first": 100, "id0": left.owner_id, "after0": None}
        found = client.query(parts_document([left.connection]), variables).data["p0"]["list"]
        page = nested_page(left.connection, found, left.owner_external_id, merged_at=None)
        messages = (*messages, *page.messages)
    return replace(thread.snapshot, messages=messages)


def shown(world: World, github: GitHubServer, repository: Repository) -> tuple[Threads, Messages]:
    """Return the records of every thread and message as GraphQL shows them."""
    threads: Threads = {}
    messages: Messages = {}
    for snapshot in snapshots(world, github, repository):
        key = snapshot.thread.kind, snapshot.thread.number
        threads[key] = snapshot.thread
        messages |= {(*key, m.kind, m.external_id): m for m in snapshot.messages}
    return threads, messages


def told(world: World) -> tuple[Threads, Messages]:
    """Return the records of the newest webhook about each thread and message."""
    threads: Threads = {}
    messages: Messages = {}
    for delivery in deliveries(world):
        for found in THREAD_EVENTS[delivery.event].map(loads(delivery.body)):
            key = found.hint.thread.kind, found.hint.thread.number
            threads[key] = found.hint.thread
            messages |= {(*key, m.kind, m.external_id): m for m in found.hint.messages}
    return threads, messages


def known(record: Any, *, like: Any = None) -> dict[str, Any]:
    """Return the fields of a record that it, or one LIKE it, carries."""
    carried = [f.name for f in fields(record) if getattr(like or record, f.name) is not UNSET]
    values = {name: getattr(record, name) for name in carried}
    # Payloads carry only some details, and say where there is nothing.
    details = {name: record.details.get(name) for name in (like or record).details}
    values["details"] = {name: value for name, value in details.items() if value is not None}
    author = values.pop("author")
    told = [getattr(author, name) for name in TOLD_OF_ACCOUNTS] if author else None
    return {**values, "author": told}


@pytest.mark.parametrize("deleted_accounts", ["null", "ghost"])
@pytest.mark.parametrize("legacy", [True, False])
def test_both_doors_show_the_same(
    world: World,
    github: GitHubServer,
    installed: Installation,
    hill: Repository,
    deleted_accounts: Literal["null", "ghost"],
    legacy: bool,
) -> None:
    world.dialect = replace(
        world.dialect, deleted_accounts=deleted_accounts, legacy_node_ids_in_webhooks=legacy
    )
    live(world, hill)

    hinted, hinted_messages = told(world)
    threads, messages = shown(world, github, hill)

    assert {key: known(one) for key, one in hinted.items()} == {
        key: known(one, like=hinted[key]) for key, one in threads.items()
    }
    assert {key: known(one) for key, one in hinted_messages.items()} == {
        key: known(one, like=hinted_messages[key])
        for key, one in messages.items()
        if one.kind not in MessageKind.state_changes() and one.kind not in QUIET_KINDS
    }


@pytest.mark.django_db
def test_what_a_snapshot_stored_is_not_changed_by_the_webhooks_that_led_to_it(
    world: World,
    github: GitHubServer,
    source_key: SourceKey,
    installed: Installation,
    hill: Repository,
) -> None:
    live(world, hill)
    snapshots_apply(source_key, snapshots(world, github, hill), asked_at=timezone.now())
    before = _stored()

    hinted = [
        SourceHint(source_key, found.hint)
        for delivery in deliveries(world)
        for found in THREAD_EVENTS[delivery.event].map(loads(delivery.body))
    ]
    hints_apply(hinted, received_at=timezone.now())

    assert _stored() == before


def _stored() -> list[dict[str, Any]]:
    marks = {"hinted_at": None, "refetch_at": None, "updated_at": None}
    threads = [{**row, **marks} for row in Thread.objects.order_by("pk").values()]
    return [*threads, *({**row} for row in Message.objects.order_by("pk").values())]
