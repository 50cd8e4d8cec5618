"""A workspace with one of everything, made once a module; what a test changes is taken back."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import ApiToken, ListPage, Role, User, Workspace
from dexxy.accounts.saved_views import saved_view_save
from dexxy.members.merges.suggestion_answers import Suggested, suggestion_reject, suggestions_apply
from dexxy.members.models import Identity, MemberSummary, MergeSuggestion
from dexxy.members.notes import note_add
from dexxy.members.organization_merges import organization_merge
from dexxy.members.summaries import summaries_due_everywhere
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import MessageKind
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.outgoing.models import FeedAddress
from dexxy.people.merging import people_merge, people_unmerge
from dexxy.people.selecting import people_tag_later
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from tests.factories import (
    START,
    make_app,
    make_delivery,
    make_endpoint,
    make_identity,
    make_installation,
    make_message,
    make_outgoing,
    make_release,
    make_repository,
    make_run,
    make_source,
    make_stream,
    make_thread,
    make_user,
    make_workspace,
)


@dataclass(frozen=True)
class Everything:
    """What was made once, by the ids of its rows.

    `values` names one of each thing as the arguments of the API do, and `stored` is a digest of
    all tables.
    """

    alice_id: int
    bob_id: int
    charlie_id: int
    workspace_id: int
    values: dict[str, Any]
    stored: dict[str, str]


@pytest.fixture(scope="module")
def everything(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Everything]:
    with django_db_blocker.unblock(), _taken_back():
        alice = make_user(email="alice@example.com", name="Alice")
        bob = make_user(email="bob@example.com", name="Bob")
        charlie = make_user(email="charlie@example.com", name="Charlie")
        make_workspace(name="Charlie's own", admin=charlie)
        workspace = make_workspace(name="Team", admin=alice, member=bob)
        source = make_source(workspace=workspace, name="owner/repo")
        values = fill(alice, workspace, source)
        yield Everything(alice.pk, bob.pk, charlie.pk, workspace.pk, values, stored())


@pytest.fixture
def db(everything: Everything, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Take back what the test changes, instead of all that is there."""
    cache.clear()  # the budgets of the same people
    with django_db_blocker.unblock(), _taken_back():
        yield


@pytest.fixture
def alice(db: None, everything: Everything) -> User:
    return User.objects.get(pk=everything.alice_id)


@pytest.fixture
def bob(db: None, everything: Everything) -> User:
    return User.objects.get(pk=everything.bob_id)


@pytest.fixture
def charlie(db: None, everything: Everything) -> User:
    return User.objects.get(pk=everything.charlie_id)


@pytest.fixture
def workspace(db: None, everything: Everything) -> Workspace:
    return Workspace.objects.get(pk=everything.workspace_id)


@pytest.fixture
def values(db: None, everything: Everything) -> dict[str, Any]:
    return dict(everything.values)


class _taken_back(transaction.Atomic):
    """A transaction, or one inside another, that is rolled back at its end."""

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)
        # As in Django's TestCase: what has to be the outermost transaction may stand inside.
        self._from_testcase = True

    def __exit__(self, *raised: Any) -> None:
        transaction.set_rollback(True)
        super().__exit__(*raised)


def fill(alice: User, workspace: Workspace, source: Source) -> dict[str, Any]:
    """Fill the workspace with one of everything, and name it as the arguments do."""
    kept, merged, alike, twin, other, parted = (
        make_identity(workspace=workspace) for _ in range(6)
    )
    merge_id = merge(alice, kept, parted)
    suggestion_id, rejected_id = suggest(alike, twin), suggest(twin, other)
    suggestion_reject(actor=alice, workspace=workspace, suggestion_id=rejected_id)
    third = make_user()
    membership = workspace.memberships.create(user=third, role=Role.MEMBER)
    author = make_identity(workspace=workspace)
    thread = make_thread(source=source, author=author, labels=["bug"])
    item = make_message(thread=thread, author=author, kind=MessageKind.REVIEW)
    make_message(thread=thread, author=make_identity(workspace=workspace))
    threads_settle([thread.pk])
    member_set_team(actor=alice, workspace=workspace, member_id=kept.member_id, is_on_team=True)
    # Who waits since before the source was connected is in another list.
    Source.objects.filter(pk=source.pk).update(created_at=START - timedelta(days=1))
    standings_recompute(workspace.pk, [thread.pk], team_of(workspace.pk))
    installation = make_installation(workspace=workspace, app=make_app())
    installation.permissions = {"members": "read"}
    installation.save(update_fields=["permissions"])
    delivery = make_delivery(installation=installation)
    repository = make_repository(source=source)
    make_stream(repository=repository)
    make_release(source=source, author=author)
    counts_note(source.pk, Counts(1, 1), taken_at=START + timedelta(days=1), is_hint=False)
    make_run(repository=repository, counts={"threads": 1})
    token, _ = api_token_create(viewer=alice, workspace=workspace, name="script")
    invitation, link = invitation_create(viewer=alice, workspace=workspace)
    rule = workspace.sign_in_rules.create(domain="example.net")
    rule.used_by.add(third)
    view = saved_view_save(
        viewer=alice,
        workspace=workspace,
        page=ListPage.THREADS,
        name="Bugs",
        query="label=bug",
        is_shared=True,
    )
    summaries_due_everywhere(workspace.pk)
    for account, name in ((kept, "halden"), (alike, "fjord"), (twin, "lund")):
        summaries = MemberSummary.objects.filter(member=account.member_id)
        summaries.update(organization=name, organization_key=name)
    joined = organization_merge(actor=alice, workspace=workspace, kept="halden", merged="lund")
    note = note_add(actor=alice, workspace=workspace, member_id=author.member_id, text="A note")
    task = people_tag_later(
        actor=alice, workspace=workspace, member_ids=[author.member_id], add=["speaker"]
    )
    endpoint = make_endpoint(workspace=workspace)
    sent = make_outgoing(endpoint=endpoint)
    feed = FeedAddress.objects.create(
        membership=workspace.memberships.get(user=alice),
        page=view.page,
        view=view,
        secret_hash=f"hash in {workspace.pk}",
    )
    return {
        "workspaceId": str(workspace.pk),
        "key": "halden",
        "keptKey": "halden",
        "mergedKey": "fjord",
        "organizationMergeId": str(joined.pk),
        "noteId": str(note.pk),
        "taskId": str(task.pk),
        "endpointId": str(endpoint.pk),
        "endpointDeliveryId": str(sent.pk),
        "feedAddressId": str(feed.pk),
        "url": "https://hooks.example.com/dexxy",
        "events": ["thread.opened"],
        "keeps": True,
        "kinds": ["ISSUE"],
        "text": "Another note",
        "add": ["speaker"],
        "itemId": str(item.pk),
        "threadId": str(thread.pk),
        "threadIds": [str(thread.pk)],
        "userId": str(third.pk),
        "actorId": str(alice.pk),
        "memberId": str(author.member_id),
        "memberIds": [str(author.member_id)],
        "repositoryId": str(repository.pk),
        "deliveryId": str(delivery.pk),
        "sourceId": str(source.pk),
        "githubId": repository.github_id,
        "tokenId": str(token.pk),
        "invitationId": str(invitation.pk),
        "ruleId": str(rule.pk),
        "domain": "example.org",
        "viewId": str(view.pk),
        "query": "label=bug",
        "membershipId": str(membership.pk),
        "digest": "DAILY",
        "code": link.rstrip("/").rpartition("/")[2],
        "keptId": str(kept.member_id),
        "mergedId": str(merged.member_id),
        "mergeId": str(merge_id),
        "suggestionId": str(suggestion_id),
        "rejectedId": str(rejected_id),
        "isLocked": True,
        "isBot": True,
        "token": "no token",
        "platform": "discord",
        "lines": '{"type": "source", "provider": "lists", "id": "dev", "name": "dev@ants.org"}',
        "csv": "email\nsomebody@example.com\n",
        "username": "somebody",
        "name": "another",
        "note": "Ask Mei",
        "paused": True,
        "since": START.isoformat(),
        # Long enough for every message that a process makes, each a minute after the last one.
        "until": (START + timedelta(days=300)).isoformat(),
    }


def merge(actor: User, kept: Identity, merged: Identity) -> int:
    """Merge two members, with a merge that was undone before."""
    homes = {"kept_id": kept.home_member_id, "merged_id": merged.home_member_id}
    done = people_merge(actor=actor, workspace=kept.workspace, **homes)
    people_unmerge(actor=actor, workspace=kept.workspace, merge_id=done.pk)
    return people_merge(actor=actor, workspace=kept.workspace, **homes).pk


def suggest(one: Identity, other: Identity) -> int:
    evidence = [{"rule": "same_name", "weight": 3.4, "sentence": "Both are named Ada."}]
    made = Suggested(one.home_member_id, other.home_member_id, 0.9, evidence)
    suggestions_apply(one.workspace_id, made=[made], withdrawn=[])
    return MergeSuggestion.objects.latest("pk").pk


# Whoever signs in changes them.
_OF_SIGNING_IN = {"django_session", "accounts_browsersession", "accounts_user"}


def stored() -> dict[str, str]:
    """Return a digest of every table but that of sessions."""
    digests = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t")  # noqa: S608
            rows = sorted(row for (row,) in cursor.fetchall())
            digests[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    # To be known writes when a user last signed in, and when a token was last used.
    tokens = ApiToken.objects.order_by("pk").values_list("pk", "name", "scope", "revoked_at")
    digests["accounts_apitoken"] = str(list(tokens))
    return {t: d for t, d in digests.items() if t not in _OF_SIGNING_IN}
