"""Stage the rows of an import in temporary tables, which PostgreSQL drops with the transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson
from django.db import connection
from django.utils.translation import gettext as _

from dexxy.common.sql import execute, fetch_all
from dexxy.members.adding import account_key
from dexxy.members.imports.file import ImportedRow

PROVIDER = "import"
_TABLE = """
DROP TABLE IF EXISTS pg_temp.member_import, pg_temp.member_import_account;
CREATE TEMP TABLE member_import (
    number bigint PRIMARY KEY, key text, label text, name text, email text, company text,
    location text, notes text, tags text[], accounts jsonb, problem text, outcome text
) ON COMMIT DROP
"""
_GIVEN = "number, key, label, name, email, company, location, notes, tags, accounts, problem"
_COPY = f"COPY member_import ({_GIVEN}) FROM STDIN"
_SPREAD = """
CREATE TEMP TABLE member_import_account ON COMMIT DROP AS
SELECT number, a ->> 0 AS platform, a ->> 1 AS username, a ->> 2 AS key
FROM member_import, jsonb_array_elements(accounts) a;
CREATE INDEX ON member_import_account (number);
ANALYZE member_import;
ANALYZE member_import_account
"""
_INDEX = "CREATE UNIQUE INDEX ON member_import (key) WHERE problem = ''"
_REPEATED = """
UPDATE member_import r
SET problem = replace(%(again)s, '{line}', f.first::text)
FROM (SELECT key, min(number) AS first FROM member_import WHERE problem = '' GROUP BY key) f
WHERE r.problem = '' AND r.key = f.key AND r.number <> f.first
"""
_NAMED_TWICE = """
UPDATE member_import r
SET problem = replace(replace(replace(
    %(taken)s, '{line}', a.first::text), '{platform}', a.platform), '{username}', a.username)
FROM (
    SELECT DISTINCT ON (a.number) a.number, a.platform, a.username, a.first
    FROM (
        SELECT a.*, min(a.number) OVER (PARTITION BY platform, a.key) AS first
        FROM member_import_account a JOIN member_import r USING (number)
        WHERE r.problem = ''
    ) a
    WHERE a.number <> a.first
    ORDER BY a.number, a.platform
) a
WHERE r.number = a.number
"""
_KNOWN = """
UPDATE member_import r
SET outcome = CASE
    WHEN r.problem <> '' THEN 'bad'
    WHEN EXISTS (
        SELECT FROM members_identity i
        WHERE i.workspace_id = %(workspace)s AND i.provider = %(provider)s
          AND i.external_id = r.key
    ) THEN 'known'
    ELSE 'added' END
WHERE outcome IS NULL
"""
_NEXT = """
SELECT number, key, label, name, email, company, location, notes, tags FROM member_import
WHERE outcome IN ('added', 'known') AND key > %(after)s ORDER BY key LIMIT %(limit)s
"""
_ACCOUNTS = """
SELECT a.number, a.platform, a.username, a.key FROM member_import_account a
WHERE a.number = ANY(%(numbers)s) ORDER BY a.platform, a.key
"""
_ERASED = "UPDATE member_import SET outcome = 'erased' WHERE number = ANY(%(numbers)s)"
_OUTCOMES = """
SELECT number, outcome, problem FROM member_import
WHERE number > %(after)s ORDER BY number LIMIT %(limit)s
"""
# Rows of the file that are in memory at a time.
ROWS_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row without a problem; its fields are columns of `member_import`."""

    number: int
    key: str
    label: str
    name: str
    email: str
    company: str
    location: str
    notes: str
    tags: list[str]


def rows_stage(rows: Iterable[ImportedRow], *, workspace_id: int) -> None:
    """Store ROWS in the temporary tables, find duplicates, and set the outcome of each row.

    Args:
        rows: all rows of the file, bad ones included.
        workspace_id: the workspace into which they are imported.
    """
    execute(_TABLE, {})
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in rows:
            copy.write_row(_cells(row))
    execute(_SPREAD, {})
    execute(_REPEATED, {"again": _("It is the person of line {line} again.")})
    taken = _("The account {username} on {platform} is that of line {line}.")
    execute(_NAMED_TWICE, {"taken": taken})
    execute(_INDEX, {})
    execute(_KNOWN, {"workspace": workspace_id, "provider": PROVIDER})


def staged_batches() -> Iterator[list[StagedRow]]:
    """Yield the rows to import, ordered by key: the order in which all writers lock accounts."""
    after = ""
    while rows := fetch_all(_NEXT, {"after": after, "limit": ROWS_AT_ONCE}):
        batch = [StagedRow(*row) for row in rows]
        yield batch
        after = batch[-1].key


def accounts_of(batch: Iterable[StagedRow]) -> list[tuple[int, str, str, str]]:
    """Return (row number, platform, username, key) of each account in BATCH, in lock order."""
    rows = fetch_all(_ACCOUNTS, {"numbers": [row.number for row in batch]})
    return [(number, platform, username, key) for number, platform, username, key in rows]


def erased_note(numbers: Iterable[int]) -> None:
    """Set the outcome of the rows with NUMBERS to `erased`, so that they are not imported."""
    execute(_ERASED, {"numbers": list(numbers)})


def outcomes() -> Iterator[tuple[int, str, str]]:
    """Yield (row number, outcome, problem) of each row.

    An outcome is `added`, `known`, `erased` or `bad`; a problem is '' unless it is bad.
    """
    after = 0
    while rows := fetch_all(_OUTCOMES, {"after": after, "limit": ROWS_AT_ONCE}):
        for number, outcome, problem in rows:
            yield number, outcome, problem
            after = number


def _cells(row: ImportedRow) -> tuple[object, ...]:
    """Return the values of ROW for the columns in _GIVEN."""
    if row.problem:
        return row.number, "", "", "", "", "", "", "", [], "[]", row.problem
    accounts = [(platform, name, account_key(name)) for platform, name in row.accounts]
    return (
        *(row.number, row.key, row.label, row.name, row.email, row.company, row.location),
        *(row.notes, list(row.tags), orjson.dumps(accounts).decode(), ""),
    )
