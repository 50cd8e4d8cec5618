from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

# What a run had stored of each kind was a table in the table. There are a hundred runs of a
# repository at most, so this is no big table.
FLATTEN = """
UPDATE integrations_syncrun
SET counts = (counts - 'stored') || coalesce(
    (SELECT jsonb_object_agg('stored_' || key, value) FROM jsonb_each(counts->'stored')), '{}'
)
WHERE jsonb_typeof(counts->'stored') = 'object'
"""


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial")]

    operations = [
        migrations.RunSQL(FLATTEN, migrations.RunSQL.noop),
        AddConstraintNotValid(
            model_name="syncrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Func(
                        models.F("counts"),
                        output_field=models.BooleanField(),
                        template=(
                            "jsonb_path_exists(%(expressions)s,"
                            " '$.* ? (@.type() <> \"number\")')"
                        ),
                    ),
                    _negated=True,
                ),
                name="integrations_syncrun_counts",
            ),
        ),
    ]
