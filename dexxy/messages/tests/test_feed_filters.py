"""Each filter of the feed, alone and beside others, by every way that the feed is read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal
from unicodedata import normalize

import pytest
from django.db import connection

from dexxy.accounts.models import User, Workspace
from dexxy.common.sql import TooSlowError, fetch_all, time_limit
from dexxy.members.models import IdentityKind
from dexxy.messages.feed import reader
from dexxy.messages.feed.filters import Bots, FeedFilters, FilterError
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import (
    ChangeKind,
    Message,
    MessageKind,
    SearchEntry,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.messages.selectors import feed_newer, feed_page, feed_total
from dexxy.sources.models import Source
from tests.factories import (
    START,
    changes_settle,
    make_identity,
    make_message,
    make_source,
    make_thread,
    make_workspace,
    note_change,
)

Kept = Callable[..., list[str]]


@pytest.fixture
def kept(alice: User, workspace: Workspace) -> Kept:
    """Read the whole feed page by page, and make sure that the count agrees."""

    def read(first: int = 2, **filters: Any) -> list[str]:
        asked, bodies, after = FeedFilters(**filters), [], None
        while True:
            page = feed_page(alice, workspace, asked, first=first, after=after)
            bodies += [message.body for message in page.items]
            after = page.end
            if not page.has_more:
                assert feed_total(alice, workspace, asked) == len(bodies)
                assert feed_newer(alice, workspace, asked, None) == len(bodies)
                return bodies

    return read


@pytest.fixture(params=["near", "far", "farther", "all"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the feed leave the newest messages at once, then a few threads, then all of them."""
    if request.param != "near":
        monkeypatch.setattr(reader, "_DEPTH", 1)
    if request.param in ("farther", "all"):
        monkeypatch.setattr(reader, "_FEW_THREADS", 1)
    if request.param == "all":
        monkeypatch.setattr(reader, "_MOST_THREADS", 1)
    return str(request.param)


def make_findable() -> None:
    changes_settle()
    search_catch_up(seconds=10)


@pytest.fixture
def threads(source: Source) -> list[Thread]:
    """Make three threads that were active at the same time, and say something in turns."""
    made = [
        make_thread(source=source, state=ThreadState.OPEN, labels=["bug", "p1"]),
        make_thread(source=source, state=ThreadState.CLOSED, labels=["question"]),
        make_thread(source=source, state=ThreadState.MERGED, kind=ThreadKind.PULL_REQUEST),
    ]
    for number in range(3):
        for name, thread in zip(("open", "closed", "merged"), made, strict=True):
            make_message(thread=thread, body=f"{name} {number}")
    threads_settle([thread.pk for thread in made])
    return made


@pytest.mark.usefixtures("way", "threads")
def test_threads_are_filtered_by_their_state_now(kept: Kept, source: Source) -> None:
    assert kept(thread_states=[ThreadState.OPEN]) == ["open 2", "open 1", "open 0"]
    assert kept(thread_states=[ThreadState.OPEN, ThreadState.MERGED]) == [
        "merged 2",
        "open 2",
        "merged 1",
        "open 1",
        "merged 0",
        "open 0",
    ]
    assert kept(thread_states=[ThreadState.OPEN], source_ids=[source.pk]) == [
        "open 2",
        "open 1",
        "open 0",
    ]
    assert kept(thread_states=[ThreadState.OPEN], thread_kinds=[ThreadKind.PULL_REQUEST]) == []


@pytest.mark.usefixtures("way", "threads")
def test_threads_are_filtered_by_any_of_some_labels(kept: Kept) -> None:
    assert kept(labels=["p1"]) == ["open 2", "open 1", "open 0"]
    assert kept(labels=["question", "bug"]) == [
        "closed 2",
        "open 2",
        "closed 1",
        "open 1",
        "closed 0",
        "open 0",
    ]
    assert kept(labels=["bug"], thread_states=[ThreadState.CLOSED]) == []
    assert kept(labels=["nothing"]) == []


@pytest.mark.usefixtures("way")
def test_threads_that_end_in_one_second_keep_their_order(kept: Kept, source: Source) -> None:
    first, second = make_thread(source=source), make_thread(source=source)
    for body, thread in (("1", second), ("2", second), ("3", first), ("4", second), ("5", first)):
        make_message(thread=thread, body=body, occurred_at=START)
    threads_settle([first.pk, second.pk])

    assert kept(thread_states=[ThreadState.OPEN]) == ["5", "4", "3", "2", "1"]


@pytest.mark.usefixtures("way")
def test_a_label_is_found_in_whatever_month_it_was_used(
    kept: Kept, workspace: Workspace, source: Source
) -> None:
    for number, days in enumerate([0, 1, 29, 30, 31, 400, 4000]):
        opened = START - timedelta(days=days)
        thread = make_thread(source=source, labels=["bug", f"n{number % 2}"], opened_at=opened)
        make_message(thread=thread, body=f"{number}", occurred_at=opened)
        # One that was open for all that time, and the same label in another workspace.
        make_message(thread=thread, body=f"{number} again", occurred_at=START + timedelta(days=1))
        foreign = make_source(workspace=make_workspace())
        other = make_thread(source=foreign, labels=["bug"], opened_at=opened)
        make_message(thread=other, occurred_at=opened)
        threads_settle([thread.pk, other.pk])
    latest = [f"{number} again" for number in (6, 5, 4, 3, 2, 1, 0)]

    assert kept(labels=["bug"]) == [*latest, "0", "1", "2", "3", "4", "5", "6"]
    assert kept(labels=["n1", "none"]) == ["5 again", "3 again", "1 again", "1", "3", "5"]
    assert kept(labels=["bug"], until=START - timedelta(days=30)) == ["4", "5", "6"]


@pytest.mark.usefixtures("way")
def test_a_thread_is_unanswered_until_another_person_says_something(
    kept: Kept, workspace: Workspace, source: Source
) -> None:
    asker, bot = (
        make_identity(workspace=workspace),
        make_identity(workspace=workspace, kind=IdentityKind.BOT),
    )
    waiting, answered = (
        make_thread(source=source, author=asker),
        make_thread(source=source, author=asker),
    )
    for thread, name in ((waiting, "waiting"), (answered, "answered")):
        make_message(thread=thread, body=f"{name} opened", kind=MessageKind.OPENED, author=asker)
        make_message(thread=thread, body=f"{name} bot", author=bot)
        make_message(thread=thread, body=f"{name} more", author=asker)
    make_message(thread=answered, body="yes", author=make_identity(workspace=workspace))
    threads_settle([waiting.pk, answered.pk])

    assert kept(only_unanswered=True) == ["waiting more", "waiting bot", "waiting opened"]
    assert kept(only_unanswered=True, message_kinds=[MessageKind.OPENED]) == ["waiting opened"]
    assert kept(only_unanswered=True, bots=Bots.ONLY) == ["waiting bot"]


def test_bots_are_kept_left_out_or_alone(kept: Kept, workspace: Workspace, source: Source) -> None:
    thread = make_thread(source=source)
    person = make_identity(workspace=workspace)
    bot = make_identity(workspace=workspace, kind=IdentityKind.BOT)
    make_message(thread=thread, body="ghost")
    make_message(thread=thread, body="bot", author=bot)
    make_message(thread=thread, body="person", author=person)

    assert kept(bots=Bots.INCLUDED) == ["person", "bot", "ghost"]
    assert kept(bots=Bots.EXCLUDED) == ["person", "ghost"]
    assert kept(bots=Bots.ONLY) == ["bot"]
    assert kept(bots=Bots.ONLY, member_ids=[person.member_id]) == []


def test_a_time_range_holds_its_beginning_and_not_its_end(
    kept: Kept, alice: User, workspace: Workspace, source: Source
) -> None:
    thread = make_thread(source=source)
    for hour in range(4):
        make_message(thread=thread, body=str(hour), occurred_at=START + timedelta(hours=hour))

    at_one = feed_page(alice, workspace, first=3).end
    before = FeedFilters(until=START + timedelta(hours=1))
    assert len(feed_page(alice, workspace, before, after=at_one).items) == 1
    assert kept(since=START + timedelta(hours=1)) == ["3", "2", "1"]
    assert kept(until=START + timedelta(hours=1)) == ["0"]
    assert kept(since=START + timedelta(hours=1), until=START + timedelta(hours=3)) == ["2", "1"]


def test_every_mix_of_sources_and_kinds_is_read_in_order(
    kept: Kept, workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_source(workspace=workspace)
    made: list[Message] = []
    for number in range(24):
        thread = make_thread(
            source=source if number % 2 else other,
            kind=ThreadKind.ISSUE if number % 3 else ThreadKind.PULL_REQUEST,
        )
        kind = MessageKind.COMMENT if number % 4 else MessageKind.CLOSED
        made.append(make_message(thread=thread, kind=kind, body=str(number)))

    for most in (400, 1):
        monkeypatch.setattr(reader, "_MOST_RANGES", most)
        for sources in ([], [source.pk], [source.pk, other.pk]):
            for thread_kinds in ([], [ThreadKind.ISSUE], [ThreadKind.PULL_REQUEST]):
                for kinds in ([], [MessageKind.CLOSED], [MessageKind.COMMENT, MessageKind.REPLY]):
                    expected = [
                        m.body
                        for m in reversed(made)
                        if (not sources or m.source_id in sources)
                        and (not thread_kinds or m.thread_kind in thread_kinds)
                        and (not kinds or m.kind in kinds)
                    ]
                    found = kept(
                        first=7, source_ids=sources, thread_kinds=thread_kinds, message_kinds=kinds
                    )
                    assert found == expected


def test_a_filter_that_names_a_thing_twice_shows_it_once(kept: Kept, source: Source) -> None:
    make_message(thread=make_thread(source=source), body="once")

    assert kept(source_ids=[source.pk] * 2) == ["once"]
    assert kept(message_kinds=[MessageKind.COMMENT] * 2) == ["once"]


def test_what_is_hidden_stays_so_when_it_is_asked_for(
    kept: Kept, workspace: Workspace, source: Source
) -> None:
    hidden = make_source(workspace=workspace, is_archived=True)
    make_message(thread=make_thread(source=hidden), body="hidden")
    make_message(thread=make_thread(source=source), body="shown")

    assert kept() == ["shown"]
    assert kept(source_ids=[hidden.pk]) == []
    assert kept(source_ids=[hidden.pk, source.pk]) == ["shown"]


@pytest.mark.usefixtures("way")
def test_all_words_of_a_search_are_found_in_any_script(kept: Kept, source: Source) -> None:
    thread = make_thread(source=source, title="Workers leak")
    make_message(thread=thread, kind=MessageKind.OPENED, body="The pool crashes.")
    make_message(thread=thread, body="See ants.NewPool(), max_blocking_tasks.")
    make_message(thread=thread, body="使用ants库会内存泄漏，请问怎么解决?")
    make_message(thread=thread, body="猫も 안녕하세요")
    make_findable()

    for search, count in {
        "crash": 1,
        "CRASHING pools": 1,
        "leak": 1,  # of the title
        "newpool": 1,
        "max_blocking": 1,
        "内存": 1,
        "内存泄漏": 1,
        "泄": 1,
        "解决 ants": 1,
        "ants": 2,
        "猫": 1,
        "안녕": 1,
        "存内": 0,
        "crash leak newpool": 0,
        "?!": 0,
    }.items():
        assert len(kept(search=search)) == count, search


def test_a_search_joins_other_filters(kept: Kept, workspace: Workspace, source: Source) -> None:
    author = make_identity(workspace=workspace)
    thread = make_thread(source=source, labels=["bug"])
    make_message(thread=thread, body="an error", author=author)
    make_message(thread=make_thread(source=source), body="the error again")
    make_findable()

    assert kept(search="error") == ["the error again", "an error"]
    assert kept(search="error", labels=["bug"]) == ["an error"]
    assert kept(search="error", member_ids=[author.member_id]) == ["an error"]
    assert kept(search="error", message_kinds=[MessageKind.REVIEW]) == []


@pytest.mark.parametrize(
    ("body", "found_by", "not_found_by"),
    [
        ("it crashes while crashing", ["crash", "CRASHED"], ["cras"]),
        ("ERR_CONN_RESET by ants.NewPool()", ["err_conn", "reset", "newpool"], ["err_con", "pool"]),
        ("caf\u00e9", ["cafe\u0301", "CAF\u00c9"], ["cafe"]),
        ("\ufb01le", ["file"], []),
        ("\uff46\uff49\uff4c\uff45", ["file"], []),
        ("\u337f", ["株式会社", "会社"], []),
        ("内存泄漏", ["泄漏", "泄"], ["漏泄"]),
        ("one two", ["two one", '"one two"', "-one", "one*", '"one'], ["one or three", '"two one']),
        ("it -> one", ['"-> one"'], ['"->"', '"it one"']),
    ],
)
def test_a_search_finds_what_the_reference_says(
    kept: Kept, source: Source, body: str, found_by: list[str], not_found_by: list[str]
) -> None:
    make_message(thread=make_thread(source=source, title="-"), body=body)
    make_findable()

    assert [word for word in (*found_by, *not_found_by) if kept(search=word)] == found_by


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_letter_is_found_in_whatever_form_it_was_written(
    kept: Kept, source: Source, form: Literal["NFC", "NFD", "NFKC", "NFKD"]
) -> None:
    thread = make_thread(source=source)
    for body in ("Zu\u0308rich cafe\u0301", "Z\u00fcrich caf\u00e9", "한글 ﬁle"):
        make_message(thread=thread, body=body)
    make_findable()

    assert len(kept(search=normalize(form, "café"))) == 2
    assert len(kept(search=normalize(form, "zürich"))) == 2
    assert len(kept(search=normalize(form, "한글 file"))) == 1


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("การติดตั้งล้มเหลวบนเครื่องเซิร์ฟเวอร์", ["ล้มเหลว", "เซิร์ฟเวอร์", "ก"]),
        ("ການຕິດຕັ້ງລົ້ມເຫຼວໃນເຊີບເວີ", ["ລົ້ມເຫຼວ", "ເຊີບເວີ"]),
        ("ဆာဗာပေါ်တွင်ထည့်သွင်းမှုမအောင်မြင်ပါ", ["ထည့်သွင်း"]),
        ("ការដំឡើងបានបរាជ័យ", ["បរាជ័យ"]),
        ("协程池关闭之后", ["协程", "关闭之后", "池"]),
    ],
)
def test_words_are_found_inside_scripts_without_spaces(
    kept: Kept, source: Source, body: str, words: list[str]
) -> None:
    make_message(thread=make_thread(source=source), body=body)
    make_message(thread=make_thread(source=source), body="something else")
    make_findable()

    assert [kept(search=word) for word in words] == [[body]] * len(words)
    assert kept(search=body[1] + body[0]) == []


def test_a_search_finds_nothing_of_another_workspace(kept: Kept) -> None:
    foreign = make_source(workspace=make_workspace())
    make_message(thread=make_thread(source=foreign), body="secret word")
    make_findable()

    assert kept(search="secret") == []


def test_an_edit_changes_what_a_message_is_found_by(kept: Kept, source: Source) -> None:
    message = make_message(thread=make_thread(source=source), body="before")
    make_findable()
    Message.objects.filter(pk=message.pk).update(body="after")
    note_change(message, ChangeKind.EDITED)
    make_findable()

    assert kept(search="before") == []
    assert kept(search="after") == ["after"]


def test_a_text_that_fits_no_index_is_found_all_the_same(kept: Kept, source: Source) -> None:
    thread = make_thread(source=source)
    make_message(thread=thread, body="needle " + "x" * 500_000)
    make_message(thread=thread, body="漏" * 300_000)
    make_message(thread=thread, body="  ")
    make_findable()

    assert len(kept(search="needle")) == 1
    assert len(kept(search="漏漏")) == 1


def test_words_are_indexed_in_batches_without_gap(
    kept: Kept, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dexxy.messages.feed.search._BATCH", 2)
    thread = make_thread(source=source)
    for number in range(5):
        make_message(thread=thread, body=f"word {number}")
    make_findable()

    assert SearchEntry.objects.count() == 5
    assert len(kept(search="word")) == 5


def test_a_search_or_a_list_without_bounds_is_refused() -> None:
    with pytest.raises(FilterError, match="up to 200 characters"):
        FeedFilters(search="x" * 201)
    with pytest.raises(FilterError, match="up to 200 values"):
        FeedFilters(labels=["x"] * 201)


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_stopped_with_a_word_about_it() -> None:
    with pytest.raises(TooSlowError, match="ask for less"), time_limit(0.01):
        fetch_all("SELECT pg_sleep(10)", {})

    assert connection.is_usable()


FILTERS: dict[str, dict[str, Any]] = {
    "everything": {},
    "source": {"source_ids": [1]},
    "sources": {"source_ids": [1, 2]},
    "thread kind": {"thread_kinds": [ThreadKind.ISSUE]},
    "kinds": {"message_kinds": [MessageKind.COMMENT, MessageKind.REPLY]},
    "source and kind": {"source_ids": [1], "message_kinds": [MessageKind.COMMENT]},
    "quiet kinds": {"message_kinds": [MessageKind.LABELED, MessageKind.COMMENT]},
    "quiet kind and state": {
        "message_kinds": [MessageKind.PUSHED],
        "thread_states": [ThreadState.OPEN],
    },
    "accounts": {"author_ids": [1, 2]},
    "state": {"thread_states": [ThreadState.OPEN]},
    "labels": {"labels": ["bug"]},
    "unanswered": {"only_unanswered": True},
    "without bots": {"bots": Bots.EXCLUDED},
    "time": {"since": START, "until": START + timedelta(days=1)},
    "search": {"search": "word"},
}


@pytest.mark.usefixtures("way", "threads")
@pytest.mark.parametrize("name", FILTERS)
def test_no_plan_of_a_page_reads_a_whole_table(
    alice: User, workspace: Workspace, source: Source, name: str
) -> None:
    sources = [source.pk, make_source(workspace=workspace).pk]
    asked = FeedFilters(**FILTERS[name])
    asked = replace(asked, source_ids=sources[: len(asked.source_ids)])
    after = feed_page(alice, workspace, first=1).end
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip(" (\n").startswith(("SELECT", "WITH")):
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.extend(line for (line,) in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        # Of tables as small as a test's a scan is cheapest: it stays where there is no other way.
        cursor.execute("SET LOCAL enable_seqscan = off")
    with connection.execute_wrapper(explain):
        feed_page(alice, workspace, asked, after=after)

    assert any("messages_message" in line for line in plans)
    assert [line for line in plans if "Seq Scan" in line] == []
