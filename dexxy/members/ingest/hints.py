"""Store accounts as webhooks show them: less than a snapshot does, and some of it otherwise."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from dexxy.common.sql import fetch_all
from dexxy.members.ingest import accounts_sql as sql
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import IdentityKind


def identities_meet(
    *, workspace_id: int, provider: str, records: Iterable[IdentityRecord], seen_at: datetime
) -> dict[str, int]:
    """Store RECORDS of webhooks received at SEEN_AT, inside the caller's transaction.

    Of an account that is known only the login and the kind are taken: names do not come with a
    webhook, and pictures and node ids come in another form.

    Returns: external id -> primary key, for every record.
    """
    by_id = {record.external_id: record for record in records}
    params = {"workspace": workspace_id, "provider": provider, "ids": list(by_id)}
    for _, *stored in fetch_all(sql.FIND, params) if by_id else ():
        known = IdentityRecord(**dict(zip(sql.IDENTITY_COLUMNS, stored, strict=True)))
        record = by_id[known.external_id]
        by_id[known.external_id] = replace(
            known, username=record.username, kind=IdentityKind(record.kind)
        )
    return identities_apply(
        workspace_id=workspace_id, provider=provider, records=by_id.values(), seen_at=seen_at
    )
