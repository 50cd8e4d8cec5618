"""Store accounts as webhooks show them: with fewer fields than a snapshot, some in another form."""

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
    """Store RECORDS of webhooks, inside the caller's transaction.

    A stored account takes only its login and its kind from them, and a bot not even its login: a
    webhook carries no names, and pictures and node ids in another form than GraphQL.

    Args:
        seen_at: when the webhooks were received, by our clock.

    Returns: external id -> primary key, for every record.
    """
    by_id = {record.external_id: record for record in records}
    params = {"workspace": workspace_id, "provider": provider, "ids": list(by_id)}
    for _, *stored in fetch_all(sql.FIND, params) if by_id else ():
        known = IdentityRecord(**dict(zip(sql.IDENTITY_COLUMNS, stored, strict=True)))
        record = by_id[known.external_id]
        # GitHub calls one bot by several logins in its webhooks (Copilot), and by one in GraphQL.
        is_bot = known.kind == IdentityKind.BOT
        by_id[known.external_id] = replace(
            known,
            username=known.username if is_bot else record.username,
            kind=IdentityKind(record.kind),
        )
    return identities_apply(
        workspace_id=workspace_id, provider=provider, records=by_id.values(), seen_at=seen_at
    )
