import csv
import io
import json
import stat
from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import StreamingHttpResponse
from django.test import Client, override_settings

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import User, Workspace
from dexxy.cli.errors import WrongUseError
from dexxy.messages.models import ArchivedReason, Thread
from dexxy.people import exports
from dexxy.people.exports import Export, Format, export_whole
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_source, make_thread, make_workspace


def rows(workspace: Workspace, what: Export) -> list[dict[str, object]]:
    lines = "".join(export_whole(workspace, what, Format.JSON_LINES)).splitlines()
    return [json.loads(line) for line in lines]


def table(workspace: Workspace, what: Export) -> list[dict[str, str]]:
    text = "".join(export_whole(workspace, what, Format.CSV))
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def thread(workspace: Workspace, source: Source) -> Thread:
    author = make_identity(workspace=workspace, username="mira", name="Mira")
    return make_thread(source=source, number=7, title="Leak", author=author, labels=["bug", "p1"])


def test_every_message_is_written_once_however_many_there_are(
    workspace: Workspace, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "_BATCH", 2)
    for number in range(5):
        make_message(thread=thread, body=f"line\n{number}", author=thread.author)
    make_message(thread=thread, archived_reason=ArchivedReason.DELETED)
    make_message(thread=make_thread(source=make_source(workspace=make_workspace())))

    found = rows(workspace, Export.MESSAGES)

    assert [row["body"] for row in found] == [f"line\n{number}" for number in (4, 3, 2, 1, 0)]
    assert [row["body"] for row in table(workspace, Export.MESSAGES)] == [r["body"] for r in found]
    assert {(row["author"], row["thread_number"]) for row in found} == {("mira", 7)}


def test_threads_and_members_have_what_the_api_shows(workspace: Workspace, thread: Thread) -> None:
    [found] = rows(workspace, Export.THREADS)
    [member] = rows(workspace, Export.MEMBERS)

    assert (found["title"], found["labels"], found["author"]) == ("Leak", ["bug", "p1"], "mira")
    assert (member["display_name"], member["accounts"]) == ("Mira", ["github:mira"])
    assert table(workspace, Export.THREADS)[0]["labels"] == "bug; p1"


@pytest.mark.parametrize("what", Export)
@pytest.mark.parametrize("form", Format)
def test_nothing_is_written_of_an_empty_workspace_but_the_head_of_a_table(
    workspace: Workspace, what: Export, form: Format
) -> None:
    text = "".join(export_whole(workspace, what, form))

    assert text.startswith("id,") if form == Format.CSV else text == ""


@pytest.mark.parametrize("body", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_what_a_spreadsheet_would_run_is_text_there(
    workspace: Workspace, thread: Thread, body: str
) -> None:
    make_message(thread=thread, body=body)

    assert table(workspace, Export.MESSAGES)[0]["body"] == f"'{body}"
    assert rows(workspace, Export.MESSAGES)[0]["body"] == body


def test_an_export_is_streamed_to_who_may_see_the_workspace(
    client: Client, bob: User, workspace: Workspace, thread: Thread
) -> None:
    make_message(thread=thread, body="hello")
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="script")
    path = f"/workspaces/{workspace.pk}/export/messages.jsonl"

    response = client.get(path, headers={"Authorization": f"Bearer {secret}"})

    assert isinstance(response, StreamingHttpResponse)
    assert json.loads(b"".join(response.streaming_content))["body"] == "hello"
    assert response["Content-Type"] == "application/jsonl; charset=utf-8"


def test_an_export_is_refused_to_everybody_else(
    client: Client, charlie: User, workspace: Workspace
) -> None:
    path = f"/workspaces/{workspace.pk}/export/messages.csv"
    assert client.get(path).status_code == 401
    assert client.get(path, headers={"Authorization": "Bearer x"}).status_code == 401
    client.force_login(charlie)

    foreign = client.get(path)
    missing = client.get("/workspaces/987654/export/messages.csv")

    assert (foreign.status_code, foreign.content) == (404, missing.content)
    assert client.get(path.replace("messages.csv", "poems.csv")).status_code == 404
    assert client.post(path).status_code == 405


@override_settings(DEXXY_API_BUDGET=500)
def test_an_export_is_as_dear_as_the_dearest_document(
    client: Client, bob: User, workspace: Workspace
) -> None:
    client.force_login(bob)
    path = f"/workspaces/{workspace.pk}/export/messages.csv"

    given, refused = client.get(path), client.get(path)

    assert (given.status_code, given["RateLimit-Remaining"]) == (200, "0")
    assert refused.status_code == 429
    assert json.loads(refused.content)["errors"][0]["extensions"] == {"code": "RATE_LIMITED"}


def test_the_command_writes_a_file_and_names_the_workspaces_there_are(
    workspace: Workspace, thread: Thread, tmp_path: Path
) -> None:
    target = tmp_path / "threads.csv"

    call_command(
        "export",
        "threads",
        "--workspace",
        workspace.slug,
        "--format",
        "csv",
        "--output",
        str(target),
    )

    assert table(workspace, Export.THREADS) == list(
        csv.DictReader(io.StringIO(target.read_text("utf-8")))
    )
    with pytest.raises(WrongUseError, match=workspace.slug):
        call_command("export", "threads", "--workspace", "nowhere")


def test_an_export_over_a_file_that_all_could_read_is_for_its_owner_alone(
    workspace: Workspace, tmp_path: Path
) -> None:
    target = tmp_path / "exported"
    target.touch(0o644)

    call_command("export", "members", "--workspace", workspace.slug, "--output", str(target))

    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("what", Export.values)
@pytest.mark.parametrize("form", Format.values)
def test_a_browser_a_program_and_the_command_get_the_same(
    client: Client,
    bob: User,
    workspace: Workspace,
    thread: Thread,
    tmp_path: Path,
    what: str,
    form: str,
) -> None:
    make_message(thread=thread, author=thread.author, body="hello, there")
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="program")
    path, target = f"/workspaces/{workspace.pk}/export/{what}.{form}", tmp_path / "exported"

    by_program = client.get(path, headers={"Authorization": f"Bearer {secret}"})
    client.force_login(bob)
    by_browser = client.get(path)
    options = ("--workspace", workspace.slug, "--format", form, "--output", str(target))
    call_command("export", what, *options)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert isinstance(by_program, StreamingHttpResponse)
    assert isinstance(by_browser, StreamingHttpResponse)
    assert by_browser.getvalue() == by_program.getvalue() == target.read_bytes()
    assert b"mira" in target.read_bytes()
