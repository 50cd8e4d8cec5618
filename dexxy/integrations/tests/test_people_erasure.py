"""Who was erased is nowhere in the database, stays counted, and does not come back."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError, WorkspaceNotFoundError
from dexxy.integrations.models import GitHubInstallation, WebhookDelivery
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.integrations.services.contributors.erasure import Erased, person_erase
from dexxy.members.directory import member_list
from dexxy.members.erasure.digests import ErasedPeople
from dexxy.members.erasure.erasing import ERASED_NAME
from dexxy.members.imports.file import ImportFile
from dexxy.members.ingest.accounts import identities_apply, profiles_apply
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord
from dexxy.members.models import Identity, IdentityKind, Member
from dexxy.members.who_may_see import MemberNotFoundError
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.hints import SourceHint, hints_apply
from dexxy.messages.ingest.records import Hint, MessageRecord, Snapshot, SourceKey, ThreadRecord
from dexxy.messages.ingest.snapshots import snapshots_apply
from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind, ThreadState
from dexxy.people.export_selection import Asked
from dexxy.people.export_text import export_whole
from dexxy.people.importing import people_import
from dexxy.people.merging import people_merge
from dexxy.people.models import Export, Format
from dexxy.safekeeping.key_rotation import secrets_rotate
from dexxy.sources.models import Source
from tests.factories import START, make_app, make_delivery, make_installation, make_workspace
from tests.other_writer import other_writer

ADA = IdentityRecord(
    "18151210",
    IdentityKind.USER,
    "countess",
    "Ada Lovelace",
    "https://avatars.example.com/ada",
    "https://github.com/countess",
    "NODE_ADA",
)
BOB = IdentityRecord("2", IdentityKind.USER, "bob", "Bob")
# As threads and messages name her beside an author.
NAMED = {"id": "18151210", "login": "countess"}
# Whatever of Ada's must be found nowhere.
TRACES = ("countess", "Lovelace", "18151210", "NODE_ADA", "engines", "avatars", "remembered")
WORDS = "analytical"


def snapshot(number: int = 1) -> Snapshot:
    """Return a thread of Ada's in which she and Bob say something."""
    opened = START + timedelta(minutes=number)
    thread = ThreadRecord(
        kind=ThreadKind.ISSUE,
        number=number,
        node_id=f"T{number}",
        title="A thread",
        state=ThreadState.OPEN,
        url=f"https://github.com/owner/repo/issues/{number}",
        author=ADA,
        opened_at=opened,
        version_at=opened,
        assignees=(NAMED, {"id": "2", "login": "bob"}),
    )
    said = (
        MessageRecord(MessageKind.OPENED, str(number), ADA, opened, opened, f"{WORDS} one"),
        MessageRecord(MessageKind.COMMENT, "11", BOB, opened, opened, "Bob's words"),
        MessageRecord(MessageKind.COMMENT, "12", ADA, opened, opened, f"{WORDS} two"),
        MessageRecord(
            MessageKind.ASSIGNED,
            "AE_1",
            BOB,
            opened,
            opened,
            details={"subject": {"type": "account", **NAMED}},
            in_feed=False,
        ),
    )
    return Snapshot(thread=thread, messages=said, complete=())


def sync(source: Source, *snapshots: Snapshot) -> None:
    source_key = SourceKey(source.workspace_id, source.pk, "github")
    snapshots_apply(source_key, snapshots or [snapshot()], asked_at=timezone.now())


def load(workspace: Workspace, text: str) -> dict[str, int]:
    file = ImportFile(io.BytesIO(text.encode()))
    return dict(people_import(workspace, file.rows(), lines=io.StringIO()).counts)


@pytest.fixture
def ada(workspace: Workspace, source: Source, alice: User) -> Member:
    """Ada: what a sync, a profile, an import and the team know of her."""
    sync(source)
    account = Identity.objects.get(username="countess")
    profiles_apply(
        workspace_id=workspace.pk,
        provider="github",
        asked_for=[account.pk],
        records=[
            ProfileRecord(
                "18151210", "engines", "engines", "engines", "ada@lovelace.org", ("engines",)
            )
        ],
        read_at=timezone.now(),
    )
    load(
        workspace,
        "name,email,notes,username:github,username:discord\n"
        "Ada Lovelace,ada@lovelace.org,remembered,countess,Countess#18151210\n",
    )
    identities_apply(
        workspace_id=workspace.pk,
        provider="elsewhere",
        records=[IdentityRecord("9", IdentityKind.USER, "countess", "Ada Lovelace")],
        seen_at=START,
    )
    contributors_stitch(workspace_id=workspace.pk)
    search_catch_up(seconds=5)
    assert workspace.merge_suggestions.exists()
    Identity.objects.filter(provider="elsewhere").update(username="other", name="")
    Member.objects.filter(home_identity__provider="elsewhere").update(display_name="other")
    account.refresh_from_db()
    return account.member


def erase(actor: User, member: Member, *, with_bodies: bool = False) -> Erased:
    return person_erase(
        actor=actor, workspace=member.workspace, member_id=member.pk, with_bodies=with_bodies
    )


def everything() -> str:
    """Return all rows of all tables as one text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            # Django's own tables have the names of our models; those of an import end with its
            # transaction, which here is that of the test.
            if not table.startswith(("django_", "auth_", "member_import")):
                cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t")  # noqa: S608
                found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def counts() -> list[object]:
    threads = Thread.objects.order_by("pk").values_list("message_count", "first_response_at")
    said = Message.objects.order_by("pk").values_list("author", "kind", "occurred_at")
    return [list(threads), list(said), Identity.objects.count(), Member.objects.count()]


def test_no_trace_is_left_and_all_counts_stay_true(alice: User, ada: Member) -> None:
    before = counts()
    assert all(trace in everything() for trace in TRACES)

    done = erase(alice, ada, with_bodies=True)

    assert (done.accounts, done.bodies) == (3, 2)
    left = everything()
    assert [trace for trace in (*TRACES, WORDS, "analyt") if trace in left] == []
    assert "Bob's words" in left
    assert counts() == before


def test_words_stay_unless_they_are_asked_for(alice: User, ada: Member) -> None:
    assert erase(alice, ada).bodies == 0

    assert Message.objects.filter(body__startswith=WORDS).count() == 2
    assert [trace for trace in TRACES if trace in everything()] == []


def test_an_erased_member_is_no_member_any_more(
    workspace: Workspace, alice: User, ada: Member
) -> None:
    erase(alice, ada)

    listed = {member.display_name for member in member_list(alice, workspace).items}
    assert listed == {"Bob", "other"}
    assert ERASED_NAME not in "".join(
        export_whole(Asked(workspace), Export.MEMBERS, Format.JSON_LINES)
    )
    bob = Identity.objects.get(username="bob")
    with pytest.raises(MemberNotFoundError):
        people_merge(actor=alice, workspace=workspace, kept_id=bob.member_id, merged_id=ada.pk)
    with pytest.raises(MemberNotFoundError):
        erase(alice, ada)


def test_the_erasure_is_audited_without_saying_who_it_was(alice: User, ada: Member) -> None:
    erase(alice, ada, with_bodies=True)

    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor, entry.target_id) == ("member.erased", alice, str(ada.pk))
    assert entry.details == {"with_bodies": True}


def test_only_an_administrator_erases(alice: User, bob: User, charlie: User, ada: Member) -> None:
    before = everything()

    with pytest.raises(AdminOnlyError):
        erase(bob, ada)
    with pytest.raises(WorkspaceNotFoundError):
        erase(charlie, ada)
    elsewhere = make_workspace(admin=alice)
    with pytest.raises(MemberNotFoundError):
        person_erase(actor=alice, workspace=elsewhere, member_id=ada.pk)

    assert everything().count("countess") == before.count("countess")


def test_the_next_sync_brings_neither_the_person_nor_the_words_back(
    workspace: Workspace, source: Source, alice: User, ada: Member
) -> None:
    erase(alice, ada, with_bodies=True)
    before = counts()

    sync(source)
    assert counts() == before
    sync(source, snapshot(), snapshot(2))
    contributors_stitch(workspace_id=workspace.pk)

    left = everything()
    assert [trace for trace in (*TRACES, WORDS) if trace in left] == []
    authors = Message.objects.filter(thread__number=2).values_list("author__member", flat=True)
    bob = Identity.objects.get(username="bob").member_id
    assert list(authors.order_by("external_id")) == [bob, ada.pk, ada.pk, bob]


def test_a_webhook_brings_neither_the_person_nor_the_words_back(
    source: Source, alice: User, ada: Member
) -> None:
    erase(alice, ada, with_bodies=True)
    shown = snapshot(3)
    source_key = SourceKey(source.workspace_id, source.pk, "github")
    hint = Hint(thread=shown.thread, messages=shown.messages)

    hints_apply([SourceHint(source_key, hint)], received_at=timezone.now())

    left = everything()
    assert [trace for trace in (*TRACES, WORDS) if trace in left] == []
    assert Message.objects.filter(thread__number=3, author__member=ada).count() == 2


def test_a_profile_that_was_on_its_way_is_not_stored(
    workspace: Workspace, alice: User, ada: Member
) -> None:
    account = Identity.objects.get(username="countess")
    erase(alice, ada)

    profiles_apply(
        workspace_id=workspace.pk,
        provider="github",
        asked_for=[account.pk],
        records=[ProfileRecord("18151210", "engines", email="ada@lovelace.org")],
        read_at=timezone.now(),
    )

    assert [trace for trace in TRACES if trace in everything()] == []


@pytest.mark.parametrize(
    "text",
    [
        "name,email\nAda Lovelace,Ada+other@lovelace.org\n",
        "name,username:github\nAda Lovelace,Countess\n",
        "name,username:discord\nAda Lovelace,COUNTESS#18151210\n",
    ],
)
def test_the_next_import_leaves_the_person_out(
    workspace: Workspace, alice: User, ada: Member, text: str
) -> None:
    erase(alice, ada)
    people = Identity.objects.count()

    assert load(workspace, text) == {"erased": 1}
    assert Identity.objects.count() == people


def test_digests_outlive_the_secret_key(
    workspace: Workspace, alice: User, ada: Member, settings: Any
) -> None:
    erase(alice, ada)

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the tests that is long enough"
    list(secrets_rotate())
    settings.SECRET_KEY_FALLBACKS = []

    assert load(workspace, "email\nada@lovelace.org\n") == {"erased": 1}


def test_another_workspace_keeps_what_it_knows(
    workspace: Workspace, alice: User, ada: Member
) -> None:
    other = make_workspace(admin=alice)
    load(other, "name,email\nAda Lovelace,ada@lovelace.org\n")

    erase(alice, ada)

    assert other.members.get().display_name == "Ada Lovelace"
    assert load(other, "email\nada@lovelace.org\n") == {"known": 1}
    # The same person has other digests there: they cannot be compared.
    assert not ErasedPeople(other.pk)


Named = Callable[..., WebhookDelivery]


@pytest.fixture
def named(workspace: Workspace) -> Named:
    """Receive a webhook that names the account with an id, somewhere inside."""
    installation = make_installation(workspace=workspace, app=make_app())

    def receive(account_id: int, state: str = "done", **rest: Any) -> WebhookDelivery:
        delivery = make_delivery(installation=installation)
        user = {"id": account_id, "login": "countess"}
        delivery.payload = {"issue": {"assignees": [{"user": user}]}, **rest}
        delivery.state = state
        delivery.save()
        return delivery

    return receive


@pytest.mark.parametrize("state", ["pending", "done", "ignored", "failed"])
def test_webhooks_that_name_the_person_lose_what_they_said(
    alice: User, ada: Member, named: Named, state: str
) -> None:
    hers, other = named(18151210, state), named(18)
    no_account = named(18, label={"id": 18151210, "name": "bug"})

    assert erase(alice, ada).deliveries == 1

    hers.refresh_from_db()
    assert (hers.payload, hers.state) == ({}, "done")
    for kept in (other, no_account):
        before = kept.payload
        kept.refresh_from_db()
        assert kept.payload == before


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_being_stored_does_not_keep_the_words(
    source: Source, alice: User, ada: Member
) -> None:
    with other_writer(lambda: sync(source, snapshot(2))):
        done = erase(alice, ada, with_bodies=True)

    assert done.bodies == 4
    assert WORDS not in everything()


@pytest.mark.django_db(transaction=True)
def test_a_page_and_an_erasure_do_not_wait_for_each_other(
    source: Source, alice: User, ada: Member
) -> None:
    shown = snapshot()
    more = replace(shown.messages[2], external_id="13")
    page = replace(shown, messages=(*shown.messages, more))

    with other_writer(lambda: sync(source, page)):
        done = erase(alice, ada, with_bodies=True)

    assert done.bodies == 3


@pytest.mark.django_db(transaction=True)
def test_a_webhook_that_is_being_applied_does_not_keep_the_words(
    source: Source, alice: User, ada: Member
) -> None:
    shown = snapshot(3)
    source_key = SourceKey(source.workspace_id, source.pk, "github")
    hint = SourceHint(source_key, Hint(thread=shown.thread, messages=shown.messages))

    with other_writer(lambda: hints_apply([hint], received_at=timezone.now())):
        erase(alice, ada, with_bodies=True)

    assert WORDS not in everything()


def test_a_webhook_of_no_installation_is_worked_off_before_it_loses_what_it_said(
    alice: User, ada: Member, named: Named
) -> None:
    done, pending = named(18151210), named(18151210, "pending")
    WebhookDelivery.objects.update(installation_id=None, event="github_app_authorization")

    assert erase(alice, ada).deliveries == 1

    done.refresh_from_db()
    pending.refresh_from_db()
    assert (done.payload, pending.state) == ({}, "pending")
    assert pending.payload


def test_webhooks_of_an_installation_of_another_server_are_kept(
    alice: User, ada: Member, workspace: Workspace, named: Named
) -> None:
    theirs = named(18151210)
    GitHubInstallation.objects.update(server="github:git.example.org")

    assert erase(alice, ada).deliveries == 0

    theirs.refresh_from_db()
    assert theirs.payload
