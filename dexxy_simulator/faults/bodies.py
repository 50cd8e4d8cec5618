"""Answers with the status 200 that are not what they should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

from werkzeug.wrappers import Response

from dexxy_simulator.faults.call import Call, Effect

Path: TypeAlias = tuple[str | int, ...]
# The fields that somebody wrote.
WRITTEN: Final = ("body", "title", "login", "name", "path")
GARBAGE: Final = {
    "html": b"<html><body>Unicorn!</body></html>",
    "empty": b"",
    "null": b"null",
    "list": b"[1, 2]",
    "text": b'"surprise"',
    "half": None,
    "not utf-8": b'{"data": "\xff\xfe"}',
    "no data": b"{}",
}


def objects_of(body: Any) -> Iterator[dict[str, Any]]:
    """Return every object inside an answer, the outer ones first."""
    if isinstance(body, dict):
        yield body
    children = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for child in list(children):
        yield from objects_of(child)


def pages_of(body: Any, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    """Return the items of every page inside an answer that has any, with its path."""
    if isinstance(body, dict):
        for name, child in body.items():
            if name == "nodes" and isinstance(child, list) and child:
                yield (*path, name), child
            yield from pages_of(child, (*path, name))
    elif isinstance(body, list):
        for place, child in enumerate(body):
            yield from pages_of(child, (*path, place))


def patched(change: Callable[[Any], Any]) -> Effect:
    """Change the JSON of an answer: CHANGE alters it, or returns another one."""

    def effect(call: Call) -> Response:
        response = call.proceed()
        body = response.get_json(force=True)
        other = change(body)
        response.set_data(json.dumps(body if other is None else other, ensure_ascii=False))
        return response

    return effect


def _in_objects(change: Callable[[dict[str, Any]], None]) -> Effect:
    def in_all(body: Any) -> None:
        for one in list(objects_of(body)):
            change(one)

    return patched(in_all)


def unknown_actors(typename: str = "Agent") -> Effect:
    """Give every account a kind that does not exist yet.

    GraphQL then shows only what was asked of every kind.
    """

    def change(one: dict[str, Any]) -> None:
        for name in ("author", "actor", "user"):
            if not isinstance(account := one.get(name), dict):
                continue
            if "__typename" in account:
                account["__typename"] = typename
                account.pop("databaseId", None)
                account.pop("name", None)
            else:
                account["type"] = typename

    return _in_objects(change)


def unknown_states(value: str = "HALF_OPEN") -> Effect:
    """Give everything a state that does not exist yet."""

    def change(one: dict[str, Any]) -> None:
        one.update((name, value) for name in ("state", "stateReason") if one.get(name))

    return _in_objects(change)


def more_fields() -> Effect:
    """Add a field that nobody asked for to every object."""
    return _in_objects(lambda one: one.update(addedIn2031={"isNew": True}))


def lacking(field: str) -> Effect:
    """Leave a field out of every object: a malformed answer."""

    def change(one: dict[str, Any]) -> None:
        one.pop(field, None)

    return _in_objects(change)


def null_nodes() -> Effect:
    """Make every second item of every page null, without an error."""

    def change(body: Any) -> None:
        for _, nodes in list(pages_of(body)):
            nodes[1::2] = [None] * len(nodes[1::2])

    return patched(change)


def nul_bytes() -> Effect:
    """Put a NUL into every text that somebody wrote; PostgreSQL stores none."""

    def change(one: dict[str, Any]) -> None:
        for name in WRITTEN:
            if isinstance(one.get(name), str):
                one[name] = f"{one[name]}\x00end"

    return _in_objects(change)


def half_surrogates() -> Effect:
    """Put half a surrogate pair into every text that somebody wrote: JSON may, UTF-8 may not."""

    def effect(call: Call) -> Response:
        response = call.proceed()
        body = response.get_json(force=True)
        for one in list(objects_of(body)):
            for name in WRITTEN:
                if isinstance(one.get(name), str):
                    one[name] = f"{one[name]}\ud83d"
        response.set_data(json.dumps(body))
        return response

    return effect


def times_are(value: object) -> Effect:
    """Set all times of all objects to the same time; times that are null stay null."""

    def change(one: dict[str, Any]) -> None:
        one.update((name, value) for name in one if name.endswith(("At", "_at")) and one[name])

    return _in_objects(change)


def endless(cursor: str | None = None) -> Effect:
    """Make every list endless: it always has a next page, behind CURSOR (or behind no cursor)."""

    def change(one: dict[str, Any]) -> None:
        if "hasNextPage" in one:
            one.update(hasNextPage=True, endCursor=cursor)

    return _in_objects(change)


def huge_bodies(size: int = 1_000_000) -> Effect:
    """Give the first post of an answer a body of so many characters."""

    def change(body: Any) -> None:
        for one in objects_of(body):
            if isinstance(one.get("body"), str):
                one["body"] = ("long " * (size // 5 + 1))[:size]
                return

    return patched(change)


def garbage(
    kind: Literal["html", "empty", "null", "list", "text", "half", "not utf-8", "no data"] = "html",
) -> Effect:
    """Answer 200 with something that is no answer; `half` is the beginning of one."""

    def effect(call: Call) -> Response:
        response = call.proceed()
        whole, other = response.get_data(), GARBAGE[kind]
        response.set_data(whole[: len(whole) // 2] if other is None else other)
        return response

    return effect


def date_off(seconds: float | None) -> Effect:
    """Set the `Date` of an answer off by so many seconds; None removes it."""

    def effect(call: Call) -> Response:
        call.clock_off = seconds
        return call.proceed()

    return effect


def date_is(text: str) -> Effect:
    """Answer with this `Date`, whatever it says."""

    def effect(call: Call) -> Response:
        call.clock_off = None
        response = call.proceed()
        response.headers["Date"] = text
        return response

    return effect


def stale(back: int = 1) -> Effect:
    """Answer as the same request was answered so many times ago: by a replica that lags.

    Works in a server whose queue `keeps_answers`; without an earlier answer nothing is wrong.
    """

    def effect(call: Call) -> Response:
        earlier = list(call.earlier or ())
        response = call.proceed()
        if earlier:
            response.set_data(earlier[-min(back, len(earlier))])
        return response

    return effect
