from django.db import migrations, models
from django.db.models import F, Func, Q

# Whole hours, rounded up to a power of two: 0 lives less than an hour, 1 less than two, and so on.
CREATE = """
CREATE FUNCTION messages_life(opened_at timestamptz, last_at timestamptz) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT ceil(ln(greatest(0, floor(date_part('epoch', last_at - opened_at) / 3600)) + 1)
                / ln(2::double precision))::integer
$$;
"""
DROP = "DROP FUNCTION messages_life(timestamptz, timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("messages", "0005_messages_unchecked")]

    operations = [
        migrations.RunSQL(CREATE, DROP),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(
                F("workspace"),
                F("state"),
                Func(F("opened_at"), F("last_activity_at"), function="messages_life"),
                F("last_activity_at"),
                condition=Q(is_archived=False),
                name="messages_thread_by_life",
            ),
        ),
    ]
