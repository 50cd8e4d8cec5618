from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outgoing", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="endpoint",
            name="milliseconds",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
