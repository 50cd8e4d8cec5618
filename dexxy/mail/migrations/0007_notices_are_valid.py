from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0006_notices'),
    ]

    operations = [
        ValidateConstraint(model_name='outgoingmail', name='mail_outgoingmail_kind'),
    ]
