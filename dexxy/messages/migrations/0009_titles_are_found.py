import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


# What it costs in truth. By the usual guess PostgreSQL would rather ask each of ten thousand titles
# for its words than read the index.
COST = "ALTER FUNCTION messages_search_words(text) COST 5000"
GUESS = "ALTER FUNCTION messages_search_words(text) COST 100"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("messages", "0008_who_waits"),
    ]

    operations = [
        migrations.RunSQL(COST, GUESS),
        AddIndexConcurrently(
            "thread",
            django.contrib.postgres.indexes.GinIndex(
                models.Func(
                    models.F("workspace"),
                    models.Func(models.F("title"), function="messages_search_words"),
                    function="messages_word_keys",
                ),
                condition=models.Q(("is_archived", False)),
                name="messages_thread_title",
            ),
        ),
    ]
