
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0003_counts_are_numbers_everywhere'),
    ]

    operations = [
        migrations.AddField(
            model_name='credential',
            name='shows_emails',
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AddField(
            model_name='syncpart',
            name='has_gaps',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='syncstream',
            name='failed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='syncstream',
            name='failed_size',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='syncstream',
            name='refusal',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='syncstream',
            name='suspects',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name='RequestSize',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('page_size', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('failed_size', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('suspects', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('request', models.CharField(choices=[('threads', 'threads by number'), ('parts', 'nested lists of several owners'), ('people', 'profiles')], max_length=10)),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='request_sizes', to='integrations.githubrepository')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('repository', 'request'), name='integrations_requestsize_once'), models.CheckConstraint(condition=models.Q(('request__in', ['threads', 'parts', 'people'])), name='integrations_requestsize_request')],
            },
        ),
    ]
