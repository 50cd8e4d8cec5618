"""What each tool answers: the rows that the pages show, in pages that fit, and nothing more."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from jsonschema import Draft202012Validator

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.common.pages import InvalidCursorError
from dexxy.mcp.arguments import LONGEST_TEXT, MOST_ITEMS
from dexxy.mcp.catalogue import TOOLS
from dexxy.mcp.server import described
from dexxy.mcp.tests.conftest import BASE, Use
from dexxy.mcp.tool import MOST_BYTES, WrongCallError
from dexxy.members.models import Identity
from dexxy.messages.changes.noting import messages_noted
from dexxy.messages.changes.positions import Position
from dexxy.messages.models import Message, Thread
from dexxy.messages.selectors import ThreadNotFoundError
from dexxy.sources.models import Source, SourceKind
from tests.everything import stored
from tests.factories import changes_settle, make_identity, make_message, make_thread


def text_in(marked: str) -> str:
    """Return what stands between the marks."""
    assert marked.startswith("<untrusted-"), marked
    assert "</untrusted-" in marked
    return marked.partition(">")[2].rpartition("</")[0]


def fits(name: str, told: dict[str, Any]) -> bool:
    """Say whether an answer is what the tool says that it answers."""
    schema = described(TOOLS[name]).output_schema
    assert schema is not None
    Draft202012Validator(schema).validate(told)
    return len(json.dumps(told, ensure_ascii=False).encode()) <= MOST_BYTES


def test_the_workspace_tells_what_there_is(use: Use, waiting: Thread, alice: User) -> None:
    told = use("get_workspace")

    assert fits("get_workspace", told)
    assert told["name"] == "Team"
    assert told["page"] == BASE + reverse("waiting", args=[waiting.workspace.slug])
    assert told["signed_in_as"] == str(alice)
    assert [one["name"] for one in told["repositories"]] == ["owner/repo"]
    assert told["waiting"]["total"] == told["waiting"]["days_2_to_7"] == 1
    assert told["team_size"] == 1


def test_who_waits_is_told_with_since_when_and_why(use: Use, waiting: Thread) -> None:
    told = use("list_waiting")

    assert fits("list_waiting", told)
    [row] = told["threads"]
    assert row["waited_hours"] == 50.0
    assert row["reason"] == "no_reply"
    assert text_in(row["message"]["text"]) == "An error at start."
    assert row["thread"]["thread_id"] == str(waiting.pk)
    assert (row["thread"]["repository"], row["thread"]["number"]) == ("owner/repo", 7)
    assert row["thread"]["author"]["login"] == "meisand"
    assert text_in(row["thread"]["author"]["name"]) == "Mei Sand"
    page = reverse("thread", args=[waiting.workspace.slug, waiting.pk])
    assert row["thread"]["page"] == BASE + page
    assert "next_cursor" not in told


def test_the_number_that_we_gave_a_thread_of_a_script_is_told_to_no_model(
    use: Use, waiting: Thread
) -> None:
    Source.objects.filter(pk=waiting.source_id).update(kind=SourceKind.FED)
    Thread.objects.filter(pk=waiting.pk).update(external_id="<1@ants.org>")

    asked: list[tuple[str, dict[str, Any]]] = [
        ("list_waiting", {}),
        ("get_thread", {"thread_id": str(waiting.pk)}),
        *(("search", {"query": "", "find": what}) for what in ("threads", "messages")),
    ]
    for name, arguments in asked:
        told = use(name, **arguments)
        assert fits(name, told)
        assert '"number"' not in json.dumps(told), name


def test_the_queue_takes_the_language_of_the_search_fields(use: Use, waiting: Thread) -> None:
    assert use("list_waiting", query="author:meisand")["threads"]
    assert use("list_waiting", query="author:somebody-else")["threads"] == []
    assert use("list_waiting", list="snoozed")["threads"] == []


def test_a_search_finds_threads_messages_and_people(
    use: Use, waiting: Thread, long: list[Message]
) -> None:
    threads = use("search", query="author:meisand is:open")
    messages = use("search", query="", find="messages", limit=2)
    people = use("search", query="sand", find="people")

    assert fits("search", threads)
    assert [one["number"] for one in threads["threads"]] == [7]
    assert "waiting_since" in threads["threads"][0]
    assert [text_in(one["text"]) for one in messages["messages"]] == ["no 29", "no 28"]
    assert messages["messages"][0]["number"] == 7
    assert [one["login"] for one in people["people"]] == ["meisand"]
    assert fits("search", people)


def test_a_search_says_what_it_did_not_understand(use: Use, waiting: Thread) -> None:
    told = use("search", query="is:nonsense")

    [problem] = told["not_understood"]
    assert problem.startswith("is: is one of open, closed, merged, draft, ")


def pages(use: Use, name: str, items: str, **arguments: Any) -> Iterator[list[Any]]:
    cursor = ""
    while True:
        told = use(name, cursor=cursor, **arguments)
        assert fits(name, told)
        yield told[items]
        cursor = told.get("next_cursor", "")
        if not cursor:
            return


def test_pages_go_on_to_the_end_and_repeat_nothing(use: Use, long: list[Message]) -> None:
    found = list(pages(use, "search", "messages", query="", find="messages", limit=7))

    ids = [one["message_id"] for page in found for one in page]
    assert [len(page) for page in found] == [7, 7, 7, 7, 3]
    assert len(set(ids)) == len(ids) == 31


def test_an_answer_that_would_be_too_large_ends_sooner_and_goes_on(
    use: Use, waiting: Thread, mei: Identity
) -> None:
    for number in range(12):
        at = timezone.now() - timedelta(minutes=number)
        make_message(thread=waiting, author=mei, body="漢" * LONGEST_TEXT, occurred_at=at)

    asked = {"query": "", "find": "messages", "limit": MOST_ITEMS, "longest_text": LONGEST_TEXT}
    found = list(pages(use, "search", "messages", **asked))

    ids = [one["message_id"] for page in found for one in page]
    assert [len(page) for page in found] == [2, 2, 2, 2, 2, 3]
    assert len(set(ids)) == 13


def test_a_thread_is_read_from_its_beginning_to_its_end(
    use: Use, waiting: Thread, long: list[Message]
) -> None:
    first = use("get_thread", thread_id=str(waiting.pk), limit=20)
    second = use("get_thread", thread_id=str(waiting.pk), limit=20, after=first["next_cursor"])

    assert fits("get_thread", first)
    assert text_in(first["thread"]["title"]) == "It crashes"
    assert first["messages"][0]["kind"] == "opened"
    assert "previous_cursor" not in first
    assert text_in(second["messages"][0]["text"]) == "no 19"
    assert text_in(second["messages"][-1]["text"]) == "no 29"
    assert "next_cursor" not in second


def test_a_thread_is_read_from_its_end_back_to_its_beginning(
    use: Use, waiting: Thread, long: list[Message]
) -> None:
    last = use("get_thread", thread_id=str(waiting.pk), limit=20, start="end")
    before = use("get_thread", thread_id=str(waiting.pk), limit=20, before=last["previous_cursor"])

    assert text_in(last["messages"][0]["text"]) == "no 10"
    assert text_in(last["messages"][-1]["text"]) == "no 29"
    assert "next_cursor" not in last
    assert before["messages"][0]["kind"] == "opened"
    assert text_in(before["messages"][-1]["text"]) == "no 9"
    assert "previous_cursor" not in before
    again = use("get_thread", thread_id=str(waiting.pk), limit=20, after=before["next_cursor"])
    assert text_in(again["messages"][0]["text"]) == "no 10"


def test_the_end_of_a_thread_with_long_texts_is_its_newest_messages(
    use: Use, waiting: Thread, mei: Identity
) -> None:
    for number in range(5):
        at = timezone.now() - timedelta(minutes=9 - number)
        body = f"{number}{'漢' * LONGEST_TEXT}"
        make_message(thread=waiting, author=mei, body=body, occurred_at=at)
    asked: dict[str, Any] = {"thread_id": str(waiting.pk), "longest_text": LONGEST_TEXT}

    last = use("get_thread", start="end", **asked)
    before = use("get_thread", before=last["previous_cursor"], **asked)

    assert fits("get_thread", last)
    assert [text_in(one["text"])[0] for one in last["messages"]] == ["3", "4"]
    assert [one["is_cut"] for one in last["messages"]] == [True, True]
    assert [text_in(one["text"])[0] for one in before["messages"]] == ["1", "2"]


@pytest.mark.parametrize(
    "reference", ["#7", "owner/repo#7", "repo#7", "https://github.com/owner/repo/issues/7"]
)
def test_a_thread_is_named_as_people_name_it(use: Use, waiting: Thread, reference: str) -> None:
    told = use("get_thread", reference=reference)

    assert told["thread"]["thread_id"] == str(waiting.pk)


def test_a_message_that_is_hidden_as_spam_comes_without_its_text(
    use: Use, waiting: Thread, mei: Identity
) -> None:
    make_message(thread=waiting, author=mei, body="buy this", details={"minimized": "spam"})
    make_message(thread=waiting, author=mei, body="solved", details={"minimized": "resolved"})

    told = use("get_thread", thread_id=str(waiting.pk))

    by_reason = {one.get("hidden_as", ""): one.get("text", "") for one in told["messages"][:2]}
    assert by_reason["spam"] == ""
    assert "solved" in str(told)
    assert "buy this" not in str(told)


def test_a_person_is_told_with_what_they_did_and_without_addresses(
    use: Use, waiting: Thread, mei: Identity
) -> None:
    mei.email = "mei@example.org"
    mei.save()

    by_name = use("get_member", name="Mei Sand")
    by_id = use("get_member", member_id=str(mei.member_id))

    assert fits("get_member", by_id)
    assert {**by_name, "notice": ""}.keys() == by_id.keys()
    assert by_id["accounts"] == [
        {"server": "github", "login": "meisand", "url": "https://github.com/meisand"}
    ]
    assert by_id["opened_threads"] == [{"kind": "issue", "state": "open", "count": 1}]
    assert (by_id["message_count"], by_id["waiting_threads"]) == (1, 1)
    assert by_id["page"] == BASE + reverse("member", args=[waiting.workspace.slug, mei.member_id])
    assert "mei@" not in str(by_id)


def test_figures_are_those_of_the_pages(use: Use, waiting: Thread) -> None:
    told = use("get_insights", figures=list(map(str, _all_figures())))

    assert fits("get_insights", told)
    assert told["activity"]["messages"] == 1
    kinds = [one["kind"] for one in told["first_response"]]
    assert kinds == ["issue", "pull_request", "discussion"]
    assert told["first_response"][0]["still_open"] == 1
    assert told["flow"][0] == {
        "kind": "issue",
        "open_before": 0,
        "opened": 1,
        "closed": 0,
        "reopened": 0,
        "open_after": 1,
    }
    assert told["pull_requests"]["merged"] == 0


def _all_figures() -> list[str]:
    schema = described(TOOLS["get_insights"]).input_schema
    return list(schema["$defs"]["Figure"]["enum"])


def test_an_unknown_repository_is_told_with_those_that_there_are(use: Use, source: Source) -> None:
    with pytest.raises(WrongCallError, match=r"followed here. There are: owner/repo\."):
        use("get_insights", repositories=["nothing"])


@pytest.mark.django_db(transaction=True)
def test_changes_are_told_from_a_time_and_then_from_a_cursor_on(
    use: Use, waiting: Thread, mei: Identity
) -> None:
    since = (timezone.now() - timedelta(days=3)).isoformat()
    first = use("list_changes", since=since)
    make_message(thread=waiting, author=mei, body="news")

    second = use("list_changes", cursor=first["next_cursor"])
    third = use("list_changes", cursor=second["next_cursor"])

    assert fits("list_changes", first)
    assert [one["message"]["kind"] for one in first["changes"]] == ["opened"]
    assert [text_in(one["message"]["text"]) for one in second["changes"]] == ["news"]
    assert third["changes"] == []


@pytest.mark.django_db(transaction=True)
def test_what_was_removed_is_told_without_its_words(
    use: Use, waiting: Thread, mei: Identity
) -> None:
    gone = make_message(thread=waiting, author=mei, body="taken back")
    start = use("list_changes")["next_cursor"]
    _remove(gone)

    told = use("list_changes", cursor=start)

    assert told["changes"] == [{"message_id": str(gone.pk), "is_removed": True}]


def _remove(message: Message) -> None:
    remove = messages_noted(
        "UPDATE messages_message m SET is_archived = true, archived_reason = 'deleted'"
        " WHERE id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(remove, [message.pk])


def test_a_cursor_whose_changes_are_gone_says_how_to_go_on(use: Use, source: Source) -> None:
    start = use("list_changes")["next_cursor"]
    changes_settle()

    with pytest.raises(DexxyError, match="call list_changes without a cursor, with `since`"):
        use("list_changes", cursor=_of_another_epoch(start))


def _of_another_epoch(cursor: str) -> str:
    position = Position.parse(cursor)
    return str(type(position)(**{**vars(position), "epoch": position.epoch + 1}))


def test_no_call_changes_anything(use: Use, waiting: Thread, mei: Identity) -> None:
    use("list_changes")  # the first reader of the log begins an epoch
    before = stored()

    for name, tool in TOOLS.items():
        needed: dict[str, dict[str, Any]] = {
            "search": {"query": ""},
            "get_thread": {"thread_id": str(waiting.pk)},
            "get_member": {"member_id": str(mei.member_id)},
        }
        assert fits(name, use(name, **needed.get(name, {}))), tool

    assert stored() == before


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("nothing", {}, "There is no tool nothing. There are: get_workspace, list_waiting"),
        ("list_waiting", {"limit": 51}, "`limit`: Input should be less than or equal to 50."),
        ("list_waiting", {"page": 2}, "list_waiting takes no `page`. Its arguments: list, query,"),
        ("get_thread", {}, "Name the thread by `thread_id` or by `reference`, one of them."),
        ("get_thread", {"thread_id": "x"}, "There is no such thread."),
        ("get_thread", {"reference": "#99"}, "There is no such thread here, or several"),
        ("get_member", {"name": "nobody"}, "Nobody here has exactly that login or name"),
        ("search", {}, "`query`: Field required."),
        ("search", {"query": "a\0b"}, "A text holds a null byte or half a character."),
        ("search", {"query": "", "cursor": "x"}, "The cursor is not one of ours."),
        ("get_insights", {"since": "2020-01-01"}, "Choose two years at most."),
        ("list_changes", {"cursor": "x", "since": "2026-01-01"}, "Give `cursor` or `since`"),
    ],
)
def test_what_is_wrong_is_a_sentence(
    use: Use, waiting: Thread, name: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(DexxyError) as refused:
        use(name, **arguments)

    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


def test_of_many_wrong_arguments_five_are_told(use: Use) -> None:
    with pytest.raises(DexxyError) as refused:
        use("search", query="", **{f"wrong_{number}": "" for number in range(18_000)})

    told = re.findall(r"search takes no `(.*?)`\. Its arguments: query, find,", str(refused.value))
    assert told == [f"wrong_{number}" for number in range(5)]
    assert len(str(refused.value)) < 1000


def test_a_cursor_of_another_list_is_refused(use: Use, long: list[Message]) -> None:
    cursor = use("search", query="", find="messages", limit=1)["next_cursor"]

    with pytest.raises(InvalidCursorError):
        use("list_waiting", cursor=cursor)


def test_what_is_elsewhere_does_not_exist(use: Use, charlie: User, waiting: Thread) -> None:
    elsewhere = charlie.memberships.get().workspace
    hidden = Source.objects.create(
        workspace=elsewhere, kind="github_repository", server="github", external_id="1", name="a/b"
    )
    thread = make_thread(source=hidden, title="hidden")
    author = make_identity(workspace=elsewhere, username="hidden")
    make_message(thread=thread, author=author, body="hidden")

    with pytest.raises(ThreadNotFoundError):
        use("get_thread", thread_id=str(thread.pk))
    with pytest.raises(DexxyError):
        use("get_member", member_id=str(author.member_id))
    for find in ("threads", "messages", "people"):
        assert "hidden" not in str(use("search", query="", find=find))


def test_a_person_has_one_minute_for_the_api_and_for_tools(
    use: Use, workspace: Workspace, settings: Any, ask: Any, alice: User
) -> None:
    settings.DEXXY_API_BUDGET = 11
    use("search", query="")

    with pytest.raises(DexxyError, match=r"11 points are spent: ask again in \d+ seconds"):
        use("search", query="")
    answer = ask("{ viewer { user { name } } }", alice)
    assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
