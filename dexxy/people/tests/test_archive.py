"""Everything of a workspace as one zip file: what it has, and who gets it."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import ForeignKey, OneToOneField
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import AuditEntry, Membership, Role, User, Workspace
from dexxy.cli.errors import WrongUseError
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.models import MemberSummary
from dexxy.members.notes import note_add
from dexxy.messages.models import MessageKind
from dexxy.outgoing.models import Endpoint
from dexxy.people import export_making, export_rows
from dexxy.people.archive import batches, tables
from dexxy.people.archive.batches import MANIFEST, archive_fields
from dexxy.people.export_keeping import export_request
from dexxy.people.export_making import export_pieces, exports_work
from dexxy.people.models import Export, ExportFile, ExportState, Format
from dexxy.sources.models import Source
from tests.factories import make_endpoint, make_identity, make_message, make_thread, make_workspace

WORDS = [f"word {number}" for number in (4, 3, 2, 1, 0)]
DOCUMENTED = Path(__file__).parents[3] / "docs/reference/export.md"


@pytest.fixture
def told(alice: User, workspace: Workspace, source: Source) -> None:
    """Mira wrote a thread with five messages, works at Halden, and Alice noted something."""
    author = make_identity(workspace=workspace, username="mira", name="Mira")
    thread = make_thread(source=source, number=7, title="Leck — 漏れ", author=author)
    for number in range(5):
        make_message(thread=thread, author=author, body=f"word {number}")
    make_message(thread=thread, author=author, kind=MessageKind.LABELED, in_feed=False)
    note_add(actor=alice, workspace=workspace, member_id=author.member_id, text="Met in Oslo")
    MemberSummary.objects.create(
        member_id=author.member_id,
        workspace=workspace,
        organization="Halden",
        organization_key="halden",
    )
    make_endpoint(workspace=workspace)


def made(viewer: User, workspace: Workspace) -> ExportFile:
    export = export_request(viewer=viewer, workspace=workspace, what=Export.ALL, form=Format.ZIP)
    while exports_work(seconds=10):
        pass
    export.refresh_from_db()
    return export


def opened(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each file of an archive, and the manifest as one row."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    about = json.loads(texts.pop(MANIFEST))
    rows = {name: [json.loads(line) for line in text.splitlines()] for name, text in texts.items()}
    return {**rows, MANIFEST: [about]}


@pytest.mark.usefixtures("told")
def test_a_worker_makes_one_file_with_every_kind(alice: User, workspace: Workspace) -> None:
    export = made(alice, workspace)
    content = b"".join(export_pieces(export))

    found = opened(content)

    assert (export.state, export.size) == (ExportState.READY, len(content))
    assert export.file_name == f"{workspace.slug}-all.zip"
    [thread] = found["threads.jsonl"]
    assert (thread["title"], thread["author"]) == ("Leck — 漏れ", "mira")
    assert [one["body"] for one in found["messages.jsonl"]] == [
        f"word {n}" for n in (4, 3, 2, 1, 0)
    ]
    assert [one["kind"] for one in found["events.jsonl"]] == ["labeled"]
    assert found["organizations.jsonl"] == [{"key": "halden", "name": "Halden", "members": 1}]
    [note] = found["notes.jsonl"]
    assert (note["text"], note["author"]) == ("Met in Oslo", "alice@example.com")
    assert {one["email"] for one in found["memberships.jsonl"]} >= {"alice@example.com"}
    [workspace_row] = found["workspace.jsonl"]
    assert (workspace_row["slug"], workspace_row["time_zone"]) == (workspace.slug, "UTC")
    about = found.pop(MANIFEST)[0]
    assert about["files"] == {name: len(rows) for name, rows in found.items()}
    assert (about["version"], about["workspace"]) == (1, workspace.slug)


@pytest.mark.usefixtures("told")
def test_each_row_has_the_fields_that_are_documented(alice: User, workspace: Workspace) -> None:
    documented = DOCUMENTED.read_text(encoding="utf-8")
    found = opened(b"".join(export_pieces(made(alice, workspace))))

    for name, fields in archive_fields().items():
        assert all(tuple(row) == fields for row in found[name]), name
        assert f"| `{name}` | {', '.join(f'`{field}`' for field in fields)} |" in documented
    assert set(archive_fields()) == found.keys() - {MANIFEST}


@pytest.mark.usefixtures("told")
def test_there_is_no_secret_in_it(alice: User, workspace: Workspace) -> None:
    _, token = api_token_create(viewer=alice, workspace=workspace, name="nightly")
    endpoint = Endpoint.objects.get()

    content = b"".join(export_pieces(made(alice, workspace)))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "nightly" in everything
    for secret in (token, endpoint.url.read(), endpoint.secret.read()):
        assert secret
        assert secret not in everything


def test_every_table_of_a_workspace_is_in_it_or_has_a_reason() -> None:
    of_workspace = {
        model._meta.label_lower
        for model in apps.get_models()
        if model.__module__.startswith("dexxy.")
        and any(
            isinstance(field, ForeignKey | OneToOneField) and field.related_model is Workspace
            for field in model._meta.get_fields()
        )
    }
    by_kind = {
        "messages.thread",
        "messages.message",
        "messages.release",
        "members.member",
        "accounts.auditentry",
    }
    told = {one.model._meta.label_lower for one in tables.TABLES.values()} | by_kind

    assert of_workspace - told <= tables.LEFT_OUT.keys()
    assert not told & tables.LEFT_OUT.keys()
    known = {model._meta.label_lower for model in apps.get_models()}
    assert tables.LEFT_OUT.keys() <= known


@pytest.mark.usefixtures("told")
def test_a_worker_that_dies_at_any_batch_goes_on_there(
    alice: User, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 2)
    monkeypatch.setattr(tables, "BATCH", 2)
    monkeypatch.setattr(batches, "BATCH", 2)
    monkeypatch.setattr(export_making, "PIECE", 25)
    export = export_request(viewer=alice, workspace=workspace, what=Export.ALL, form=Format.ZIP)
    read, dies = batches.archive_batch, False

    def dying(*asked: Any) -> Any:
        nonlocal dies
        dies = not dies
        if dies:
            raise KeyboardInterrupt
        return read(*asked)

    monkeypatch.setattr(export_making, "archive_batch", dying)
    for _ in range(100):
        try:
            exports_work(seconds=10)
        except KeyboardInterrupt:
            ExportFile.objects.update(held_until=None)
        export.refresh_from_db()
        if export.is_ready:
            break

    found = opened(b"".join(export_pieces(export)))
    assert [one["body"] for one in found["messages.jsonl"]] == [
        f"word {n}" for n in (4, 3, 2, 1, 0)
    ]
    assert len(found["accounts.jsonl"]) == 1


@pytest.mark.usefixtures("told")
def test_an_administrator_alone_gets_it_and_only_while_they_are_one(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    path = f"/workspaces/{workspace.pk}/export/all.zip"
    client.force_login(bob)
    assert client.get(path).status_code == 403
    assert client.post(path).status_code == 403
    assert b"Everything at once" not in client.get(f"/w/{workspace.slug}/settings/data/").content

    client.force_login(alice)
    assert b"Everything at once" in client.get(f"/w/{workspace.slug}/settings/data/").content
    export = made(alice, workspace)
    file = f"/workspaces/{workspace.pk}/exports/{export.pk}"
    answer = client.get(file)
    assert answer["Content-Type"] == "application/zip"
    assert len(answer.getvalue()) == int(answer["Content-Length"])
    entry = AuditEntry.objects.get(action="export.requested")
    assert (entry.actor, entry.details) == (alice, {"what": "all", "form": "zip"})
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    Membership.objects.filter(user=alice).update(role=Role.MEMBER)
    assert client.get(file).status_code == 403


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_it_is_written_as_a_zip_file_alone(
    client: Client, alice: User, workspace: Workspace, form: str
) -> None:
    client.force_login(alice)

    assert client.get(f"/workspaces/{workspace.pk}/export/all.{form}").status_code == 404
    assert client.get(f"/workspaces/{workspace.pk}/export/threads.zip").status_code == 404


@pytest.mark.usefixtures("told")
def test_an_erasure_ends_it_and_the_next_one_tells_nothing_of_them(
    alice: User, workspace: Workspace
) -> None:
    export = made(alice, workspace)
    [account] = workspace.identities.all()

    person_erase(actor=alice, workspace=workspace, member_id=account.member_id, with_bodies=True)

    assert not ExportFile.objects.kept().filter(pk=export.pk).exists()
    found = opened(b"".join(export_pieces(made(alice, workspace))))
    everything = json.dumps(found)
    assert "mira" not in everything
    assert "Met in Oslo" not in everything
    assert found["accounts.jsonl"] == found["notes.jsonl"] == found["organizations.jsonl"] == []


@pytest.mark.usefixtures("told")
def test_nothing_of_another_workspace_is_in_it(alice: User, workspace: Workspace) -> None:
    empty = make_workspace(admin=alice)

    found = opened(b"".join(export_pieces(made(alice, empty))))

    counted = {name: len(rows) for name, rows in found.items() if rows and name != MANIFEST}
    assert counted == {"workspace.jsonl": 1, "memberships.jsonl": 1, "audit.jsonl": 1}


@pytest.mark.usefixtures("told")
def test_the_command_writes_the_same(workspace: Workspace, tmp_path: Path) -> None:
    by_flag, by_name = tmp_path / "flag.zip", tmp_path / "name.zip"

    call_command("export", all=True, workspace=workspace.slug, output=by_flag)
    call_command("export", "all", workspace=workspace.slug, output=by_name)

    one, other = (opened(path.read_bytes()) for path in (by_flag, by_name))
    assert [row["body"] for row in one["messages.jsonl"]] == WORDS
    assert {**one, MANIFEST: []} == {**other, MANIFEST: []}
    assert by_flag.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Say what to write: a kind such as `messages`, or --all."),
        ({"what": "threads", "all": True}, "--all writes everything: leave `threads` out"),
        ({"all": True, "format": "csv"}, "Everything is one zip file of JSON Lines"),
        ({"what": "threads", "format": "zip"}, "A zip file is of everything"),
        ({"all": True, "bom": True}, "--bom is for --format csv"),
        ({"all": True}, "A zip file is nothing to look at: name a FILE with --output."),
    ],
    ids=str,
)
def test_what_cannot_be_asked_of_the_command_is_said(
    workspace: Workspace, given: dict[str, Any], said: str
) -> None:
    kind = [given.pop("what")] if "what" in given else []

    with pytest.raises(WrongUseError, match=said):
        call_command("export", *kind, **given, workspace=workspace.slug, stdout=io.StringIO())
