from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Sources that a script feeds."""

    dependencies = [
        ("sources", "0002_growth_by_day"),
    ]

    operations = [
        migrations.AlterField(
            model_name="source",
            name="kind",
            field=models.CharField(choices=[("github_repository", "Github Repository"), ("fed", "Fed")], max_length=30),
        ),
        migrations.AlterField(
            model_name="source",
            name="url",
            field=models.URLField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="source",
            name="fed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RemoveConstraint(
            model_name="source",
            name="sources_source_kind",
        ),
        AddConstraintNotValid(
            model_name="source",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", ["github_repository", "fed"])), name="sources_source_kind"),
        ),
    ]
