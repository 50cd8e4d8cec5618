"""Store accounts as webhooks show them: less than a snapshot does, and some of it otherwise."""

# The order of the locks is that of the keys, so that two writers cannot wait for each other.
_RENAME = """
WITH renamed AS MATERIALIZED (
    SELECT i.id, i.username AS before, r.username, r.kind
    FROM {rows}
    JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                           AND i.external_id = r.external_id
    WHERE i.version_at < %(seen_at)s AND (i.username, i.kind) IS DISTINCT FROM (r.username, r.kind)
    ORDER BY i.external_id
    FOR UPDATE OF i
), member AS (
    UPDATE members_member m
    SET display_name = n.username, updated_at = now()
    FROM renamed n JOIN members_identity i ON i.id = n.id
    WHERE m.id = i.home_member_id AND i.name = '' AND m.display_name = n.before
)
UPDATE members_identity i
SET username = n.username, kind = n.kind, version_at = %(seen_at)s, updated_at = now()
FROM renamed n
WHERE i.id = n.id
"""
