import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who assigned a thread and who wrote its note stand beside it, as who held it does."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("messages", "0025_labels_of_standings"),
    ]

    operations = [
        operation
        for prefix in ("assigned", "noted")
        for operation in (
            migrations.AddField(
                model_name="triage",
                name=f"{prefix}_by",
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name="triage",
                name=f"{prefix}_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
        )
    ]
