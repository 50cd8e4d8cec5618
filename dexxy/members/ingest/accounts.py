"""Store accounts, and give each new one a member."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from dexxy.common.sql import Rows, execute_later, fetch_all
from dexxy.members.erasure.digests import ErasedPeople
from dexxy.members.ingest import accounts_sql as sql
from dexxy.members.ingest.contacts import contacts_apply
from dexxy.members.ingest.records import IdentityRecord, ProfileRecord

# The values of an account, in the order of its columns.
_row: Callable[[IdentityRecord], tuple[str, ...]] = attrgetter(*sql.IDENTITY_COLUMNS)


def identities_apply(
    *, workspace_id: int, provider: str, records: Iterable[IdentityRecord], seen_at: datetime
) -> dict[str, int]:
    """Store RECORDS, inside the caller's transaction.

    Args:
        seen_at: by our clock; it is the version of what records show that have none themselves.

    Returns: external id -> primary key, for every record.
    """
    by_id = {record.external_id: record for record in records}
    if not by_id:
        return {}
    server = {"workspace": workspace_id, "provider": provider}
    known, changed = _compare(server, by_id)
    if changed:
        rows = _rows(changed, seen_at)
        if fetch_all(sql.LOCK_CHANGED, server, rows):
            execute_later(sql.RENAME_MEMBERS, server, rows)
            execute_later(sql.UPDATE, server, rows)
    if len(known) < len(by_id):
        known |= _insert(workspace_id, provider, server, by_id, seen_at)
    return known


def _compare(
    server: dict[str, object], by_id: dict[str, IdentityRecord]
) -> tuple[dict[str, int], list[IdentityRecord]]:
    """Return the primary keys of stored accounts, and the records that differ from them."""
    known, changed = {}, []
    for pk, *stored in fetch_all(sql.FIND, {**server, "ids": list(by_id)}):
        record = by_id[stored[0]]
        known[record.external_id] = pk
        if tuple(stored) != _row(record):
            changed.append(record)
    return known, changed


def _insert(
    workspace_id: int,
    provider: str,
    server: dict[str, object],
    by_id: dict[str, IdentityRecord],
    seen_at: datetime,
) -> dict[str, int]:
    # Two workers that meet one new person at the same moment must make one member, not two.
    execute_later(sql.LOCK_NEW_MEMBERS, server)
    known, _ = _compare(server, by_id)
    known |= ErasedPeople(workspace_id).accounts(provider, by_id.keys() - known.keys())
    new = [record for key, record in by_id.items() if key not in known]
    if new:
        known |= dict(fetch_all(sql.INSERT, server, _rows(new, seen_at)))
    return known


def _rows(records: Iterable[IdentityRecord], seen_at: datetime) -> Rows:
    ordered = sorted(records, key=lambda record: record.external_id)
    rows = [(*_row(record), record.version_at or seen_at) for record in ordered]
    return Rows(sql.ROW_COLUMNS, rows)


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
    records = list(records)
    names = sql.PROFILE_COLUMNS
    rows = Rows(names, [tuple(getattr(record, name) for name in names) for record in records])
    params = {"workspace": workspace_id, "provider": provider}
    execute_later(sql.NOTE_PROFILES_READ, {"read_at": read_at, "asked_for": list(asked_for)})
    # The accounts are locked now, all of them in the order of their keys.
    contacts_apply(workspace_id=workspace_id, provider=provider, records=records)
    execute_later(sql.FILL_PROFILES, params, rows)
