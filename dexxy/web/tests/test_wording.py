from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind, ThreadState
from dexxy.web.wording import ago, icon, lasting, platform, state_label, verb, verb_alone

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23), "23 hours ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=30), "on 16 May"),
        (timedelta(days=365), "on 15 Jun 2025"),
    ],
)
def test_a_moment_reads_as_how_long_ago_it_was(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "1 second"), (59, "59 seconds"), (600, "10 minutes"), (5400, "2 hours"), (90000, "1 day")],
)
def test_a_span_reads_in_its_largest_unit(seconds: int, words: str) -> None:
    assert lasting(timedelta(seconds=seconds)) == words


def message(kind: MessageKind, thread_kind: ThreadKind, details: dict[str, Any]) -> Message:
    return Message(kind=kind, thread_kind=thread_kind, details=details)


@pytest.mark.parametrize(
    ("kind", "details", "words", "alone"),
    [
        (MessageKind.OPENED, {}, "opened pull request", "opened this"),
        (MessageKind.COMMENT, {}, "commented on", "commented"),
        (MessageKind.REVIEW, {"state": "APPROVED"}, "approved", "approved this"),
        (
            MessageKind.REVIEW,
            {"state": "CHANGES_REQUESTED"},
            "requested changes on",
            "requested changes on this",
        ),
        (MessageKind.REVIEW, {"state": "COMMENTED"}, "reviewed", "reviewed this"),
        (
            MessageKind.REVIEW,
            {"state": "DISMISSED"},
            "reviewed (dismissed since)",
            "reviewed, dismissed since",
        ),
        (MessageKind.MERGED, {}, "merged", "merged this"),
        (MessageKind.CLOSED, {"state_reason": "completed"}, "closed", "closed this"),
        (
            MessageKind.CLOSED,
            {"state_reason": "not_planned"},
            "closed as not planned",
            "closed this as not planned",
        ),
        (MessageKind.ANSWERED, {}, "marked the answer of", "marked the answer"),
    ],
)
def test_what_happened_reads_as_a_sentence(
    kind: MessageKind, details: dict[str, Any], words: str, alone: str
) -> None:
    made = message(kind, ThreadKind.PULL_REQUEST, details)

    assert verb(made) == words
    assert verb_alone(made) == alone


@pytest.mark.parametrize("kind", MessageKind)
@pytest.mark.parametrize("thread_kind", ThreadKind)
def test_every_kind_has_words_and_a_picture(kind: MessageKind, thread_kind: ThreadKind) -> None:
    made = message(kind, thread_kind, {})

    assert verb(made)
    assert verb_alone(made)
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
