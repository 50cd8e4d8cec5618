"""Find the accounts that must be compared, by the hashes of the values they show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import combinations
from typing import Any

from dexxy.common.sql import Rows, execute, fetch_all

# What is longer than this is no name and no address.
_COLUMNS = (
    "id, home_member_id, updated_at, provider, external_id, left(username, 100), left(name, 200),"
    " left(email, 255), is_email_verified, kind, left(url, 500), links[:20]"
)
_DUE = f"""
SELECT {_COLUMNS} FROM members_identity
WHERE workspace_id = %(workspace)s AND (compared_at IS NULL OR NOT compared_at = updated_at)
ORDER BY id
LIMIT %(limit)s
"""  # noqa: S608
_BY_ID = f"SELECT {_COLUMNS} FROM members_identity WHERE id = ANY(%(ids)s)"  # noqa: S608
_FORGET_KEYS = """
DELETE FROM members_matchkey
WHERE workspace_id = %(workspace)s AND identity_id = ANY(%(identities)s)
RETURNING key
"""
_ADD_KEYS = """
INSERT INTO members_matchkey (workspace_id, key, identity_id)
SELECT %(workspace)s, key, identity_id FROM {rows}
"""
_KEY_COLUMNS = {"key": "bigint", "identity_id": "bigint"}
_HOLDERS_OF_KEYS = """
SELECT key, count(*), CASE WHEN count(*) <= %(at_most)s THEN array_agg(identity_id) END
FROM members_matchkey
WHERE workspace_id = %(workspace)s AND key = ANY(%(keys)s)
GROUP BY key
HAVING count(*) > 1
"""
_COUNTS_AROUND = """
SELECT key, count(*)
FROM members_matchkey
WHERE workspace_id = %(workspace)s AND key IN (
    SELECT key FROM members_matchkey
    WHERE workspace_id = %(workspace)s AND identity_id = ANY(%(identities)s)
)
GROUP BY key
HAVING count(*) > 2
"""
# A suggestion may rest on a value that has just become common, or is gone.
_SUGGESTED_BY = """
SELECT f.id, s.id
FROM members_mergesuggestion p
JOIN members_identity f ON f.home_member_id = p.first_id
JOIN members_identity s ON s.home_member_id = p.second_id
WHERE p.workspace_id = %(workspace)s AND p.state = 'open' AND (
    f.id = ANY(%(changed)s) OR s.id = ANY(%(changed)s)
    OR EXISTS (
        SELECT FROM members_matchkey a
        JOIN members_matchkey b ON b.workspace_id = a.workspace_id AND b.key = a.key
        WHERE a.identity_id = f.id AND b.identity_id = s.id AND a.key = ANY(%(keys)s)
    )
)
"""
_NOTE_COMPARED = """
UPDATE members_identity i
SET compared_at = due.updated_at
FROM (
    SELECT i.id, r.updated_at
    FROM {rows} JOIN members_identity i ON i.id = r.id
    ORDER BY i.external_id
    FOR NO KEY UPDATE OF i
) due
WHERE i.id = due.id
"""
_NOTE_COLUMNS = {"id": "bigint", "updated_at": "timestamptz"}


@dataclass(frozen=True, slots=True)
class ShownAccount:
    """An account's row: its keys, its version, and what it shows.

    `shown` is provider, external id, username, name, e-mail, whether that is verified, kind, URL
    and links.
    """

    id: int
    home_member_id: int
    updated_at: datetime
    shown: tuple[Any, ...]


def accounts_due(workspace_id: int, *, limit: int) -> list[ShownAccount]:
    """Return accounts that changed since they were last compared."""
    return _accounts(_DUE, {"workspace": workspace_id, "limit": limit})


def accounts_by_id(ids: Iterable[int]) -> list[ShownAccount]:
    """Return the accounts with IDS."""
    return _accounts(_BY_ID, {"ids": list(ids)})


def keys_replace(workspace_id: int, values: Mapping[int, Iterable[str]]) -> set[int]:
    """Let accounts be found by new values only.

    Args:
        values: of each account.

    Returns: the keys of old and new values.
    """
    params = {"workspace": workspace_id, "identities": list(values)}
    old = {key for (key,) in fetch_all(_FORGET_KEYS, params)}
    rows = sorted((key_of(value), pk) for pk, found in values.items() for value in found)
    execute(_ADD_KEYS, params, Rows(_KEY_COLUMNS, rows))
    return old | {key for key, _ in rows}


def pairs_around(
    workspace_id: int, *, keys: Iterable[int], changed: Iterable[int], at_most: int
) -> set[tuple[int, int]]:
    """Return the pairs of accounts to compare when KEYS lost or got holders.

    Args:
        changed: the accounts that changed.
        at_most: a key that more accounts have brings none of them together.
    """
    params = {
        "workspace": workspace_id,
        "keys": list(keys),
        "changed": list(changed),
        "at_most": at_most,
    }
    found = {(min(pair), max(pair)) for pair in fetch_all(_SUGGESTED_BY, params)}
    for _, _, holders in fetch_all(_HOLDERS_OF_KEYS, params):
        if holders:
            found.update(combinations(sorted(holders), 2))
    return found


def holders_around(workspace_id: int, values: Mapping[int, Iterable[str]]) -> dict[str, int]:
    """Return how many accounts have each of the values of some, where it is more than two.

    Args:
        values: of each account.
    """
    params = {"workspace": workspace_id, "identities": list(values)}
    counts = dict(fetch_all(_COUNTS_AROUND, params))
    everything = {value for found in values.values() for value in found}
    return {value: count for value in everything if (count := counts.get(key_of(value)))}


def compared_note(accounts: Iterable[ShownAccount]) -> None:
    """Remember that ACCOUNTS were compared as they were read."""
    rows = [(account.id, account.updated_at) for account in accounts]
    execute(_NOTE_COMPARED, {}, Rows(_NOTE_COLUMNS, rows))


def key_of(value: str) -> int:
    """Return the hash that stands for VALUE: of 64 bits, and signed, as PostgreSQL wants it."""
    digest = blake2b(value.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _accounts(statement: str, params: Mapping[str, Any]) -> list[ShownAccount]:
    return [
        ShownAccount(pk, home, at, (*shown, tuple(links)))
        for pk, home, at, *shown, links in fetch_all(statement, params)
    ]
