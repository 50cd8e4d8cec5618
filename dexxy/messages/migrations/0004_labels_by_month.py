import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import F, Func, Q

# Months are of thirty days, counted from 1970: what depends on no time zone can be indexed.
CREATE = """
CREATE FUNCTION messages_month(moment timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT floor(extract(epoch FROM moment AT TIME ZONE 'UTC') / 2592000)::integer
$$;

CREATE FUNCTION messages_label_keys(workspace bigint, labels text[], month integer) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
BEGIN
    RETURN ARRAY(SELECT workspace || '/' || month || '/' || label FROM unnest(labels) AS label);
END
$$;
"""
DROP = """
DROP FUNCTION messages_label_keys(bigint, text[], integer);
DROP FUNCTION messages_month(timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("messages", "0003_search_words")]

    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.AddIndex(
            model_name="thread",
            index=django.contrib.postgres.indexes.GinIndex(
                Func(
                    F("workspace"),
                    F("labels"),
                    Func(F("last_activity_at"), function="messages_month"),
                    function="messages_label_keys",
                ),
                condition=Q(is_archived=False) & ~Q(labels=[]),
                name="messages_thread_label_months",
            ),
        ),
    ]
