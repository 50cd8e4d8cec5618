from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0004_addresses_change'),
    ]

    operations = [
        ValidateConstraint(model_name='outgoingmail', name='mail_outgoingmail_kind'),
    ]
