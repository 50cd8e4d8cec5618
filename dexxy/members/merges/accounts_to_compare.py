"""Find the accounts that must be compared, by the hashes of the values they show."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import combinations
from typing import Any

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.models import COMPARE_DUE, Identity, MergeSuggestion, SuggestionState

Pair = tuple[int, int]
_CHUNK = 5000
# What is longer than this is no name and no address.
_COLUMNS = (
    "id, home_member_id, updated_at, provider, external_id, left(username, 100), left(name, 200),"
    " left(email, 255), is_email_verified, kind, left(url, 500), links[:20]"
)
# Read for each account of a large workspace: `values_list` takes half as long again.
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
# The keys that lost or got accounts: those of accounts that changed, before and now.
_TOUCHED = """
    SELECT key FROM members_matchkey
    WHERE workspace_id = %(workspace)s AND identity_id = ANY(%(changed)s)
    UNION
    SELECT unnest(%(lost)s::bigint[])
"""
_SHARING = f"""
SELECT array_agg(identity_id)
FROM members_matchkey
WHERE workspace_id = %(workspace)s AND key IN ({_TOUCHED})
GROUP BY key
HAVING count(*) BETWEEN 2 AND %(at_most)s
"""  # noqa: S608
_COUNTS_AROUND = """
SELECT key, count(*)
FROM members_matchkey
WHERE workspace_id = %(workspace)s AND key IN (
    SELECT key FROM members_matchkey
    WHERE workspace_id = %(workspace)s AND identity_id = ANY(%(identities)s)
)
GROUP BY key
HAVING count(*) > 1
"""
# In two steps, because nobody can estimate how many accounts hold a few keys.
_HOLDERS = f"""
SELECT home_member_id, id FROM members_identity
WHERE id IN (
    SELECT identity_id FROM members_matchkey
    WHERE workspace_id = %(workspace)s AND key IN ({_TOUCHED})
    UNION
    SELECT unnest(%(changed)s::bigint[])
)
"""  # noqa: S608
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
class Touched:
    """The accounts that changed, and the keys that they no longer have."""

    changed: list[int]
    lost: list[int]


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


def accounts_due(workspace_id: int, *, limit: int) -> list[int]:
    """Return the ids of accounts that changed since they were last compared."""
    due = Identity.objects.filter(COMPARE_DUE, workspace=workspace_id).order_by("pk")
    return list(due.values_list("pk", flat=True)[:limit])


def accounts_read(ids: Iterable[int]) -> Iterator[ShownAccount]:
    """Read the accounts with IDS, a few at a time."""
    waiting = sorted(ids)
    for start in range(0, len(waiting), _CHUNK):
        rows = fetch_all(_BY_ID, {"ids": waiting[start : start + _CHUNK]})
        for pk, home, at, *shown, links in rows:
            yield ShownAccount(pk, home, at, (*shown, tuple(links)))


def keys_replace(workspace_id: int, values: Mapping[int, Iterable[str]]) -> set[int]:
    """Let accounts be found by new values only.

    Args:
        values: of each account.

    Returns: the keys of the old values.
    """
    params = {"workspace": workspace_id, "identities": list(values)}
    old = {key for (key,) in fetch_all(_FORGET_KEYS, params)}
    rows = sorted((key_of(value), pk) for pk, found in values.items() for value in found)
    execute(_ADD_KEYS, params, Rows(_KEY_COLUMNS, rows))
    return old


def pairs_sharing(workspace_id: int, touched: Touched, *, at_most: int) -> set[Pair]:
    """Return the pairs of accounts that share a key which was touched.

    Args:
        at_most: a key that more accounts have brings none of them together.
    """
    params = {"workspace": workspace_id, **asdict(touched), "at_most": at_most}
    found: set[Pair] = set()
    for (holders,) in fetch_all(_SHARING, params):
        found.update(combinations(sorted(holders), 2))
    return found


def pairs_suggested(workspace_id: int, touched: Touched) -> set[Pair]:
    """Return the pairs of accounts whose suggestion may have to go.

    It may rest on a value that has just become common, or is gone.
    """
    params = {"workspace": workspace_id, **asdict(touched)}
    holders = dict(fetch_all(_HOLDERS, params))
    suggested = MergeSuggestion.objects.filter(
        workspace=workspace_id,
        state=SuggestionState.OPEN,
        first__any=holders,
        second__any=holders,
    ).values_list("first_id", "second_id")
    pairs = [(holders[a], holders[b]) for a, b in suggested]
    return {(min(pair), max(pair)) for pair in pairs}


def holders_around(workspace_id: int, ids: Iterable[int]) -> dict[int, int]:
    """Return how many accounts have each key of the accounts with IDS, if more than one."""
    params = {"workspace": workspace_id, "identities": list(ids)}
    return dict(fetch_all(_COUNTS_AROUND, params))


def compared_note(versions: Mapping[int, datetime]) -> None:
    """Remember that accounts were compared as they were read.

    Args:
        versions: the `updated_at` of each account.
    """
    execute(_NOTE_COMPARED, {}, Rows(_NOTE_COLUMNS, versions.items()))


def key_of(value: str) -> int:
    """Return the hash that stands for VALUE: of 64 bits, and signed, as PostgreSQL wants it."""
    digest = blake2b(value.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
