"""Store accounts, and give each new one a member."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members import ingest_sql as sql
from dexxy.members.records import IdentityRecord, ProfileRecord


def identities_apply(
    *, workspace_id: int, provider: str, records: Iterable[IdentityRecord], seen_at: datetime
) -> dict[str, int]:
    """Store RECORDS as they were at SEEN_AT, inside the caller's transaction.

    Returns: external id -> primary key, for every record.
    """
    by_id = {record.external_id: record for record in records}
    if not by_id:
        return {}
    place = {"workspace": workspace_id, "provider": provider, "seen_at": seen_at}
    known = dict(fetch_all(sql.FIND, {**place, "ids": list(by_id)}))
    if known:
        rows = _rows(by_id.values())
        if fetch_all(sql.LOCK_CHANGED, place, rows):
            execute(sql.RENAME_MEMBERS, place, rows)
            execute(sql.UPDATE, place, rows)
    if len(known) < len(by_id):
        known |= _insert(place, by_id)
    return known


def _insert(place: dict[str, object], by_id: dict[str, IdentityRecord]) -> dict[str, int]:
    # Two workers that meet one new person at the same moment must make one member, not two.
    fetch_all(sql.LOCK_NEW_MEMBERS, place)
    known = dict(fetch_all(sql.FIND, {**place, "ids": list(by_id)}))
    rows = _rows(record for key, record in by_id.items() if key not in known)
    if rows:
        known |= dict(fetch_all(sql.INSERT, place, rows))
    return known


def _rows(records: Iterable[IdentityRecord]) -> Rows:
    ordered = sorted(records, key=lambda record: record.external_id)
    names = sql.IDENTITY_COLUMNS
    return Rows(names, [tuple(getattr(record, name) for name in names) for record in ordered])


def profiles_apply(
    *,
    workspace_id: int,
    provider: str,
    asked_for: Sequence[int],
    records: Iterable[ProfileRecord],
    read_at: datetime,
) -> None:
    """Store profiles, inside the caller's transaction.

    Args:
        asked_for: primary keys of the identities that were asked for, found or not.
    """
    names = sql.PROFILE_COLUMNS
    rows = Rows(names, [tuple(getattr(record, name) for name in names) for record in records])
    params = {"workspace": workspace_id, "provider": provider}
    execute(sql.NOTE_PROFILES_READ, {"read_at": read_at, "asked_for": list(asked_for)})
    execute(sql.FILL_PROFILES, params, rows)


def identities_recount(*, workspace_id: int) -> None:
    """Make the counts and the first and last seen times of a workspace's people true again."""
    execute(sql.RECOUNT_IDENTITIES, {"workspace": workspace_id})
    execute(sql.RECOUNT_MEMBERS, {"workspace": workspace_id})
