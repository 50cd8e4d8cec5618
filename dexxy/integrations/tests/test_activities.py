"""Activities of platforms that Dexxy does not read, told by a script through both doors."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.management import call_command
from django.test import Client

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.cli.tests.running import COMMAND
from dexxy.common.errors import DexxyError
from dexxy.integrations.services.contributors import activities
from dexxy.integrations.services.contributors.activities import activities_ingest
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.models import Identity, Member, MergeSuggestion
from dexxy.messages.ingest.feeding import threads_feed
from dexxy.messages.models import Change, Message, Standing, Thread
from dexxy.messages.waiting.follower import waiting_catch_up
from dexxy.people.activities import storing
from dexxy.people.activities.ingesting import IngestReport
from dexxy.people.activities.lines import LONGEST_LINE
from dexxy.sources.models import Source
from tests.factories import make_identity
from tests.servers import own_database

Ask = Callable[..., dict[str, Any]]

Row = dict[str, Any]

SOURCE: Row = {"type": "source", "provider": "lists", "id": "dev", "name": "dev@ants.org"}
ADA: Row = {
    "type": "person",
    "provider": "lists",
    "id": "ada@ants.org",
    "username": "ada",
    "name": "Ada Anthill",
    "email": "ada@ants.org",
}
THREAD: Row = {
    "type": "thread",
    "provider": "lists",
    "source": "dev",
    "id": "<1@ants.org>",
    "title": "Where is the queen?",
    "body": "I looked everywhere.",
    "author": "ada@ants.org",
    "opened_at": "2026-03-01T12:00:00Z",
}
ANSWER: Row = {
    "type": "message",
    "provider": "lists",
    "source": "dev",
    "thread": "<1@ants.org>",
    "id": "<2@ants.org>",
    "body": "Below the sugar.",
    "author": "bob@ants.org",
    "occurred_at": "2026-03-01T14:00:00+01:00",
}
AGAIN: Row = {
    **ANSWER,
    "id": "<3@ants.org>",
    "parent": "<2@ants.org>",
    "body": "Thank you!",
    "author": "ada@ants.org",
    "occurred_at": "2026-03-02T08:00:00Z",
}
ALL = [SOURCE, ADA, THREAD, ANSWER, AGAIN]

Tell = Callable[..., IngestReport]


@pytest.fixture
def tell(workspace: Workspace) -> Tell:
    def tell(*rows: Row, **options: Any) -> IngestReport:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        return activities_ingest(workspace, io.BytesIO(text.encode()), **options)

    return tell


def message(**changed: Any) -> Row:
    return {**ANSWER, **changed}


def thread(**changed: Any) -> Row:
    return {**THREAD, **changed}


def stored() -> object:
    """Return all that is stored but when a source was fed."""
    rows = [
        list(model.objects.order_by("pk").values())
        for model in (Thread, Message, Identity, Member, Change)
    ]
    return rows, list(Source.objects.order_by("pk").values_list("pk", "name", "last_activity_at"))


def said() -> list[tuple[str, str | None, str]]:
    """Return kind, author and text of what the feed shows, the oldest first."""
    shown = Message.objects.in_feed().order_by("occurred_at", "pk")
    return list(shown.values_list("kind", "author__username", "body"))


# What is told.


def test_what_is_told_is_stored(tell: Tell) -> None:
    report = tell(*ALL)

    assert report.problems == []
    source = Source.objects.get()
    assert (source.kind, source.server, source.name) == ("fed", "lists", "dev@ants.org")
    assert source.last_activity_at == Message.objects.latest("occurred_at").occurred_at
    one = Thread.objects.get()
    assert (one.external_id, one.kind, one.state) == ("<1@ants.org>", "discussion", "open")
    assert (one.message_count, one.place, str(one)) == (3, "dev@ants.org", "Where is the queen?")
    assert one.first_response_at == Message.objects.get(external_id="<2@ants.org>").occurred_at
    assert said() == [
        ("opened", "ada", "I looked everywhere."),
        ("comment", "bob@ants.org", "Below the sugar."),
        ("comment", "ada", "Thank you!"),
    ]
    thanks = Message.objects.select_related("parent").get(body="Thank you!")
    assert thanks.parent is not None
    assert thanks.parent.body == "Below the sugar."
    ada = Identity.objects.get(username="ada")
    assert (ada.provider, ada.message_count, ada.email) == ("lists", 2, "ada@ants.org")


def test_telling_again_changes_nothing(tell: Tell) -> None:
    tell(*ALL)
    before = stored()

    report = tell(*ALL)

    assert stored() == before
    assert (report.stored.new_threads, report.stored.new_messages) == (0, 0)


def test_the_order_of_lines_does_not_matter(tell: Tell) -> None:
    report = tell(*reversed(ALL))

    assert report.bad == 0
    assert [text for _, _, text in said()] == [
        "I looked everywhere.",
        "Below the sugar.",
        "Thank you!",
    ]


def test_a_later_file_tells_more_of_what_is_stored(tell: Tell) -> None:
    tell(SOURCE, ADA, THREAD)

    report = tell(ANSWER, AGAIN)

    assert (report.stored.new_threads, report.stored.new_messages) == (0, 2)
    assert len(said()) == Thread.objects.get().message_count == 3
    assert Identity.objects.get(username="ada").message_count == 2


def test_a_thread_can_be_longer_than_a_batch(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "_MESSAGES_AT_ONCE", 2)

    report = tell(*ALL, *(message(id=f"m{number}") for number in range(5)))

    assert (report.stored.new_threads, report.stored.new_messages) == (1, 7)
    assert Thread.objects.get().message_count == 8


def test_threads_are_numbered_by_us_and_the_number_is_shown_nowhere(
    tell: Tell, client: Client, alice: User, workspace: Workspace
) -> None:
    tell(SOURCE, thread(id="b", opened_at="2026-03-02T00:00:00Z"), thread(id="a"))
    tell(thread(id="c", kind="issue"))

    assert list(Thread.objects.order_by("number").values_list("external_id", "number")) == [
        ("a", 1),
        ("b", 2),
        ("c", 3),
    ]
    client.force_login(alice)
    for page in ("feed/", "threads/", f"threads/{Thread.objects.get(external_id='a').pk}/"):
        shown = client.get(f"/w/{workspace.slug}/{page}").content.decode()
        assert "Where is the queen?" in shown
        assert "dev@ants.org #" not in shown
        assert "</a> #" not in shown


def test_the_states_of_threads_are_kept(tell: Tell) -> None:
    closed = {"state": "closed", "closed_at": "2026-03-05T00:00:00Z", "labels": ["sugar"]}

    tell(SOURCE, thread(**closed), message(id="x", kind="closed", body=""))

    one = Thread.objects.get()
    assert (one.state, one.labels, one.closed_at is not None) == ("closed", ["sugar"], True)
    tell(thread(updated_at="2026-03-06T00:00:00Z"), message(id="y", kind="reopened", body=""))
    one.refresh_from_db()
    assert (one.state, one.labels, one.closed_at) == ("open", [], None)


# What wins.


def test_an_older_version_never_overwrites_a_newer_one(tell: Tell) -> None:
    tell(SOURCE, thread(title="New", body="new", updated_at="2026-03-05T00:00:00Z"))
    tell(message(body="new", updated_at="2026-03-05T00:00:00Z"))
    before = stored()

    tell(thread(title="Old", body="old", updated_at="2026-03-04T00:00:00Z"))
    tell(message(body="old", updated_at="2026-03-04T00:00:00Z"), ANSWER)

    assert stored() == before


def test_of_two_lines_of_one_file_the_later_version_wins(tell: Tell) -> None:
    newer = message(body="newer", updated_at="2026-03-05T00:00:00Z")

    tell(SOURCE, THREAD, newer, ANSWER)

    assert said()[1] == ("comment", "bob@ants.org", "newer")
    assert Message.objects.get(kind="comment").edited_at is not None


def test_of_two_lines_of_one_version_the_last_one_wins(tell: Tell) -> None:
    tell(SOURCE, THREAD, ANSWER, message(body="corrected"))
    assert said()[1][2] == "corrected"

    tell(ANSWER)
    assert said()[1][2] == "Below the sugar."


def test_an_older_name_of_a_person_never_overwrites_a_newer_one(tell: Tell) -> None:
    new = {**ADA, "name": "Ada New", "email": "new@ants.org", "updated_at": "2026-03-05T00:00:00Z"}
    tell(new, {**new, "updated_at": "2026-03-07T00:00:00Z"})

    tell({**ADA, "updated_at": "2026-03-06T00:00:00Z"})

    ada = Identity.objects.get()
    assert (ada.name, ada.email, ada.member.display_name) == ("Ada New", "new@ants.org", "Ada New")


def test_who_wrote_before_anybody_told_of_them_gets_their_name_later(tell: Tell) -> None:
    tell(SOURCE, THREAD)
    assert Identity.objects.get().username == "ada@ants.org"

    tell({**ADA, "updated_at": "2020-01-01T00:00:00Z"})

    ada = Identity.objects.get()
    assert (ada.username, ada.member.display_name) == ("ada", "Ada Anthill")


GONE = {name: ANSWER[name] for name in ("type", "provider", "source", "thread", "id")}


def test_what_was_deleted_is_gone_until_a_later_version_tells_of_it(tell: Tell) -> None:
    tell(*ALL)
    tell({**GONE, "deleted": True, "updated_at": "2026-03-05T00:00:00Z"})
    assert [text for *_, text in said()] == ["I looked everywhere.", "Thank you!"]
    assert Thread.objects.get().message_count == 2
    assert Message.objects.get(body="Thank you!").parent is None

    tell(ANSWER, message(body="older", updated_at="2026-03-04T00:00:00Z"))
    assert len(said()) == 2

    tell(message(body="here again", updated_at="2026-03-06T00:00:00Z"))
    assert said()[1][2] == "here again"


def test_a_deleted_thread_takes_its_messages_along_and_brings_them_back(tell: Tell) -> None:
    tell(*ALL, message(id="spam"), {**GONE, "id": "spam", "deleted": True})
    name = {key: THREAD[key] for key in ("type", "provider", "source", "id")}

    tell({**name, "deleted": True, "updated_at": "2026-03-05T00:00:00Z"})
    assert said() == []
    assert Thread.objects.get().is_archived
    tell(*ALL, message(id="late"))
    assert said() == []

    tell(thread(updated_at="2026-03-06T00:00:00Z"))
    assert [text for *_, text in said()][::2] == ["I looked everywhere.", "Below the sugar."]
    assert len(said()) == Thread.objects.get().message_count == 4


def test_a_source_can_be_taken_away_and_come_back(tell: Tell) -> None:
    tell(*ALL)
    removed = {key: SOURCE[key] for key in ("type", "provider", "id")}

    tell({**removed, "deleted": True})
    assert Source.objects.get().is_archived

    tell({**SOURCE, "name": "New name"})
    source = Source.objects.get()
    assert (source.is_archived, source.name) == (False, "New name")
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["source.fed", "source.removed", "source.fed"]


# What is wrong.


def lines_of(report: IngestReport) -> list[tuple[int, str]]:
    return [(one.line, one.field) for one in report.problems]


def test_ten_errors_among_many_lines_are_told_by_line_and_nothing_is_taken(tell: Tell) -> None:
    rows = [*ALL, *(message(id=f"m{number}") for number in range(3000))]
    wrong = range(100, 3000, 290)
    for number in wrong:
        rows[number - 1] = {**rows[number - 1], "occurred_at": "soon"}

    report = tell(*rows)

    assert lines_of(report) == [(number, "occurred_at") for number in wrong]
    assert (len(wrong), report.bad, report.is_stored) == (10, 10, False)
    assert not Source.objects.exists()
    assert not Identity.objects.exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.django_db(transaction=True)
def test_ten_errors_in_a_million_lines_are_told_by_line_and_nothing_is_taken(
    workspace: Workspace, tmp_path: Path
) -> None:
    wrong = [97_003 * number for number in range(1, 11)]
    file = tmp_path / "a million.jsonl"
    with file.open("wb") as lines:
        for row in ALL:
            lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        for number in range(len(ALL) + 1, 1_000_001):
            at = "soon" if number in wrong else ANSWER["occurred_at"]
            row = message(id=f"m{number}", occurred_at=at, body=f"Word {number}. " * 10)
            lines.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
    command = [*COMMAND, "ingest", str(file), "--workspace", workspace.slug]

    with subprocess.Popen(
        command,
        env={**os.environ, **own_database()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)

    assert process.returncode == 1
    told = [line.partition(":")[0] for line in said.splitlines() if line.startswith("Line ")]
    assert told == [f"Line {number}, occurred_at" for number in wrong]
    assert "Nothing was stored." in said
    assert not Source.objects.exists()
    assert not Identity.objects.exists()
    assert used.ru_maxrss < 300 * 1024


def test_bad_lines_can_be_left_out(tell: Tell) -> None:
    report = tell(*ALL, message(id="bad", occurred_at="soon"), skips_bad_lines=True)

    assert (report.bad, report.is_stored, len(said())) == (1, True, 3)


def test_what_belongs_to_a_bad_line_is_left_out_with_it(tell: Tell) -> None:
    report = tell(SOURCE, {**THREAD, "title": ""}, ANSWER, skips_bad_lines=True)

    assert lines_of(report) == [(2, "title"), (3, "thread")]
    assert not Thread.objects.exists()


def test_sources_and_threads_have_to_be_known(tell: Tell) -> None:
    assert lines_of(tell(THREAD, ANSWER)) == [(1, "source"), (2, "source")]
    assert lines_of(tell(SOURCE, ANSWER)) == [(2, "thread")]


def test_a_thread_keeps_its_kind(tell: Tell) -> None:
    tell(SOURCE, THREAD)

    assert lines_of(tell(thread(kind="issue"))) == [(1, "kind")]
    both = [thread(id="new", kind="issue"), thread(id="new")]
    assert lines_of(tell(*both)) == [(1, "kind")]


def test_a_rehearsal_stores_nothing(tell: Tell) -> None:
    report = tell(*ALL, is_rehearsal=True)

    assert (report.total, report.bad, report.is_stored) == (5, 0, False)
    assert not Source.objects.exists()


def test_a_line_that_is_too_long_is_told_and_not_read_into_memory(workspace: Workspace) -> None:
    text = b"x" * (3 * LONGEST_LINE) + b"\n" + json.dumps(SOURCE).encode()

    report = activities_ingest(workspace, io.BytesIO(text), skips_bad_lines=True)

    assert [(one.line, one.text) for one in report.problems] == [
        (1, "It is longer than 2,000,000 bytes: shorten its body.")
    ]
    assert Source.objects.get().name == "dev@ants.org"


def test_empty_lines_and_the_marks_of_windows_are_no_problem(workspace: Workspace) -> None:
    text = b"\xef\xbb\xbf" + json.dumps(SOURCE).encode() + b"\r\n\r\n" + json.dumps(THREAD).encode()

    report = activities_ingest(workspace, io.BytesIO(text))

    assert (report.bad, report.total) == (0, 2)


# A kill in the middle.


@pytest.mark.parametrize("batches", range(3))
def test_what_is_killed_in_the_middle_is_done_again(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    monkeypatch.setattr(storing, "_MESSAGES_AT_ONCE", 1)
    left, feed = [None] * batches, threads_feed

    def killed(*args: Any, **options: Any) -> Any:
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return feed(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "threads_feed", killed)
        if batches < 2:
            with pytest.raises(KeyboardInterrupt):
                tell(*ALL)
        else:
            tell(*ALL)
    tell(*ALL)

    assert [text for *_, text in said()] == [
        "I looked everywhere.",
        "Below the sugar.",
        "Thank you!",
    ]
    assert Message.objects.get(body="Thank you!").parent is not None
    assert Thread.objects.get().message_count == 3
    counts = Identity.objects.order_by("username").values_list("username", "message_count")
    assert list(counts) == [("ada", 2), ("bob@ants.org", 1)]


# People.


def with_address(workspace: Workspace, email: str) -> Identity:
    """Make an account on GitHub with a proven address."""
    account = make_identity(workspace=workspace, username="anthill")
    account.email, account.is_email_verified = email, True
    account.save()
    return account


def test_an_address_that_nobody_has_proven_is_a_suggestion(
    tell: Tell, workspace: Workspace
) -> None:
    with_address(workspace, "ada@hill.org")

    tell({**ADA, "email": "ada@hill.org"})

    assert Member.objects.filter(identities__isnull=False).distinct().count() == 2
    assert MergeSuggestion.objects.count() == 1


def test_an_address_that_the_platform_has_proven_joins_people(
    tell: Tell, workspace: Workspace
) -> None:
    with_address(workspace, "ada@hill.org")

    tell({**ADA, "email": "ada@hill.org", "email_verified": True})

    members = set(Identity.objects.values_list("member", flat=True))
    assert len(members) == 1


def test_who_was_erased_stays_erased(tell: Tell, alice: User, workspace: Workspace) -> None:
    tell(*ALL)
    ada = Identity.objects.get(username="ada").member_id

    person_erase(actor=alice, workspace=workspace, member_id=ada, with_bodies=True)
    tell(*ALL, message(id="more", author="ada@ants.org", body="My secret"))

    assert not Identity.objects.filter(username__contains="ada").exists()
    assert not Identity.objects.filter(email__contains="ada").exists()
    assert not Message.objects.filter(body__in=["My secret", "Thank you!"]).exists()
    assert len(said()) == 4


def test_another_account_of_somebody_who_was_erased_is_nobodys(
    tell: Tell, alice: User, workspace: Workspace
) -> None:
    known = with_address(workspace, "ada@ants.org")
    person_erase(actor=alice, workspace=workspace, member_id=known.member_id)

    tell(*ALL)

    assert said()[::2] == [("opened", None, ""), ("comment", None, "")]
    assert not Identity.objects.filter(provider="lists", username__contains="ada").exists()


def test_a_bot_is_a_bot(tell: Tell) -> None:
    tell(SOURCE, THREAD, ANSWER, {**ADA, "id": "bob@ants.org", "bot": True})

    assert Identity.objects.get(username="ada").member.is_bot


# What is made of it.


@pytest.mark.django_db(transaction=True)
def test_who_waits_is_told_of_what_is_fed(tell: Tell) -> None:
    tell(SOURCE, THREAD)
    assert waiting_catch_up(seconds=10) == 0
    assert list(Standing.objects.values_list("side", "reason")) == [("team", "no_reply")]

    tell(thread(state="closed", closed_at="2026-03-05T00:00:00Z"))
    assert waiting_catch_up(seconds=10) == 0
    assert not Standing.objects.exists()


def test_pages_name_the_platform_and_never_github(
    tell: Tell, client: Client, alice: User, workspace: Workspace
) -> None:
    tell(SOURCE, ADA, thread(url="https://lists.ants.org/1", body="See #1, says @ada."))
    client.force_login(alice)
    pk = Thread.objects.get().pk

    page = client.get(f"/w/{workspace.slug}/threads/{pk}/").content.decode()

    main = page[page.index("<main") : page.index("</main>")]
    assert "Open on lists" in main
    assert "GitHub" not in main
    assert "See #1, says" in main
    fed = client.get(f"/w/{workspace.slug}/repositories/").content.decode()
    assert "Fed by scripts" in fed
    assert "dev@ants.org" in fed


# Both doors.

INGEST = """mutation ($input: ActivitiesIngestInput!) { activitiesIngest(input: $input) {
  sources people threads messages newThreads newMessages isStored } }"""


def by_api(ask: Ask, viewer: User, workspace: Workspace, text: str) -> dict[str, Any]:
    variables = {"workspaceId": str(workspace.pk), "lines": text}
    return ask(INGEST, viewer, input=variables)


def by_command(
    path: Path, workspace: Workspace, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, Any]:
    capsys.readouterr()
    arguments = [str(path), "--workspace", workspace.slug, "--json", *options]
    error = ""
    try:
        call_command("ingest", *arguments)
    except DexxyError as raised:
        error = str(raised)
    return {**json.loads(capsys.readouterr().out), "error": error}


def test_both_doors_store_the_same(
    ask: Ask, alice: User, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "".join(json.dumps(row) + "\n" for row in ALL)
    path = tmp_path / "told.jsonl"
    path.write_text(text, encoding="utf-8")

    answer = by_api(ask, alice, workspace, text)["data"]["activitiesIngest"]
    first = said()
    report = by_command(path, workspace, capsys)

    assert answer == {
        "sources": 1,
        "people": 1,
        "threads": 1,
        "messages": 2,
        "newThreads": 1,
        "newMessages": 2,
        "isStored": True,
    }
    assert (report["new_threads"], report["new_messages"], report["is_stored"]) == (0, 0, True)
    assert said() == first
    Thread.objects.all().delete()
    Message.objects.all().delete()
    report = by_command(path, workspace, capsys)
    assert report["lines"] == {"source": 1, "person": 1, "thread": 1, "message": 2}
    assert (report["new_threads"], report["new_messages"]) == (1, 2)
    assert said() == first


def test_both_doors_refuse_the_same(
    ask: Ask, alice: User, workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"{json.dumps(SOURCE)}\n{json.dumps(ANSWER)}\nnothing\n"
    path = tmp_path / "told.jsonl"
    path.write_text(text, encoding="utf-8")

    [error] = by_api(ask, alice, workspace, text)["errors"]
    report = by_command(path, workspace, capsys)

    assert error["message"] == report["error"]
    assert error["message"] == "2 of 3 lines cannot be taken, so nothing was."
    assert error["extensions"]["code"] == "INGEST_REFUSED"
    assert error["extensions"]["problems"] == report["problems"]
    assert [(one["line"], one["field"]) for one in report["problems"]] == [(2, "thread"), (3, "")]
    assert not Source.objects.exists()


def test_the_command_reads_its_input_and_says_each_problem_on_a_line(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(SOURCE) + "\n" + json.dumps({**ADA, "id": 7}) + "\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    call_command("ingest", "-", "--workspace", workspace.slug, "--skip-errors")

    assert capsys.readouterr().out.splitlines() == [
        "Line 2, id: It is no text: put it in quotes.",
        "Sources: 1, people: 0, threads: 0, messages: 0."
        " New threads: 0, new messages: 0. Left out: 1.",
    ]
    assert Source.objects.get().name == "dev@ants.org"


def test_only_administrators_may_send(
    ask: Ask, bob: User, charlie: User, workspace: Workspace
) -> None:
    for viewer, code in ((bob, "FORBIDDEN"), (charlie, "NOT_FOUND")):
        [error] = by_api(ask, viewer, workspace, json.dumps(SOURCE))["errors"]
        assert error["extensions"]["code"] == code
    assert not Source.objects.exists()


def test_the_api_takes_so_much_at_once(ask: Ask, alice: User, workspace: Workspace) -> None:
    many = "\n" * (activities.MOST_LINES_SENT + 1)
    for text in (many, "x" * (activities.MOST_BYTES_SENT + 1)):
        [error] = by_api(ask, alice, workspace, text)["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "`dexxy ingest` takes files of any length." in error["message"]
