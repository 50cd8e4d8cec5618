"""What a backup says of itself, read as strictly as anything that came from elsewhere."""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dexxy.common.errors import DexxyError

DUMP, ERASURES, KEYS, MANIFEST = "database.dump", "erasures.jsonl", "keys.json", "manifest.json"
# Of this layout. A later one gets another number, and an older Dexxy refuses it.
FORMAT = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_WORD = 255


class NewerBackupError(DexxyError):
    """A backup has what only a newer Dexxy knows."""

    code = "newer_backup"


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Args:
        dexxy: the version that made it.
        made_at: when, in ISO 8601.
        postgresql: the version of the server, as in "18.6".
        tools: the major version of the `pg_dump` that wrote the dump.
        schema: the PostgreSQL schema that was dumped.
        migrations: the app and name of each migration that the database had.
        digests: the SHA-256 of each other member, by its name.
    """

    dexxy: str
    postgresql: str
    tools: int
    schema: str
    migrations: list[list[str]]
    made_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    digests: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


def object_read(text: bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ValueError: it is none.
    """
    try:
        told = json.loads(text)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error
    if not isinstance(told, dict):
        raise ValueError("The JSON is no object.")
    return told


def number_read(told: object, least: int, most: int) -> int:
    """Return a whole number that is in bounds.

    Raises:
        ValueError: it is none.
    """
    # By its type: `True` is an `int` too.
    if type(told) is not int or not least <= told <= most:
        raise ValueError("A number is none, or out of bounds.")
    return told


def manifest_read(text: bytes, where: str) -> Manifest:
    """Read a manifest.

    Args:
        where: what it is read from, for the error.

    Raises:
        ValueError: it is none.
        NewerBackupError: it is of the layout of a newer Dexxy.
    """
    told = object_read(text)
    dexxy, layout = _word(told.get("dexxy")), told.get("format")
    if type(layout) is int and layout > FORMAT:
        raise NewerBackupError(
            f"{where} is a backup of a newer Dexxy ({dexxy}): restore it with that one."
        )
    if told.keys() != Manifest.__dataclass_fields__.keys():
        raise ValueError("The manifest has other fields.")
    return Manifest(
        dexxy=dexxy,
        postgresql=_word(told["postgresql"]),
        tools=number_read(told["tools"], 1, 999),
        schema=_word(told["schema"]),
        migrations=_migrations(told["migrations"]),
        made_at=_word(told["made_at"]),
        digests=_digests(told["digests"]),
        format=number_read(layout, FORMAT, FORMAT),
    )


def _word(told: object) -> str:
    """Return a text that can be shown in one line."""
    if not isinstance(told, str) or not told.isprintable() or not 0 < len(told) <= _LONGEST_WORD:
        raise ValueError("A text is none, or cannot be shown.")
    return told


def _migrations(told: object) -> list[list[str]]:
    if not isinstance(told, list):
        raise ValueError("The migrations are no list.")
    for one in told:
        if not isinstance(one, list) or len(one) != 2:
            raise ValueError("A migration is no pair.")
    return [[_word(app), _word(name)] for app, name in told]


def _digests(told: object) -> dict[str, str]:
    if not isinstance(told, dict) or not {DUMP, ERASURES} <= told.keys() <= {DUMP, ERASURES, KEYS}:
        raise ValueError("The digests are of other members.")
    if not all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in told.values()):
        raise ValueError("A digest is none.")
    return told
