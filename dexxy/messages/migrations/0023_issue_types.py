from django.db import migrations, models


class Migration(migrations.Migration):
    """Organizations have types of issues, such as Bug."""

    dependencies = [("messages", "0022_workspace_of_all_words")]

    operations = [
        migrations.AddField(
            model_name="thread",
            name="issue_type",
            field=models.TextField(blank=True, db_default=""),
        ),
    ]
