"""The statements of `accounts`. `{rows}` is the batch, as a FROM item `r`.

What wins where an account looks different now: rules A1 to A5 of
docs/explanation/what-wins-when.md, which is to be read first.
"""

IDENTITY_COLUMNS = {
    "external_id": "text",
    "node_id": "text",
    "kind": "text",
    "username": "text",
    "name": "text",
    "avatar_url": "text",
    "url": "text",
}

# A row has its version beside what the account shows.
ROW_COLUMNS = {**IDENTITY_COLUMNS, "seen_at": "timestamptz"}

# In the order of IDENTITY_COLUMNS.
FIND = """
SELECT id, external_id, node_id, kind, username, name, avatar_url, url FROM members_identity
WHERE workspace_id = %(workspace)s AND provider = %(provider)s AND external_id = ANY(%(ids)s)
"""

LOCK_NEW_MEMBERS = "SELECT pg_advisory_xact_lock(hashtextextended('members', %(workspace)s))"

# The member's id is drawn from its sequence beforehand, so that one statement inserts both rows.
INSERT = """
WITH new AS MATERIALIZED (
    SELECT r.*, nextval(pg_get_serial_sequence('members_member', 'id')) AS member_id FROM {rows}
), member AS (
    INSERT INTO members_member (
        id, workspace_id, display_name, avatar_url, bio, company, location, is_bot, tags,
        created_at, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT member_id, %(workspace)s, coalesce(nullif(name, ''), username), avatar_url, '', '', '',
           kind = 'bot', '{}', now(), now()
    FROM new
)
INSERT INTO members_identity (
    workspace_id, provider, external_id, node_id, kind, username, name, email, avatar_url, url,
    member_id, home_member_id, version_at, message_count, created_at, updated_at)
SELECT %(workspace)s, %(provider)s, external_id, node_id, kind, username, name, '', avatar_url, url,
       member_id, member_id, seen_at, 0, now(), now()
FROM new
RETURNING external_id, id
"""

# Writers lock accounts in the order of their keys, then members in the order of their ids (ADR 15).
LOCK_CHANGED = """
SELECT i.id
FROM {rows}
JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                       AND i.external_id = r.external_id
WHERE i.version_at < r.seen_at
  AND (i.node_id, i.kind, i.username, i.name, i.avatar_url, i.url)
      IS DISTINCT FROM (r.node_id, r.kind, r.username, r.name, r.avatar_url, r.url)
ORDER BY i.external_id
FOR NO KEY UPDATE OF i
"""

# A member has the name of the account for which it was made, until somebody changes it by hand.
RENAME_MEMBERS = """
UPDATE members_member m
SET display_name = new.display_name, avatar_url = new.avatar_url, updated_at = now()
FROM (
    SELECT m.id, coalesce(nullif(r.name, ''), r.username) AS display_name, r.avatar_url
    FROM {rows}
    JOIN members_identity i ON i.workspace_id = %(workspace)s AND i.provider = %(provider)s
                           AND i.external_id = r.external_id
    JOIN members_member m ON m.id = i.home_member_id
    WHERE i.version_at < r.seen_at
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
    avatar_url = r.avatar_url, url = r.url, version_at = r.seen_at, updated_at = now()
FROM {rows}
WHERE i.workspace_id = %(workspace)s AND i.provider = %(provider)s
  AND i.external_id = r.external_id AND i.version_at < r.seen_at
  AND (i.node_id, i.kind, i.username, i.name, i.avatar_url, i.url)
      IS DISTINCT FROM (r.node_id, r.kind, r.username, r.name, r.avatar_url, r.url)
"""

PROFILE_COLUMNS = {"external_id": "text", "company": "text", "location": "text", "bio": "text"}

# What the team wrote about a person is never overwritten by what their profile says.
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
