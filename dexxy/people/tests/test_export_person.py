"""An export of all that is stored about one person."""

import json
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.cli.errors import WrongUseError
from dexxy.members.models import Identity, Member
from dexxy.members.notes import note_add
from dexxy.messages.models import ArchivedReason, CoAuthor, MessageKind, TeamDecision, Thread
from dexxy.people import export_person
from dexxy.people.export_keeping import export_request
from dexxy.people.export_making import export_pieces, exports_work
from dexxy.people.export_person import NOT_TOLD
from dexxy.people.export_selection import Selection
from dexxy.people.merging import people_merge
from dexxy.people.models import Export, ExportFile, Format
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_release, make_thread

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(alice: User, workspace: Workspace, source: Source) -> Identity:
    """Somebody with two accounts, who wrote, was named, and is noted."""
    mira = make_identity(workspace=workspace, username="mira")
    other = make_identity(workspace=workspace, username="mira2")
    people_merge(
        actor=alice, workspace=workspace, kept_id=mira.member_id, merged_id=other.member_id
    )
    mira.email = "mira@example.org"
    mira.save()
    note_add(actor=alice, workspace=workspace, member_id=mira.member_id, text="Speaks well")
    TeamDecision.objects.create(workspace=workspace, member_id=mira.member_id, is_on_team=True)
    opened = make_thread(source=source, author=mira, title="Leak")
    make_message(thread=opened, author=mira, body="first")
    make_message(thread=opened, author=other, body="taken back", archived_reason="deleted")
    foreign = make_thread(source=source, title="Of others")
    Thread.objects.filter(pk=foreign.pk).update(assignees=[_named(other)])
    make_message(thread=foreign, body="not hers")
    make_message(
        thread=foreign,
        kind=MessageKind.REVIEW_REQUESTED,
        details={"subject": {"type": "account", **_named(mira)}},
        in_feed=False,
    )
    CoAuthor.objects.create(workspace=workspace, thread=foreign, name="M", email=mira.email)
    make_release(source=source, author=other)
    return mira


def _named(account: Identity) -> dict[str, str]:
    return {"id": account.external_id, "login": account.username}


def told(export: ExportFile) -> list[dict[str, Any]]:
    while exports_work(seconds=0.000001):
        pass
    export.refresh_from_db()
    text = b"".join(export_pieces(export)).decode()
    return [json.loads(line) for line in text.splitlines()]


def test_it_has_whatever_names_the_person_or_an_account_and_nothing_else(
    alice: User, workspace: Workspace, mira: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pieces so small that it is gone on with inside each list.
    monkeypatch.setattr(export_person, "BATCH", 1)
    monkeypatch.setattr(export_person, "_STEP", 2)

    rows = told(
        export_request(
            viewer=alice,
            workspace=workspace,
            what=Export.PERSON,
            form=Format.JSON_LINES,
            selection=Selection(person=mira.member_id),
        )
    )

    def of(record: str, field: str) -> list[Any]:
        return [row[field] for row in rows if row["record"] == record]

    assert of("profile", "display_name") == ["mira", "mira2"]
    assert of("note", "text") == ["Speaks well"]
    assert of("account", "username") == ["mira", "mira2"]
    assert of("merge", "is_automatic") == [False]
    assert of("team_decision", "is_on_team") == [True]
    assert of("audit_entry", "action") == ["member.merged", "member.noted"]
    assert of("co_author", "email") == ["mira@example.org"]
    assert len(of("release", "tag")) == 1
    assert of("thread", "title") == ["Leak", "Of others"]
    assert of("message", "body") == ["first", "taken back", ""]
    assert of("message", "archived_reason") == ["", ArchivedReason.DELETED, ""]


def test_every_table_that_names_members_or_accounts_is_told_or_said_why_not(
    workspace: Workspace, mira: Identity
) -> None:
    naming = {
        model._meta.label_lower
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.many_to_one or field.one_to_one
        if field.concrete and field.related_model in (Member, Identity)
    }
    read = {
        section.rows(export_person._Person(workspace, [mira])).model._meta.label_lower
        for section in export_person._SECTIONS
    }

    assert naming - read == set(NOT_TOLD)


def test_admins_ask_on_the_page_of_the_person_and_programs_of_theirs_as_well(
    client: Client, alice: User, workspace: Workspace, mira: Identity
) -> None:
    client.force_login(alice)
    path = f"/workspaces/{workspace.pk}/export/person.jsonl?member={mira.member_id}"
    _, secret = api_token_create(viewer=alice, workspace=workspace, name="script")
    as_alice = {"Authorization": f"Bearer {secret}"}

    member = client.get(f"/w/{workspace.slug}/people/{mira.member_id}/").content.decode()
    page = client.get(path, headers={"Accept": "text/html"}).content.decode()
    client.post(path, headers={"Accept": "text/html"})
    client.logout()
    asked = client.get(path, headers=as_alice)

    assert path in member
    assert "All that is stored about mira" in page
    assert asked.status_code == 202
    export = ExportFile.objects.get()
    assert export.file_name == f"{workspace.slug}-person-{mira.member_id}.jsonl"
    entry = AuditEntry.objects.get(action="export.requested")
    assert entry.details["member_id"] == mira.member_id
    assert client.get(path.replace("jsonl", "csv"), headers=as_alice).status_code == 404
    gone = path.replace(str(mira.member_id), "0")
    assert client.get(gone, headers=as_alice).status_code == 404


def test_the_command_writes_the_same_about_whoever_is_named(
    workspace: Workspace, mira: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["person", "--workspace", workspace.slug]

    call_command("export", *asked, "--member", str(mira.member_id))

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["body"] for row in rows if row["record"] == "message"] == [
        "first",
        "taken back",
        "",
    ]
    for wrong, why in (
        ([*asked], "Say who it is with --member"),
        ([*asked, "--member", "0"], f"Nobody in {workspace.slug} has the number 0"),
        ([*asked, "--member", "9", "--format", "csv"], "is no table"),
        (["members", "--workspace", workspace.slug, "--member", "9"], "--member is for"),
    ):
        with pytest.raises(WrongUseError, match=why):
            call_command("export", *wrong)


def test_nobody_else_gets_it_not_even_who_was_an_admin(
    client: Client, alice: User, bob: User, workspace: Workspace, mira: Identity
) -> None:
    path = f"/workspaces/{workspace.pk}/export/person.jsonl?member={mira.member_id}"
    client.force_login(bob)
    assert client.get(path, headers={"Accept": "text/html"}).status_code == 403
    assert client.post(path, headers={"Accept": "text/html"}).status_code == 403
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="script")
    as_bob = {"Authorization": f"Bearer {secret}"}
    client.logout()
    assert client.get(path, headers=as_bob).status_code == 403
    assert not ExportFile.objects.exists()

    asked: dict[str, Any] = {"what": Export.PERSON, "form": Format.JSON_LINES}
    chosen = Selection(person=mira.member_id)
    export = export_request(viewer=alice, workspace=workspace, selection=chosen, **asked)
    ExportFile.objects.update(requested_by=bob)
    assert (
        client.get(f"/workspaces/{workspace.pk}/exports/{export.pk}", headers=as_bob).status_code
        == 403
    )
