"""One action, tried through each of its doors from the same start."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import StringIO
from string import Template
from typing import Any, Protocol

from django.contrib import messages
from django.core.management import call_command
from django.db import connection, transaction
from django.http import QueryDict
from django.test import Client

from dexxy.accounts.models import User
from dexxy.common.errors import DexxyError

# The numbers of rows that an action makes begin here, the same through each door.
NEW = 1_000_000
# Written by whoever comes in, whatever they do.
_ELSEWHERE = {
    *("django_session", "accounts_browsersession"),
    # What the administration notes of itself.
    *("django_admin_log", "django_content_type"),
}
_UNLIKE = {
    *("last_login", "last_used_at", "transaction_id", "written_by"),
    *("digest_after", "alerts_after", "webhook_id", "payload"),
}
# Times, and what is drawn by chance or encrypted anew: of them it is compared whether they are set.
_TOLD_APART = ("_at", "_until", "_hash")
_ENCRYPTED = "gAAAA"
_REFUSED = {403: "FORBIDDEN", 404: "NOT_FOUND"}

Names = Mapping[str, object]
Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Action:
    """What is asked of each door; '' where it is not offered. `$ada` is the id of Ada.

    Args:
        page: where its form is sent below the workspace, with the fields as in an address.
        api: a field of the mutations with its arguments.
        admin: as `page`, below the administration.
        command: of the command line, whose person is the one that it names.
        by: who asks.
        audit: what is written down: an action and the id that it is about, 'new' of a new row.
        refusal: what the person hears; '' where it is done.
        has_token: whether a program may ask for it, too.
    """

    name: str
    page: str = ""
    api: str = ""
    admin: str = ""
    command: str = ""
    by: str = "bob"
    audit: Sequence[str] = ()
    refusal: str = ""
    has_token: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of an action: the refusal, the audit entries, and each row gone or new."""

    refusal: str
    audit: Sequence[str]
    gone: Rows
    new: Rows


class Door(Protocol):
    """One way to ask for an action."""

    name: str

    def offers(self, action: Action) -> bool: ...

    def ask(self, client: Client, action: Action, names: Names) -> str:
        """Ask for ACTION, and return the refusal: the code of one that hides, else its words."""


class PageDoor:
    name = "page"

    def offers(self, action: Action) -> bool:
        return bool(action.page)

    def ask(self, client: Client, action: Action, names: Names) -> str:
        return _send(client, f"/w/{names['slug']}/", action.page, names)


class AdminDoor:
    name = "admin"

    def offers(self, action: Action) -> bool:
        return bool(action.admin)

    def ask(self, client: Client, action: Action, names: Names) -> str:
        return _send(client, "/admin/", action.admin, names)


class ApiDoor:
    name = "api"

    def offers(self, action: Action) -> bool:
        return bool(action.api)

    def ask(self, client: Client, action: Action, names: Names) -> str:
        return self._refusal(client, action, names, {})

    def _refusal(
        self, client: Client, action: Action, names: Names, headers: dict[str, str]
    ) -> str:
        query = f"mutation {{ {Template(action.api).substitute(names)} {{ __typename }} }}"
        response = client.post(
            "/graphql/", json.dumps({"query": query}), "application/json", headers=headers
        )
        errors = response.json().get("errors", [])
        if not errors:
            return ""
        code = str(errors[0]["extensions"]["code"])
        return code if code in {"UNAUTHENTICATED", *_REFUSED.values()} else errors[0]["message"]


class ProgramDoor(ApiDoor):
    """The API with the bearer token `$secret`."""

    name = "program"

    def offers(self, action: Action) -> bool:
        return bool(action.api) and action.has_token

    def ask(self, client: Client, action: Action, names: Names) -> str:
        return self._refusal(
            Client(), action, names, {"Authorization": f"Bearer {names['secret']}"}
        )


class CommandDoor:
    name = "command"

    def offers(self, action: Action) -> bool:
        return bool(action.command)

    def ask(self, client: Client, action: Action, names: Names) -> str:
        command, *arguments = shlex.split(Template(action.command).substitute(names))
        try:
            call_command(
                command.replace("-", "_"), *arguments, stdout=StringIO(), stderr=StringIO()
            )
        except DexxyError as error:
            return str(error)
        return ""


DOORS: Sequence[Door] = (PageDoor(), AdminDoor(), ApiDoor(), ProgramDoor(), CommandDoor())


def doors_of(actions: Sequence[Action]) -> list[tuple[Action, Door]]:
    """Return each of ACTIONS with each door that offers it."""
    return [(action, door) for action in actions for door in DOORS if door.offers(action)]


def name_of(one: object) -> str:
    """Name an action or a door in the report of the tests."""
    return str(getattr(one, "name", one))


def tried(door: Door, client: Client, action: Action, names: Names, viewer: User | None) -> Outcome:
    """Ask VIEWER's way for ACTION through DOOR, and take back all that it did."""
    client.logout()
    if viewer is not None:
        client.force_login(viewer)
    with _taken_back():
        before = _stored()
        refusal = door.ask(client, action, names)
        after = _stored()
    return Outcome(refusal, _audit(before, after), _more(before, after), _more(after, before))


def assert_one_outcome(
    client: Client, action: Action, names: Names, viewer: User | None
) -> Outcome:
    """Require of ACTION through each of its doors what it promises, and the same; return that."""
    outcomes = {
        door.name: tried(door, client, action, names, viewer) for _, door in doors_of([action])
    }
    promised = (action.refusal, expected_audit(action, names))
    first, *_ = outcomes.values()
    for door, outcome in outcomes.items():
        assert (door, outcome.refusal, outcome.audit) == (door, *promised)
        assert (door, outcome.gone, outcome.new) == (door, first.gone, first.new)
    if action.refusal:
        assert (first.gone, first.new) == ({}, {})
    return first


def assert_refused(
    refusal: str, client: Client, action: Action, names: Names, viewer: User | None
) -> None:
    """Require that each door of ACTION but that of programs refuses it so, and changes nothing."""
    for _, door in doors_of([action]):
        # To a program this is the API with another key: who has none is refused in other tests.
        if door.name not in ("program", "command"):
            outcome = tried(door, client, action, names, viewer)
            assert (door.name, outcome) == (door.name, Outcome(refusal, [], {}, {}))


def expected_audit(action: Action, names: Names) -> list[str]:
    """Return the audit entries that ACTION promises."""
    return [Template(entry).substitute(names) for entry in action.audit]


def _send(client: Client, root: str, form: str, names: Names) -> str:
    address, _, fields = Template(form).substitute(names).partition("?")
    path = address if address.startswith("/") else root + address
    response = client.post(path, QueryDict(fields).dict())
    if response.status_code in _REFUSED:
        return _REFUSED[response.status_code]
    if response.headers.get("Location", "").startswith("/accounts/login/"):
        return "UNAUTHENTICATED"
    told = messages.get_messages(response.wsgi_request)
    errors = [str(one) for one in told if one.level == messages.ERROR]
    return " ".join(errors or [(response.context or {}).get("error", "")])


@contextmanager
def _taken_back() -> Iterator[None]:
    with _same_numbers(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _same_numbers() -> Iterator[None]:
    """Let sequences, which are no part of a transaction, begin at NEW, and then be as before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(sequencename), last_value FROM pg_sequences")
        before = cursor.fetchall()
        named = [name for name, _ in before]
        cursor.execute("SELECT setval(name, %s) FROM unnest(%s::text[]) name", [NEW, named])
    yield
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval(name, coalesce(last, 1), last IS NOT NULL)"
            " FROM unnest(%s::text[], %s::bigint[]) AS of (name, last)",
            [named, [last for _, last in before]],
        )


def _stored() -> dict[str, list[dict[str, Any]]]:
    """Return every row; of times and secrets whether they are set."""
    stored: dict[str, list[dict[str, Any]]] = {table: [] for table in _tables()}
    each = " UNION ALL ".join(f"SELECT '{name}', to_jsonb(t) FROM \"{name}\" t" for name in stored)  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(each)
        for table, row in cursor.fetchall():
            stored[table].append(_alike(json.loads(row)))
    return stored


@cache
def _tables() -> list[str]:
    with connection.cursor() as cursor:
        return [
            name for name in connection.introspection.table_names(cursor) if name not in _ELSEWHERE
        ]


def _alike(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: bool(value) if _differs(name, value) else value
        for name, value in row.items()
        if name not in _UNLIKE
    }


def _differs(name: str, value: object) -> bool:
    return name.endswith(_TOLD_APART) or str(value).startswith(_ENCRYPTED)


def _more(one: Mapping[str, list[Any]], other: Mapping[str, list[Any]]) -> Rows:
    """Return the rows of ONE that the OTHER does not have."""
    found = {}
    for table, rows in one.items():
        known = {json.dumps(row, sort_keys=True) for row in other[table]}
        more = {json.dumps(row, sort_keys=True) for row in rows} - known
        if more:
            found[table] = sorted(more)
    return found


def _audit(before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]) -> list[str]:
    table = "accounts_auditentry"
    known = {row["id"] for row in before[table]}
    entries = [row for row in after[table] if row["id"] not in known]
    return [
        f"{row['action']} {'new' if int(row['target_id']) > NEW else row['target_id']}"
        for row in sorted(entries, key=lambda row: int(row["id"]))
    ]
