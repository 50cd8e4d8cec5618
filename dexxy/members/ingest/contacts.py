"""Store the e-mail addresses and links that profiles show: accounts elsewhere are found by them."""

from collections.abc import Iterable

from dexxy.common.sql import Rows, execute_later
from dexxy.members.ingest.records import ProfileRecord

_COLUMNS = {
    "external_id": "text",
    "email": "text",
    "links": "jsonb",
    "is_verified": "boolean",
}
# A change of `updated_at` makes the account due to be compared.
_FILL = """
UPDATE members_identity i
SET email = new.email, is_email_verified = new.email <> '' AND new.is_verified,
    links = new.links, updated_at = now()
FROM (
    SELECT i.id, coalesce(r.email, i.email) AS email,
           CASE WHEN r.email IS NULL THEN i.is_email_verified ELSE r.is_verified END
               AS is_verified,
           ARRAY(SELECT jsonb_array_elements_text(r.links)) AS links
    FROM {rows}
    JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                           AND i.external_id = r.external_id
    ORDER BY i.external_id
    FOR NO KEY UPDATE OF i
) new
WHERE i.id = new.id AND (i.email, i.is_email_verified, i.links)
      IS DISTINCT FROM (new.email, new.email <> '' AND new.is_verified, new.links)
"""


def contacts_apply(*, workspace_id: int, provider: str, records: Iterable[ProfileRecord]) -> None:
    """Store the addresses and links of profiles, inside the caller's transaction."""
    rows = [
        (record.external_id, record.email, list(record.links), record.is_email_verified)
        for record in records
    ]
    execute_later(_FILL, {"workspace": workspace_id, "provider": provider}, Rows(_COLUMNS, rows))
