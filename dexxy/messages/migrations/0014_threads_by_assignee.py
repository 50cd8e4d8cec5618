import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

LOGINS = """
CREATE FUNCTION messages_logins(accounts jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT coalesce(array_agg(lower(one ->> 'login')), '{}')
    FROM jsonb_array_elements(accounts) AS one
$$
"""


class Migration(migrations.Migration):
    """Threads are found by whom they are assigned to on their server."""

    atomic = False

    dependencies = [
        ("messages", "0013_what_is_answered"),
    ]

    operations = [
        migrations.RunSQL(LOGINS, "DROP FUNCTION messages_logins(jsonb)"),
        AddIndexConcurrently(
            "thread",
            django.contrib.postgres.indexes.GinIndex(
                models.Func(models.F("assignees"), function="messages_logins"),
                condition=models.Q(("is_archived", False), models.Q(("assignees", []), _negated=True)),
                name="messages_thread_assigned",
            ),
        ),
    ]
