from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

# Who wrote a note last is known from the audit log. A batch is a transaction of its own.
_COPY = """
WITH batch AS MATERIALIZED (
    SELECT id, workspace_id, notes, updated_at FROM members_member
    WHERE id > %(after)s ORDER BY id LIMIT 5000
), noted AS (
    INSERT INTO members_membernote (
        workspace_id, member_id, author_id, text, written_at, created_at, updated_at)
    SELECT m.workspace_id, m.id, a.actor_id, m.notes, coalesce(a.created_at, m.updated_at), now(),
           now()
    FROM batch m
    LEFT JOIN LATERAL (
        SELECT e.actor_id, e.created_at FROM accounts_auditentry e
        WHERE e.workspace_id = m.workspace_id AND e.action = 'member.edited'
          AND e.details @> '{"fields": ["notes"]}'
          AND e.target_id IN (
              m.id::text, (SELECT i.member_id::text FROM members_identity i
                           WHERE i.home_member_id = m.id))
        ORDER BY e.created_at DESC LIMIT 1
    ) a ON true
    WHERE m.notes <> ''
), emptied AS (
    UPDATE members_member m SET notes = '' FROM batch WHERE m.id = batch.id AND batch.notes <> ''
)
SELECT max(id) FROM batch
"""
# The page of who said very much counts each time until these are kept.
_DUE = """
UPDATE members_membersummary SET details_due_at = now() WHERE messages > 2000
"""


def copy(_apps, editor):
    after = 0
    with editor.connection.cursor() as cursor:
        while after is not None:
            cursor.execute(_COPY, {"after": after})
            (after,) = cursor.fetchone()
        cursor.execute(_DUE)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("members", "0004_notes_and_organizations")]

    operations = [
        # Readers wait for this one statement alone.
        migrations.RunSQL(
            "ALTER TABLE members_member ALTER COLUMN notes SET DEFAULT ''",
            "ALTER TABLE members_member ALTER COLUMN notes DROP DEFAULT",
        ),
        migrations.RunPython(copy, migrations.RunPython.noop),
        AddIndexConcurrently(
            "membersummary",
            models.Index(
                condition=Q(("details_due_at__isnull", False)),
                fields=["workspace", "details_due_at"],
                name="members_summary_details_due",
            ),
        ),
    ]
