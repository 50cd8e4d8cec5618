"""The statements of `ingest`. `{rows}` is the batch, as a FROM item `r`."""

IDENTITY_COLUMNS = {
    "external_id": "text",
    "node_id": "text",
    "kind": "text",
    "username": "text",
    "name": "text",
    "avatar_url": "text",
    "url": "text",
}

# In the order of IDENTITY_COLUMNS.
FIND = """
SELECT id, external_id, node_id, kind, username, name, avatar_url, url FROM members_identity
WHERE workspace_id = %(workspace)s AND provider = %(provider)s AND external_id = ANY(%(ids)s)
"""

LOCK_NEW_MEMBERS = "SELECT pg_advisory_xact_lock(hashtextextended('members', %(workspace)s))"

# The member's id is drawn beforehand, so that both rows come from one statement.
INSERT = """
WITH new AS MATERIALIZED (
    SELECT r.*, nextval(pg_get_serial_sequence('members_member', 'id')) AS member_id FROM {rows}
), member AS (
    INSERT INTO members_member (
        id, workspace_id, display_name, avatar_url, bio, company, location, is_bot, tags, notes,
        created_at, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT member_id, %(workspace)s, coalesce(nullif(name, ''), username), avatar_url, '', '', '',
           kind = 'bot', '{}', '', now(), now()
    FROM new
)
INSERT INTO members_identity (
    workspace_id, provider, external_id, node_id, kind, username, name, email, avatar_url, url,
    member_id, home_member_id, version_at, message_count, created_at, updated_at)
SELECT %(workspace)s, %(provider)s, external_id, node_id, kind, username, name, '', avatar_url, url,
       member_id, member_id, %(seen_at)s, 0, now(), now()
FROM new
RETURNING external_id, id
"""

# Writers lock accounts in the order of their keys, then members in the order of theirs.
LOCK_CHANGED = """
SELECT i.id
FROM {rows}
JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                       AND i.external_id = r.external_id
WHERE i.version_at < %(seen_at)s
  AND (i.node_id, i.kind, i.username, i.name, i.avatar_url, i.url)
      IS DISTINCT FROM (r.node_id, r.kind, r.username, r.name, r.avatar_url, r.url)
ORDER BY i.external_id
FOR NO KEY UPDATE OF i
"""

# A member whose name nobody changed by hand follows the account it was made for.
RENAME_MEMBERS = """
UPDATE members_member m
SET display_name = new.display_name, avatar_url = new.avatar_url, updated_at = now()
FROM (
    SELECT m.id, coalesce(nullif(r.name, ''), r.username) AS display_name, r.avatar_url
    FROM {rows}
    JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                           AND i.external_id = r.external_id
    JOIN members_member m ON m.id = i.home_member_id
    WHERE i.version_at < %(seen_at)s
      AND m.display_name = coalesce(nullif(i.name, ''), i.username)
      AND (m.display_name, m.avatar_url)
          IS DISTINCT FROM (coalesce(nullif(r.name, ''), r.username), r.avatar_url)
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) new
WHERE m.id = new.id
"""

UPDATE = """
UPDATE members_identity i
SET node_id = r.node_id, kind = r.kind, username = r.username, name = r.name,
    avatar_url = r.avatar_url, url = r.url, version_at = %(seen_at)s, updated_at = now()
FROM {rows}
WHERE i.workspace_id = %(workspace)s AND i.provider = %(provider)s
  AND i.external_id = r.external_id AND i.version_at < %(seen_at)s
  AND (i.node_id, i.kind, i.username, i.name, i.avatar_url, i.url)
      IS DISTINCT FROM (r.node_id, r.kind, r.username, r.name, r.avatar_url, r.url)
"""

PROFILE_COLUMNS = {"external_id": "text", "company": "text", "location": "text", "bio": "text"}

# A person's own words never overwrite what the team wrote about them.
FILL_PROFILES = """
UPDATE members_member m
SET company = coalesce(nullif(m.company, ''), new.company),
    location = coalesce(nullif(m.location, ''), new.location),
    bio = coalesce(nullif(m.bio, ''), new.bio), updated_at = now()
FROM (
    SELECT m.id, r.company, r.location, r.bio
    FROM {rows}
    JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                           AND i.external_id = r.external_id
    JOIN members_member m ON m.id = i.home_member_id
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) new
WHERE m.id = new.id
"""

NOTE_PROFILES_READ = """
UPDATE members_identity i
SET profile_read_at = %(read_at)s
FROM (
    SELECT id FROM members_identity WHERE id = ANY(%(asked_for)s)
    ORDER BY external_id
    FOR NO KEY UPDATE
) asked
WHERE i.id = asked.id
"""

RECOUNT_IDENTITIES = """
UPDATE members_identity i
SET message_count = c.messages, first_seen_at = c.first_at, last_seen_at = c.last_at
FROM (
    SELECT i.id, c.messages, c.first_at, c.last_at
    FROM members_identity i
    JOIN (
        SELECT i.id, count(m.id) AS messages, min(m.occurred_at) AS first_at,
               max(m.occurred_at) AS last_at
        FROM members_identity i
        LEFT JOIN messages_message m ON m.workspace_id = i.workspace_id AND m.author_id = i.id
                                    AND NOT m.is_archived AND m.in_feed
        WHERE i.workspace_id = %(workspace)s
        GROUP BY i.id
    ) c ON c.id = i.id
    WHERE (i.message_count, i.first_seen_at, i.last_seen_at)
          IS DISTINCT FROM (c.messages, c.first_at, c.last_at)
    ORDER BY i.external_id
    FOR NO KEY UPDATE OF i
) c
WHERE i.id = c.id
"""

RECOUNT_MEMBERS = """
UPDATE members_member m
SET first_seen_at = c.first_at, last_seen_at = c.last_at
FROM (
    SELECT m.id, c.first_at, c.last_at
    FROM members_member m
    JOIN (
        SELECT member_id, min(first_seen_at) AS first_at, max(last_seen_at) AS last_at
        FROM members_identity WHERE workspace_id = %(workspace)s GROUP BY member_id
    ) c ON c.member_id = m.id
    WHERE (m.first_seen_at, m.last_seen_at) IS DISTINCT FROM (c.first_at, c.last_at)
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) c
WHERE m.id = c.id
"""
