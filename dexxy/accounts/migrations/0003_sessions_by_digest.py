from django.db import migrations

_DIGEST = """
UPDATE django_session
SET session_key = left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40)
"""


class Migration(migrations.Migration):
    """Let nobody be signed in by what the database says. Who is signed in stays so."""

    dependencies = [
        ("accounts", "0002_only_proven_addresses"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunSQL(_DIGEST, migrations.RunSQL.noop)]
