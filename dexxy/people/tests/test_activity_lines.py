"""One line of what a script tells: what can be taken, and what is said about what cannot."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dexxy.people.activities.lines import Line, LineKind, line_read

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
OF = {"provider": "lists", "source": "dev"}
THREAD = {**OF, "type": "thread", "id": "1", "title": "Hm", "opened_at": "2026-03-01T12:00:00Z"}
MESSAGE = {
    **OF,
    "type": "message",
    "thread": "1",
    "id": "2",
    "occurred_at": "2026-03-02T12:00:00+02:00",
}
PERSON = {"type": "person", "provider": "lists", "id": "ada"}
SOURCE = {"type": "source", "provider": "lists", "id": "dev", "name": "dev@ants.org"}


def read(row: Any) -> Line | list[tuple[str, str]]:
    found = line_read(7, row if isinstance(row, bytes) else json.dumps(row).encode(), now=NOW)
    if isinstance(found, Line):
        return found
    assert {one.line for one in found} == {7}
    return [(one.field, one.text) for one in found]


def taken(row: dict[str, Any]) -> Line:
    found = read(row)
    assert isinstance(found, Line), found
    return found


def test_a_message_is_known_by_all_that_it_belongs_to() -> None:
    found = taken(MESSAGE)

    assert (found.kind, found.provider, found.source) == (LineKind.MESSAGE, "lists", "dev")
    assert (found.thread, found.message_kind, found.name) == ("1", "comment", "2")
    assert found.version_at == datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_the_latest_time_of_a_line_is_its_version_unless_it_names_one() -> None:
    closed = {**THREAD, "state": "closed", "closed_at": "2026-03-05T00:00:00Z"}

    assert taken(closed).version_at == datetime(2026, 3, 5, tzinfo=UTC)
    named = {**closed, "updated_at": "2026-03-04T00:00:00Z"}
    assert taken(named).version_at == datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "row", [PERSON, SOURCE, {**OF, "type": "thread", "id": "1", "deleted": True}]
)
def test_what_has_no_time_is_as_old_as_it_is_told(row: dict[str, Any]) -> None:
    assert taken(row).version_at == NOW


def test_a_field_with_null_is_left_out() -> None:
    assert taken({**MESSAGE, "parent": None, "url": None}).given == taken(MESSAGE).given


@pytest.mark.parametrize("name", ["discourse", " Lists ", "my-forum.org"])
def test_a_platform_is_called_by_a_short_name(name: str) -> None:
    assert taken({**PERSON, "provider": name}).provider == name.strip().lower()


MISSING = "It is missing: a message needs it."
NO_TIME = "It is no time: write it as 2026-03-01T12:00:00Z."
FUTURE = "It lies in the future: check the clock and the time zone."


@pytest.mark.parametrize(
    ("row", "field", "text"),
    [
        ({**PERSON, "provider": "github"}, "provider", "Dexxy reads GitHub by itself"),
        ({**PERSON, "provider": "GitHub.com"}, "provider", "Dexxy reads GitHub by itself"),
        ({**PERSON, "provider": "import"}, "provider", "A platform is called by letters"),
        ({**PERSON, "provider": "a b"}, "provider", "A platform is called by letters"),
        ({**PERSON, "id": ""}, "id", "It is empty"),
        ({**PERSON, "id": 12}, "id", "It is no text: put it in quotes."),
        ({**PERSON, "id": "x" * 101}, "id", "It is longer than 100 characters: shorten it."),
        ({**PERSON, "name": "A\0da"}, "name", "It holds a null character: take that out."),
        ({**PERSON, "email": "ada"}, "email", "It is no e-mail address: mend it, or leave it out."),
        ({**PERSON, "email_verified": "yes"}, "email_verified", "It is neither true nor false"),
        ({**PERSON, "url": "javascript:alert(1)"}, "url", "It is no web address"),
        ({**PERSON, "links": "https://ada.example"}, "links", "It is no list of up to 20 texts"),
        ({**PERSON, "nick": "a"}, "nick", "A person has no such field, but type, provider"),
        ({**PERSON, "deleted": True}, "deleted", "A person has no such field"),
        ({**PERSON, "type": "human"}, "type", "It is none of source, person, thread, message"),
        ({**SOURCE, "name": None}, "name", "It is missing: a source needs it."),
        ({**THREAD, "kind": "pull_request"}, "kind", "It is none of discussion, issue"),
        ({**THREAD, "state": "merged"}, "state", "It is none of open, closed"),
        ({**THREAD, "state": "closed"}, "closed_at", "It is missing: say when it was closed."),
        ({**THREAD, "closed_at": "2026-03-05T00:00:00Z"}, "closed_at", "The thread is open"),
        ({**THREAD, "labels": ["a", 1]}, "labels", "It is no text: put it in quotes."),
        ({**THREAD, "title": " \n "}, "title", "It is empty"),
        ({**THREAD, "body": "x" * 262_145}, "body", "It is longer than 262,144 characters"),
        ({**MESSAGE, "thread": None}, "thread", MISSING),
        ({**MESSAGE, "occurred_at": None}, "occurred_at", MISSING),
        ({**MESSAGE, "occurred_at": 1772366400}, "occurred_at", NO_TIME),
        ({**MESSAGE, "occurred_at": "yesterday"}, "occurred_at", NO_TIME),
        ({**MESSAGE, "occurred_at": "1969-12-31T23:00:00Z"}, "occurred_at", "It is before 1970"),
        ({**MESSAGE, "occurred_at": "9999-12-31T23:59:59-12:00"}, "occurred_at", NO_TIME),
        ({**MESSAGE, "occurred_at": "2026-03-10T12:05:01Z"}, "occurred_at", FUTURE),
        ({**MESSAGE, "kind": "opened"}, "kind", "It is none of comment, reply, closed, reopened"),
        ({**MESSAGE, "kind": "reply"}, "parent", "It is missing: a reply names the comment"),
        (b"{", "", "It is no JSON in UTF-8"),
        (b'{"type": "person", "id": "\xff"}', "", "It is no JSON in UTF-8"),
        (b'{"type": "person", "id": "\\ud800"}', "", "It is no JSON in UTF-8"),
        (b'["person"]', "", "It is no JSON object"),
        (b"[" * 100_000, "", "It is no JSON in UTF-8"),
    ],
)
def test_what_cannot_be_taken_says_why_and_what_to_do(row: Any, field: str, text: str) -> None:
    found = read(row)

    assert isinstance(found, list)
    [(name, said)] = found
    assert (name, said[: len(text)]) == (field, text)


def test_a_clock_may_be_five_minutes_ahead() -> None:
    ahead = (NOW + timedelta(minutes=5)).isoformat()

    assert taken({**MESSAGE, "occurred_at": ahead}).version_at > NOW


def test_all_that_is_wrong_with_a_line_is_said_at_once() -> None:
    found = read({"type": "message", "provider": "lists", "nick": "a", "thread": 1})

    assert isinstance(found, list)
    assert {name for name, _ in found} == {"nick", "thread", "source", "id", "occurred_at"}


def test_every_script_of_the_world_is_text() -> None:
    name = "אדה 蟻 Ａｄａ 👩🏽‍🔬 \u202eadA"

    assert taken({**PERSON, "name": name}).given["name"] == name
