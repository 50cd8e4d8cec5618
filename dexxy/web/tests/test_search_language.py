"""What people type into a search field, and what it means: one table."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from dexxy.members.directory import EVERYBODY, MemberFilters
from dexxy.messages.feed.filters import Bots, FeedFilters, ThreadFilters
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.messages.waiting.lists import QueueFilters, Tab
from dexxy.web.search.box import search_box
from dexxy.web.search.grammar import LONGEST, Query, TermKind, qualifier_text
from dexxy.web.search.meaning import feed_filters, member_filters, queue_filters, thread_filters
from dexxy.web.search.qualifiers import QUALIFIERS, Where

MEANINGS: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("   ", {}),
    ("ticker leak", {"search": "ticker leak"}),
    ('ticker "memory  leak"', {"search": 'ticker "memory  leak"'}),
    ('"not closed', {"search": '"not closed'}),
    ("-ticker leak", {"search": "leak", "without": {"search": "ticker"}}),
    ('-"memory leak"', {"without": {"search": '"memory leak"'}}),
    ("#151", {"numbers": [151]}),
    ("151", {"numbers": [151]}),
    ("151 is:open", {"numbers": [151], "states": [ThreadState.OPEN]}),
    ("port 8080", {"search": "port 8080"}),
    ("#12 #13", {"numbers": [12, 13]}),
    ("-#12", {"without": {"numbers": [12]}}),
    ("ants#219", {"numbers": [219], "source_names": ["ants"]}),
    ("panjf2000/ants#219", {"numbers": [219], "source_names": ["panjf2000/ants"]}),
    ("is:open label:bug", {"states": [ThreadState.OPEN], "labels": ["bug"]}),
    ("IS:Open", {"states": [ThreadState.OPEN]}),
    ("is:closed is:merged", {"states": [ThreadState.CLOSED, ThreadState.MERGED]}),
    ('label:"good first issue"', {"labels": ["good first issue"]}),
    ("-label:bug", {"without": {"labels": ["bug"]}}),
    ("repo:ants author:mei", {"source_names": ["ants"], "authors": ["mei"]}),
    ('author:"Mei Sandoval"', {"authors": ["Mei Sandoval"]}),
    ("-author:mei org:halden", {"organizations": ["halden"], "without": {"authors": ["mei"]}}),
    ("kind:pr", {"kinds": [ThreadKind.PULL_REQUEST]}),
    ("is:pr", {"kinds": [ThreadKind.PULL_REQUEST]}),
    ("kind:issues", {"kinds": [ThreadKind.ISSUE]}),
    ("state:open", {"states": [ThreadState.OPEN]}),
    ("is:draft", {"only_drafts": True}),
    ("is:answered", {"only_answered": True}),
    ("is:unanswered", {"only_unanswered": True}),
    ("is:waiting", {"only_waiting": True}),
    ("-is:waiting", {"without": {"only_waiting": True}}),
    ("is:unread", {"only_unread": True}),
    ("is:team", {"only_team": True}),
    ("is:bot", {"bots": Bots.ONLY}),
    ("-is:bot", {"bots": Bots.EXCLUDED}),
    ("waiting:7d", {"waiting_days": 7}),
    ("waiting:>2w", {"waiting_days": 14}),
    ("waiting:<7d", {"only_waiting": True, "without": {"waiting_days": 7}}),
    ("assignee:me", {"assignees": ["me"]}),
    ("-assignee:none", {"without": {"assignees": ["none"]}}),
    ("issuetype:Bug", {"issue_types": ["Bug"]}),
    ("-issuetype:bug", {"without": {"issue_types": ["bug"]}}),
    ("ticker in:title", {"title": "ticker"}),
    # What only looks like a qualifier.
    ("https://github.com/panjf2000/ants", {"search": "https://github.com/panjf2000/ants"}),
    ("std::vector", {"search": "std::vector"}),
    ("colour:red", {"search": "colour:red"}),
    ("is:purple", {"search": "is:purple"}),
    ("label:", {"search": "label:"}),
    ("#", {"search": "#"}),
    ("-", {"search": "-"}),
    ("C#", {"search": "C#"}),
    ("a\0b", {"search": "a b"}),
    ("#9999999999999999999999", {"search": "#9999999999999999999999"}),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS, ids=lambda value: str(value)[:40])
def test_a_search_of_threads_means(text: str, meaning: dict[str, Any]) -> None:
    kept = {name: value for name, value in meaning.items() if name != "without"}
    without = ThreadFilters(**meaning["without"]) if "without" in meaning else None

    found = thread_filters(Query.parse(text, Where.THREADS))

    assert found == ThreadFilters(**kept, without=without)
    if not (found.only_waiting or found.waiting_days):
        of_queue = queue_filters(Query.parse(text), Tab.MINE)
        assert of_queue == QueueFilters(tab=Tab.MINE, threads=found)


def test_in_the_queue_only_how_long_somebody_waited_is_asked() -> None:
    found = queue_filters(Query.parse("is:waiting waiting:>7d"), Tab.SNOOZED)

    assert found.threads == ThreadFilters()
    assert found.until == pytest.approx(
        timezone.now() - timedelta(days=7), abs=timedelta(seconds=9)
    )


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("kind:pr is:merged", {"thread_kinds": ["pull_request"], "thread_states": ["merged"]}),
        ("type:review", {"message_kinds": [MessageKind.REVIEW, MessageKind.REVIEW_COMMENT]}),
        ("-kind:issue", {"without": FeedFilters(thread_kinds=[ThreadKind.ISSUE])}),
        ("-type:merged", {"without": FeedFilters(message_kinds=[MessageKind.MERGED])}),
        ("since:2026-09-01", {"since": datetime(2026, 9, 1, tzinfo=UTC)}),
        ("until:2026-09-01", {"until": datetime(2026, 9, 2, tzinfo=UTC)}),
        ("until:2026-12", {"until": datetime(2027, 1, 1, tzinfo=UTC)}),
        ("before:2026", {"until": datetime(2026, 1, 1, tzinfo=UTC)}),
        ("until:2026 before:2025", {"until": datetime(2025, 1, 1, tzinfo=UTC)}),
        ("since:0001-01-01", {}),
    ],
)
def test_a_search_of_the_feed_means(text: str, meaning: dict[str, Any]) -> None:
    assert feed_filters(Query.parse(text, Where.FEED)) == FeedFilters(**meaning)


def test_a_time_may_be_said_by_how_long_ago_it_is() -> None:
    found = feed_filters(Query.parse("since:2w before:7d"))

    assert found.since
    assert found.until
    assert found.until - found.since == pytest.approx(timedelta(days=7), abs=timedelta(seconds=9))


def test_what_a_page_asks_beside_the_search_holds_too() -> None:
    base = FeedFilters(source_ids=[1], since=datetime(2026, 5, 1, tzinfo=UTC))

    found = feed_filters(Query.parse("ticker since:2026-01-01"), base)

    assert found == FeedFilters(source_ids=[1], since=base.since, search="ticker")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ('mei "san do"', {"search": "mei san do"}),
        ("org:halden tag:speaker", {"organization": "halden", "tags": ["speaker"]}),
        ("user 151", {"search": "user 151"}),
        ("151", {"search": "151"}),
        ("is:bot", {"is_bot": True}),
        ("-is:bot", {"is_bot": False}),
        ("since:2026-09-01", {"last_seen_since": datetime(2026, 9, 1, tzinfo=UTC)}),
        ("", {}),
    ],
)
def test_a_search_of_people_means(text: str, meaning: dict[str, Any]) -> None:
    found = member_filters(Query.parse(text, Where.PEOPLE), EVERYBODY)

    assert found == MemberFilters(**meaning)


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("colour:red", Where.FEED, "There is no qualifier colour:"),
        ("label:", Where.FEED, "label: needs a value, such as label:bug"),
        ("type:review", Where.THREADS, "type: works in Feed only"),
        ("label:bug", Where.PEOPLE, "label: works in Waiting, Feed, Threads only"),
        ("is:open", Where.PEOPLE, "is: is one of bot"),
        ("#12", Where.PEOPLE, "# leads to threads, and here are people"),
        ("-since:2026", Where.FEED, "since: cannot be left out with a -"),
        ("since:yesterdayish", Where.FEED, "since: takes a day as in since:2026-09-01, or 7d"),
        ("waiting:long", Where.WAITING, "waiting: takes a time as in waiting:>7d"),
        ("since:2026-02-30", Where.FEED, "since: takes a day"),
    ],
)
def test_what_is_not_understood_is_said(text: str, where: Where, problem: str) -> None:
    query = Query.parse(f"ticker {text} {text}", where)

    [said] = query.problems
    assert said.startswith(problem)
    assert query.filters == []
    assert query.text == f"ticker {text} {text}"


def test_each_part_knows_its_place_and_can_be_taken_away() -> None:
    query = Query.parse('  ticker  -label:"good first issue" #7 leak ')

    assert [(term.kind, term.text, query.text[term.start : term.end]) for term in query.terms] == [
        (TermKind.WORD, "ticker", "ticker"),
        (TermKind.QUALIFIER, '-label:"good first issue"', '-label:"good first issue"'),
        (TermKind.NUMBER, "#7", "#7"),
        (TermKind.WORD, "leak", "leak"),
    ]
    assert [query.without(chip) for chip in query.filters] == [
        "ticker #7 leak",
        'ticker -label:"good first issue" leak',
    ]
    assert query.rest == "ticker leak"


def test_a_qualifier_is_written_so_that_it_is_read_again() -> None:
    text = qualifier_text("label", "good first issue", is_negated=True)

    assert Query.parse("").with_term(text) == '-label:"good first issue"'
    assert Query.parse(text).with_term(text) == text
    assert Query.parse(text).values("label", is_negated=True) == ["good first issue"]


def test_more_than_is_looked_at_is_cut_off() -> None:
    assert len(Query.parse("x" * 10_000).text) == LONGEST
    assert thread_filters(Query.parse('"' + "x y" * 10_000))


def test_every_example_of_the_help_is_understood() -> None:
    for one in QUALIFIERS.values():
        query = Query.parse(one.example)
        assert (query.problems, len(query.filters)) == ([], 1)


def test_the_field_keeps_the_tab_and_not_the_place_in_the_list() -> None:
    query = Query.parse("ticker", Where.THREADS)

    box = search_box(QueryDict("tab=open&after=x&q=ticker&empty="), query, "Words")

    assert box.kept == [("tab", "open")]
    assert box.address("a b") == "?tab=open&q=a+b"
    assert box.cleared == "?tab=open"
    assert ("label:bug", "?tab=open&q=ticker+label%3Abug") in [
        (one.example, address) for one, address in box.suggestions
    ]
