from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import F


def note_what_is_lost(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    repositories = apps.get_model("integrations", "GitHubRepository").objects
    repositories.filter(sync_status="disabled").update(access_lost_at=F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0006_delivery_log"),
    ]

    operations = [
        migrations.AddField(
            model_name="githubrepository",
            name="access_lost_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(note_what_is_lost, migrations.RunPython.noop),
    ]
