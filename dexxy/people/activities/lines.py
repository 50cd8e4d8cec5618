"""Read one line of what a script tells: JSON, with a source, a person, a thread or a message.

Pure. docs/reference/activities.md describes the fields for people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any

import orjson

from dexxy.common.errors import BadInputError
from dexxy.common.times import check_times
from dexxy.members.adding import AccountError, platform_name
from dexxy.members.addresses import mailbox
from dexxy.members.platforms import is_taken_for_read
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

# Bytes of one line.
LONGEST_LINE = 2_000_000
_LONGEST_BODY = 262_144
_LONGEST_NAME, _LONGEST_ACCOUNT = 255, 100
_MOST_LABELS, _MOST_LINKS = 100, 20
# What the clock of another server may be ahead of ours.
_AHEAD = timedelta(minutes=5)


class LineKind(IntEnum):
    """What a line tells of; the others refer to what comes first."""

    SOURCE = 0
    PERSON = 1
    THREAD = 2
    MESSAGE = 3

    @property
    def word(self) -> str:
        """What `type` calls it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line, and what to do about it; `field` is '' for the whole line."""

    line: int
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be taken.

    Args:
        number: of the line, from 1.
        source, thread: the names of what it belongs to; '' where it belongs to none.
        name: of what it tells, which is unique there together with its `message_kind`.
        thread_kind: of a thread that is there.
        version_at: what is told in a later version wins.
        is_deleted: the platform does not have it any more.
        given: the fields that it has, by their names; times are aware.
    """

    number: int
    kind: LineKind
    provider: str
    name: str
    version_at: datetime
    given: Mapping[str, Any]
    source: str = ""
    thread: str = ""
    message_kind: str = ""
    thread_kind: str = ""
    is_deleted: bool = False


class _WrongValue(Exception):
    """A field cannot have this value; the text says why, and what to do."""


# Reads a value, of which the time is that by our clock.
_Read = Callable[[Any, datetime], Any]


def _text(longest: int, *, may_be_empty: bool = True) -> _Read:
    def read(value: Any, _now: datetime) -> str:
        if not isinstance(value, str):
            raise _WrongValue("It is no text: put it in quotes.")
        if "\0" in value:
            raise _WrongValue("It holds a null character: take that out.")
        if len(value) > longest:
            raise _WrongValue(f"It is longer than {longest:,} characters: shorten it.")
        if not (may_be_empty or value.strip()):
            raise _WrongValue("It is empty: give it, or leave the line out.")
        return value

    return read


def _title(value: Any, now: datetime) -> str:
    return " ".join(_text(1_000, may_be_empty=False)(value, now).split())


def _address(longest: int) -> _Read:
    text = _text(longest)

    def read(value: Any, now: datetime) -> str:
        address = str(text(value, now)).strip()
        if address and not address.lower().startswith(("https://", "http://")):
            raise _WrongValue("It is no web address: begin it with https:// or http://.")
        return address

    return read


def _email(value: Any, now: datetime) -> str:
    address = str(_text(254)(value, now)).strip()
    if address and mailbox(address) is None:
        raise _WrongValue("It is no e-mail address: mend it, or leave it out.")
    return address


def _texts(most: int, one: _Read) -> _Read:
    def read(value: Any, now: datetime) -> list[str]:
        if not isinstance(value, list) or len(value) > most:
            raise _WrongValue(f"It is no list of up to {most} texts: put them in [ ].")
        return list(dict.fromkeys(one(item, now) for item in value))

    return read


def _one_of(*values: str) -> _Read:
    def read(value: Any, _now: datetime) -> str:
        if value not in values:
            raise _WrongValue(f"It is none of {', '.join(values)}: choose one of these.")
        return str(value)

    return read


def _yes_or_no(value: Any, _now: datetime) -> bool:
    if not isinstance(value, bool):
        raise _WrongValue("It is neither true nor false: write one of these, without quotes.")
    return value


def _time(value: Any, now: datetime) -> datetime:
    try:
        time = datetime.fromisoformat(value)
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        check_times(time)
    except (TypeError, ValueError, OverflowError) as error:
        raise _WrongValue("It is no time: write it as 2026-03-01T12:00:00Z.") from error
    except BadInputError as error:
        raise _WrongValue("It is before 1970 or after 2199: correct it.") from error
    if time > now + _AHEAD:
        raise _WrongValue("It lies in the future: check the clock and the time zone.")
    return time


def _provider(value: Any, now: datetime) -> str:
    text = _text(50)(value, now)
    if is_taken_for_read(text):
        raise _WrongValue("Dexxy reads GitHub by itself: name a platform of your own.")
    try:
        return _platform(text)
    except AccountError as error:
        raise _WrongValue(str(error)) from error


# Of hundreds of thousands of lines most name the same.
_platform = lru_cache(maxsize=16)(platform_name)
_name = _text(_LONGEST_NAME, may_be_empty=False)
_account = _text(_LONGEST_ACCOUNT, may_be_empty=False)
_web = _address(2_000)
_COMMON: Mapping[str, _Read] = {"type": _one_of(*(kind.word for kind in LineKind))}
_COMMON = {**_COMMON, "provider": _provider, "deleted": _yes_or_no, "updated_at": _time}
_FIELDS: Mapping[LineKind, Mapping[str, _Read]] = {
    LineKind.SOURCE: {
        **{name: read for name, read in _COMMON.items() if name != "updated_at"},
        "id": _account,
        "name": _text(200, may_be_empty=False),
        "url": _address(500),
    },
    LineKind.PERSON: {
        **{name: read for name, read in _COMMON.items() if name != "deleted"},
        "id": _account,
        "username": _account,
        "name": _text(200),
        "email": _email,
        "email_verified": _yes_or_no,
        "bot": _yes_or_no,
        "url": _web,
        "avatar_url": _web,
        "links": _texts(_MOST_LINKS, _web),
    },
    LineKind.THREAD: {
        **_COMMON,
        "source": _account,
        "id": _name,
        "kind": _one_of(ThreadKind.DISCUSSION, ThreadKind.ISSUE),
        "title": _title,
        "body": _text(_LONGEST_BODY),
        "author": _account,
        "url": _web,
        "opened_at": _time,
        "state": _one_of(ThreadState.OPEN, ThreadState.CLOSED),
        "closed_at": _time,
        "answered_at": _time,
        "labels": _texts(_MOST_LABELS, _text(100, may_be_empty=False)),
        "category": _text(100),
    },
    LineKind.MESSAGE: {
        **_COMMON,
        "source": _account,
        "thread": _name,
        "id": _name,
        "kind": _one_of(
            MessageKind.COMMENT,
            MessageKind.REPLY,
            MessageKind.CLOSED,
            MessageKind.REOPENED,
            MessageKind.ANSWERED,
        ),
        "body": _text(_LONGEST_BODY),
        "author": _account,
        "url": _web,
        "occurred_at": _time,
        "parent": _name,
    },
}
_KEYS: Mapping[LineKind, tuple[str, ...]] = {
    LineKind.SOURCE: ("provider", "id"),
    LineKind.PERSON: ("provider", "id"),
    LineKind.THREAD: ("provider", "source", "id"),
    LineKind.MESSAGE: ("provider", "source", "thread", "id"),
}
# What cannot be left out but where something was deleted.
_NEEDED: Mapping[LineKind, tuple[str, ...]] = {
    LineKind.SOURCE: ("name",),
    LineKind.PERSON: (),
    LineKind.THREAD: ("title", "opened_at"),
    LineKind.MESSAGE: ("occurred_at",),
}
_KINDS = {kind.word: kind for kind in LineKind}
_MISSING = "It is missing: a {kind} needs it."


def line_read(number: int, raw: bytes, *, now: datetime) -> Line | list[Problem]:
    """Read one line.

    Args:
        number: of the line, from 1.
        now: by our clock.

    Returns: the line, or all that is wrong with it.
    """
    try:
        told = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return [Problem(number, "", f"It is no JSON in UTF-8 ({error}): mend it.")]
    if not isinstance(told, dict):
        return [Problem(number, "", "It is no JSON object: write {…} on one line.")]
    word = told.get("type")
    kind = _KINDS.get(word) if isinstance(word, str) else None
    if kind is None:
        return [Problem(number, "type", f"It is none of {', '.join(_KINDS)}: say what it tells.")]
    given, problems = _values(number, kind, told, now)
    problems += _of_the_whole(number, kind, given, told)
    return problems or _line(number, kind, given, now)


def _values(
    number: int, kind: LineKind, told: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], list[Problem]]:
    """Read the fields; null is the same as a field that is left out."""
    fields, given, problems = _FIELDS[kind], {}, []
    for name, value in told.items():
        if value is None:
            continue
        read = fields.get(name)
        if read is None:
            known = ", ".join(fields)
            text = f"A {kind.word} has no such field, but {known}: take it out."
            problems.append(Problem(number, name[:100], text))
            continue
        try:
            given[name] = read(value, now)
        except _WrongValue as error:
            problems.append(Problem(number, name, str(error)))
    return given, problems


def _of_the_whole(
    number: int, kind: LineKind, given: Mapping[str, Any], told: Mapping[str, Any]
) -> list[Problem]:
    """Return what fields lack, or say against each other."""
    needed = _KEYS[kind] if given.get("deleted") else (*_KEYS[kind], *_NEEDED[kind])
    missing = [name for name in needed if told.get(name) is None]
    problems = [Problem(number, name, _MISSING.format(kind=kind.word)) for name in missing]
    if kind is LineKind.THREAD and not given.get("deleted"):
        is_closed = given.get("state") == ThreadState.CLOSED
        if is_closed and told.get("closed_at") is None:
            problems.append(Problem(number, "closed_at", "It is missing: say when it was closed."))
        if not is_closed and "closed_at" in given:
            text = "The thread is open: say that its state is closed, or take it out."
            problems.append(Problem(number, "closed_at", text))
    is_reply = given.get("kind") == MessageKind.REPLY and not given.get("deleted")
    if is_reply and told.get("parent") is None:
        text = "It is missing: a reply names the comment that it answers."
        problems.append(Problem(number, "parent", text))
    return problems


def _line(number: int, kind: LineKind, given: dict[str, Any], now: datetime) -> Line:
    is_message, is_thread = kind is LineKind.MESSAGE, kind is LineKind.THREAD
    is_deleted = given.get("deleted", False)
    is_live_thread = is_thread and not is_deleted
    return Line(
        number=number,
        kind=kind,
        provider=given["provider"],
        name=given["id"],
        version_at=_version(kind, given, now),
        given=given,
        source=given.get("source", ""),
        thread=given["id"] if is_thread else given.get("thread", ""),
        message_kind=given.get("kind", MessageKind.COMMENT.value) if is_message else "",
        thread_kind=given.get("kind", ThreadKind.DISCUSSION.value) if is_live_thread else "",
        is_deleted=is_deleted,
    )


def _version(kind: LineKind, given: Mapping[str, Any], now: datetime) -> datetime:
    """Return the version of what is told: the latest time that the line has, or now."""
    version: datetime | None = given.get("updated_at")
    if version is not None:
        return version
    if given.get("deleted") or kind in (LineKind.SOURCE, LineKind.PERSON):
        return now
    names = ("opened_at", "occurred_at", "closed_at", "answered_at")
    times: list[datetime] = [given[name] for name in names if name in given]
    return max(times)
