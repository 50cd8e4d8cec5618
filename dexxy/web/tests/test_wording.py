from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind, ThreadState
from dexxy.web.wording.feed_lines import MESSAGE_LABELS, icon, said, verb_alone
from dexxy.web.wording.numbers import number
from dexxy.web.wording.people import platform
from dexxy.web.wording.threads import state_label, thread_icon, thread_label
from dexxy.web.wording.times import (
    age,
    ago,
    at,
    clock,
    day,
    day_alone,
    day_in_full,
    exactly,
    lasting,
    under_its_day,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_numbers_and_days_are_written_as_the_reader_does() -> None:
    on = date(2026, 5, 3)

    written = number(1284), number(2.25, 1), day_alone(on), day_in_full(on)
    with translation.override("de"):
        german = number(1284), number(2.25, 1), day_alone(on), day_in_full(on)

    assert written == ("1,284", "2.2", "3 May", "3 May 2026")
    assert german == ("1.284", "2,2", "3. Mai", "3. Mai 2026")


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=29), "29 d ago"),
        (timedelta(days=30), "on 16 May"),
        (timedelta(days=365), "on 15 Jun 2025"),
    ],
)
def test_a_moment_reads_as_how_long_ago_it_was(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=40), "40 min"),
        (timedelta(hours=9), "9 h"),
        (timedelta(days=3), "3 d"),
        (timedelta(days=30), "16 May"),
        (timedelta(days=365), "15 Jun 2025"),
    ],
)
def test_a_column_has_an_age_then_a_date(passed: timedelta, words: str) -> None:
    assert age(NOW - passed, NOW) == words


@pytest.mark.parametrize(
    ("moment", "minute", "named", "in_its_day"),
    [
        (NOW, "today, 12:00", ("Today", "Monday 15 June"), "now"),
        (NOW - timedelta(hours=13), "yesterday, 23:00", ("Yesterday", "Sunday 14 June"), "13 h"),
        (NOW - timedelta(days=2), "13 Jun, 12:00", ("Saturday 13 June", ""), "12:00"),
        (NOW - timedelta(days=365), "15 Jun 2025, 12:00", ("Sunday 15 June 2025", ""), "12:00"),
    ],
)
def test_a_moment_is_written_as_its_place_wants_it(
    moment: datetime, minute: str, named: tuple[str, str], in_its_day: str
) -> None:
    assert at(moment, NOW) == minute
    assert day(moment, NOW) == named
    assert under_its_day(moment, NOW) == in_its_day


def test_times_are_those_of_the_reader_s_zone_which_is_named() -> None:
    with timezone.override(ZoneInfo("Asia/Tokyo")):
        assert clock(NOW) == "21:00 JST"
        assert exactly(NOW) == "Monday 15 June 2026, 21:00:00 JST"
        assert at(NOW + timedelta(hours=4), NOW) == "16 Jun, 01:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (59, "59 seconds"), (600, "10 minutes"), (5400, "2 hours"), (90000, "1 day")],
)
def test_a_span_reads_in_its_largest_unit(seconds: int, words: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == words


def message(kind: MessageKind, thread_kind: ThreadKind, details: dict[str, Any]) -> Message:
    return Message(kind=kind, thread_kind=thread_kind, details=details)


@pytest.mark.parametrize(
    ("kind", "details", "words"),
    [
        (MessageKind.OPENED, {}, "opened this"),
        (MessageKind.COMMENT, {}, "commented"),
        (MessageKind.REVIEW, {"state": "APPROVED"}, "approved this"),
        (MessageKind.REVIEW, {"state": "CHANGES_REQUESTED"}, "requested changes"),
        (MessageKind.REVIEW, {"state": "COMMENTED"}, "reviewed this"),
        (MessageKind.REVIEW, {"state": "DISMISSED"}, "reviewed, dismissed since"),
        (MessageKind.MERGED, {}, "merged this"),
        (MessageKind.CLOSED, {"state_reason": "completed"}, "closed this"),
        (MessageKind.CLOSED, {"state_reason": "not_planned"}, "closed this as not planned"),
        (MessageKind.ANSWERED, {}, "marked the answer"),
        (MessageKind.READY, {}, "marked this as ready for review"),
        (MessageKind.REVIEW_REQUESTED, {"subject": {"login": "jo"}}, "asked jo to review this"),
        (
            MessageKind.REVIEW_REQUESTED,
            {"subject": {"name": "acme/core"}},
            "asked acme/core to review this",
        ),
        (
            MessageKind.REVIEW_REQUESTED,
            {"subject": {"login": ""}},
            "asked somebody to review this",
        ),
        (MessageKind.DUPLICATE, {"subject": {"number": 4}}, "marked this as a duplicate of #4"),
        (MessageKind.DUPLICATE, {}, "marked this as a duplicate of another thread"),
        (MessageKind.LABELED, {"subject": {"name": "{bug}"}}, "put the label {bug} on this"),
    ],
)
def test_what_happened_reads_as_a_sentence(
    kind: MessageKind, details: dict[str, Any], words: str
) -> None:
    assert verb_alone(message(kind, ThreadKind.PULL_REQUEST, details)) == words


@pytest.mark.parametrize("kind", MessageKind)
def test_every_kind_has_words_a_label_and_a_picture(kind: MessageKind) -> None:
    made = message(kind, ThreadKind.PULL_REQUEST, {})

    assert "{" not in verb_alone(made) + said(made)
    assert verb_alone(made)
    assert MESSAGE_LABELS[kind]
    assert icon(made)


def test_a_thread_says_how_it_stands() -> None:
    not_planned = Thread(state=ThreadState.CLOSED, state_reason="not_planned")

    assert state_label(Thread(state=ThreadState.OPEN)) == "Open"
    assert state_label(Thread(state=ThreadState.OPEN, answered_at=NOW)) == "Answered"
    assert state_label(Thread(state=ThreadState.MERGED)) == "Merged"
    assert state_label(not_planned) == "Closed as not planned"


@pytest.mark.parametrize(
    ("provider", "words"),
    [
        ("github", "GitHub"),
        ("github:git.example.org", "GitHub at git.example.org"),
        ("github:127.0.0.1:8001", "GitHub at 127.0.0.1:8001"),
        ("discord", "discord"),
    ],
)
def test_a_platform_reads_as_it_is_called(provider: str, words: str) -> None:
    assert platform(provider) == words


@pytest.mark.parametrize(
    ("kind", "details", "words"),
    [
        (MessageKind.OPENED, {}, "opened"),
        (MessageKind.COMMENT, {}, ""),
        (MessageKind.REPLY, {}, ""),
        (MessageKind.REVIEW, {"state": "CHANGES_REQUESTED"}, "requested changes"),
        (MessageKind.REVIEW, {"state": "APPROVED"}, "approved"),
        (MessageKind.REVIEW_COMMENT, {}, "commented on code"),
        (MessageKind.CLOSED, {"state_reason": "not_planned"}, "closed as not planned"),
        (MessageKind.MERGED, {}, "merged"),
    ],
)
def test_what_is_no_comment_is_said_before_its_words(
    kind: MessageKind, details: dict[str, Any], words: str
) -> None:
    assert said(message(kind, ThreadKind.ISSUE, details)) == words


@pytest.mark.parametrize(
    ("kind", "state", "picture", "words"),
    [
        (ThreadKind.ISSUE, ThreadState.OPEN, "issue", "Issue"),
        (ThreadKind.ISSUE, ThreadState.CLOSED, "closed", "Closed issue"),
        (ThreadKind.PULL_REQUEST, ThreadState.OPEN, "pull_request", "Pull request"),
        (ThreadKind.PULL_REQUEST, ThreadState.CLOSED, "pull_request", "Closed pull request"),
        (ThreadKind.PULL_REQUEST, ThreadState.MERGED, "merged", "Merged pull request"),
        (ThreadKind.DISCUSSION, ThreadState.OPEN, "discussion", "Discussion"),
    ],
)
def test_a_thread_has_a_picture_of_its_kind_and_state(
    kind: ThreadKind, state: ThreadState, picture: str, words: str
) -> None:
    thread = Thread(kind=kind, state=state)

    assert (thread_icon(thread), thread_label(thread)) == (picture, words)
