from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mail', '0005_kinds_are_valid_again'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='outgoingmail',
            name='mail_outgoingmail_kind',
        ),
        migrations.AlterField(
            model_name='outgoingmail',
            name='kind',
            field=models.CharField(choices=[('digest', 'Digest'), ('alert', 'Alert'), ('test', 'Test'), ('invitation', 'Invitation'), ('sign_in', 'Link to sign in'), ('password', 'Link to a new password'), ('address', 'Proof of a new address'), ('moved', 'News of a new address'), ('disabled', 'Disabled endpoint')], max_length=20),
        ),
        AddConstraintNotValid(
            model_name='outgoingmail',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['digest', 'alert', 'test', 'invitation', 'sign_in', 'password', 'address', 'moved', 'disabled'])), name='mail_outgoingmail_kind'),
        ),
    ]
