import csv
import io
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts.models import User, Workspace
from dexxy.cli.errors import WrongUseError
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.messages.models import ArchivedReason, MessageKind, Thread
from dexxy.people import export_rows, export_text
from dexxy.people.export_selection import Asked
from dexxy.people.export_text import export_whole
from dexxy.people.models import Export, Format
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from tests.factories import make_identity, make_message, make_source, make_thread, make_workspace


def rows(workspace: Workspace, what: Export) -> list[dict[str, object]]:
    lines = "".join(export_whole(Asked(workspace), what, Format.JSON_LINES)).splitlines()
    return [json.loads(line) for line in lines]


def table(workspace: Workspace, what: Export) -> list[dict[str, str]]:
    text = "".join(export_whole(Asked(workspace), what, Format.CSV))
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def thread(workspace: Workspace, source: Source) -> Thread:
    author = make_identity(workspace=workspace, username="mira", name="Mira")
    return make_thread(source=source, number=7, title="Leak", author=author, labels=["bug", "p1"])


def test_every_message_is_written_once_however_many_there_are(
    workspace: Workspace, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 2)
    for number in range(5):
        make_message(thread=thread, body=f"line\n{number}", author=thread.author)
    make_message(thread=thread, archived_reason=ArchivedReason.DELETED)
    make_message(thread=make_thread(source=make_source(workspace=make_workspace())))

    found = rows(workspace, Export.MESSAGES)

    assert [row["body"] for row in found] == [f"line\n{number}" for number in (4, 3, 2, 1, 0)]
    assert [row["body"] for row in table(workspace, Export.MESSAGES)] == [r["body"] for r in found]
    assert {(row["author"], row["thread_number"]) for row in found} == {("mira", 7)}


def test_threads_and_members_have_what_the_api_shows(workspace: Workspace, thread: Thread) -> None:
    thread.issue_type = "Bug"
    thread.save()
    [found] = rows(workspace, Export.THREADS)
    [member] = rows(workspace, Export.MEMBERS)

    assert (found["title"], found["labels"], found["author"]) == ("Leak", ["bug", "p1"], "mira")
    assert (member["display_name"], member["accounts"]) == ("Mira", ["github:mira"])
    [in_table] = table(workspace, Export.THREADS)
    assert (in_table["labels"], in_table["issue_type"]) == ("bug; p1", "Bug")


def test_events_say_what_they_are_about_and_messages_leave_them_out(
    workspace: Workspace, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_rows, "BATCH", 1)
    label = {"type": "label", "name": "bug"}
    pushed = {"type": "commit", "oid": "6dcb09b5", "url": "https://github.com/o/r/commit/6dcb09b5"}
    make_message(thread=thread)
    for kind, subject in ((MessageKind.LABELED, label), (MessageKind.PUSHED, pushed)):
        make_message(thread=thread, kind=kind, details={"subject": subject}, in_feed=False)
    make_message(thread=thread, kind=MessageKind.DRAFTED, in_feed=False)

    found = table(workspace, Export.EVENTS)

    assert [tuple(row.values())[-4:] for row in found] == [
        ("", "", "", ""),
        ("commit", "6dcb09b5", "", "https://github.com/o/r/commit/6dcb09b5"),
        ("label", "", "bug", ""),
    ]
    assert [row["kind"] for row in rows(workspace, Export.EVENTS)] == [
        "drafted",
        "pushed",
        "labeled",
    ]
    assert [row["kind"] for row in rows(workspace, Export.MESSAGES)] == ["comment"]


# The columns of before, whose places no table changes.
THREADS_BEFORE = "id source kind number title state state_reason labels category milestone"
THREADS_BEFORE += " issue_type is_locked assignees url author author_id member_id opened_at"
THREADS_BEFORE += (
    " closed_at merged_at answered_at first_response_at last_activity_at message_count"
)
MESSAGES_BEFORE = "id source thread_id thread_kind thread_number thread_title kind author author_id"
MESSAGES_BEFORE += " member_id body url occurred_at edited_at"


def behind(before: str, row: dict[str, Any]) -> dict[str, Any]:
    """Return what a row has behind the columns of before."""
    names = before.split()
    assert list(row)[: len(names)] == names
    return dict(list(row.items())[len(names) :])


def test_a_thread_has_what_only_some_have_behind_its_other_columns(
    workspace: Workspace, thread: Thread
) -> None:
    thread.head_oid = "6dcb09b5"
    thread.details = {
        "association": "member",
        "lock_reason": "spam",
        "is_answerable": True,
        "upvotes": 4,
        "reactions": {"heart": 2, "+1": 3},
        "parent": {"type": "issue", "number": 3, "url": "https://github.com/o/r/issues/3"},
        "sub_issues": {"total": 2, "closed": 1},
        "head_committed_at": "2026-03-01T12:00:00Z",
    }
    thread.save()

    [found], [in_table] = rows(workspace, Export.THREADS), table(workspace, Export.THREADS)

    assert behind(THREADS_BEFORE, found) == {
        "head_oid": "6dcb09b5",
        "association": "member",
        "lock_reason": "spam",
        "is_answerable": True,
        "upvotes": 4,
        "reactions": [{"name": "+1", "count": 3}, {"name": "heart", "count": 2}],
        "parent_number": 3,
        "parent_url": "https://github.com/o/r/issues/3",
        "sub_issues": 2,
        "closed_sub_issues": 1,
        "head_committed_at": "2026-03-01T12:00:00Z",
    }
    assert behind(THREADS_BEFORE, in_table) == {
        "head_oid": "6dcb09b5",
        "association": "member",
        "lock_reason": "spam",
        "is_answerable": "True",
        "upvotes": "4",
        # A spreadsheet would run what begins with a sign.
        "reactions": "'+1: 3; heart: 2",
        "parent_number": "3",
        "parent_url": "https://github.com/o/r/issues/3",
        "sub_issues": "2",
        "closed_sub_issues": "1",
        "head_committed_at": "2026-03-01T12:00:00Z",
    }


def test_a_thread_without_details_has_the_same_columns(
    workspace: Workspace, thread: Thread
) -> None:
    [found], [in_table] = rows(workspace, Export.THREADS), table(workspace, Export.THREADS)

    assert behind(THREADS_BEFORE, found) == {
        "head_oid": "",
        "association": None,
        "lock_reason": None,
        "is_answerable": None,
        "upvotes": None,
        "reactions": [],
        "parent_number": None,
        "parent_url": None,
        "sub_issues": 0,
        "closed_sub_issues": 0,
        "head_committed_at": None,
    }
    told = {name for name, value in behind(THREADS_BEFORE, in_table).items() if value}
    assert told == {"sub_issues", "closed_sub_issues"}


def test_a_message_says_who_wrote_it_why_it_is_hidden_and_what_a_review_says(
    workspace: Workspace, thread: Thread
) -> None:
    make_message(thread=thread, details={"association": "owner", "minimized": "off-topic"})
    make_message(thread=thread, kind=MessageKind.REVIEW, details={"state": "APPROVED"})
    make_message(thread=thread, details={"minimized": "=1+1", "state": "of something else"})

    found, in_table = rows(workspace, Export.MESSAGES), table(workspace, Export.MESSAGES)

    nothing = {"association": None, "minimized_reason": None, "review_state": None}
    assert [behind(MESSAGES_BEFORE, row) for row in found] == [
        {**nothing, "minimized_reason": "=1+1"},
        {**nothing, "review_state": "APPROVED"},
        {**nothing, "association": "owner", "minimized_reason": "off-topic"},
    ]
    assert [tuple(behind(MESSAGES_BEFORE, row).values()) for row in in_table] == [
        ("", "'=1+1", ""),
        ("", "", "APPROVED"),
        ("owner", "off-topic", ""),
    ]


@pytest.mark.parametrize("what", [Export.THREADS, Export.MESSAGES])
def test_more_rows_need_no_more_queries(
    workspace: Workspace,
    source: Source,
    what: Export,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def more() -> None:
        for _ in range(3):
            author = make_identity(workspace=workspace)
            made = make_thread(source=source, author=author)
            make_message(thread=made, author=author, details={"association": "owner"})

    more()
    with CaptureQueriesContext(connection) as few:
        rows(workspace, what)
    more()

    with django_assert_num_queries(len(few)):
        assert len(rows(workspace, what)) == 6


def test_what_an_erased_person_is_to_a_repository_is_not_told(
    alice: User, workspace: Workspace, thread: Thread
) -> None:
    thread.details = {"association": "owner", "upvotes": 4}
    thread.save()
    other = make_identity(workspace=workspace, username="jo")
    for author in (thread.author, other):
        make_message(thread=thread, author=author, details={"association": "owner"})
    assert thread.author is not None

    person_erase(
        actor=alice, workspace=workspace, member_id=thread.author.member_id, with_bodies=False
    )

    [opened] = rows(workspace, Export.THREADS)
    assert (opened["author"], opened["association"], opened["upvotes"]) == ("", None, 4)
    said = [(row["author"], row["association"]) for row in rows(workspace, Export.MESSAGES)]
    assert said == [("jo", "owner"), ("", None)]


@pytest.mark.parametrize("what", Export.of_all())
@pytest.mark.parametrize("form", Format)
def test_nothing_is_written_of_an_empty_workspace_but_the_head_of_a_table(
    workspace: Workspace, what: Export, form: Format
) -> None:
    text = "".join(export_whole(Asked(workspace), what, form))

    assert text.startswith("id,") if form == Format.CSV else text == ""


@pytest.mark.parametrize("body", ["=1+1", "+1", "-1", "@x", "\t=1", "\n=1", "＝1"])
def test_what_a_spreadsheet_would_run_is_text_there(
    workspace: Workspace, thread: Thread, body: str
) -> None:
    make_message(thread=thread, body=body)

    assert table(workspace, Export.MESSAGES)[0]["body"] == f"'{body}"
    assert rows(workspace, Export.MESSAGES)[0]["body"] == body


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


def test_the_command_writes_a_file_for_its_owner_alone_and_whole_or_not_at_all(
    workspace: Workspace, thread: Thread, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "threads.jsonl"
    target.write_text("of before")
    target.chmod(0o644)
    options = ("export", "threads", "--workspace", workspace.slug, "--output", str(target))

    with monkeypatch.context() as broken:
        broken.setitem(export_text._EXPORTS, Export.THREADS, ((), lambda *_: 1 / 0))
        with pytest.raises(ZeroDivisionError):
            call_command(*options)
    after_failure = target.read_text(), list(tmp_path.iterdir())
    call_command(*options)

    assert after_failure == ("of before", [target])
    assert json.loads(target.read_text("utf-8"))["title"] == "Leak"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_table_for_excel_begins_with_a_byte_order_mark(
    workspace: Workspace, thread: Thread, tmp_path: Path
) -> None:
    make_message(thread=thread, body="日本語 é")
    target = tmp_path / "messages.csv"
    options = ("export", "messages", "--workspace", workspace.slug, "--output", str(target))

    call_command(*options, "--format", "csv", "--bom")

    assert target.read_bytes().startswith(b"\xef\xbb\xbfid,")
    assert "日本語 é" in target.read_text("utf-8-sig")
    with pytest.raises(WrongUseError, match="csv"):
        call_command(*options, "--bom")


def test_growth_has_a_row_for_each_day_of_each_repository(
    workspace: Workspace, source: Source
) -> None:
    other = make_source(workspace=make_workspace())
    for where, day, stars in ((source, 1, 5), (source, 2, 6), (other, 2, 9)):
        taken_at = datetime(2026, 3, day, 23, tzinfo=UTC)
        counts_note(where.pk, Counts(stars, 2), taken_at=taken_at, is_hint=False)

    assert [(row["date"], row["stars"]) for row in rows(workspace, Export.GROWTH)] == [
        ("2026-03-02", 6),
        ("2026-03-01", 5),
    ]
    [_, first] = table(workspace, Export.GROWTH)
    assert first == {
        "id": first["id"],
        "source": source.name,
        "date": "2026-03-01",
        "stars": "5",
        "forks": "2",
        "taken_at": "2026-03-01T23:00:00+00:00",
    }
