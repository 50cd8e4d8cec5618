from django.db import migrations, models

SIZE = models.PositiveSmallIntegerField(blank=True, null=True)


class Migration(migrations.Migration):
    """What is left of a limit, and which size is only suspected, outlast the process."""

    dependencies = [("integrations", "0013_titles_of_milestones")]

    operations = [
        migrations.AddField(
            model_name="credential",
            name="limits",
            field=models.JSONField(blank=True, db_default={}, default=dict),
        ),
        migrations.AddField(model_name="requestsize", name="suspected_size", field=SIZE),
        migrations.AddField(model_name="syncstream", name="suspected_size", field=SIZE),
    ]
