from django.db import migrations

# The processes of before, which run on meanwhile, find a session by its key: that row goes with
# those that have ended (dexxy/integrations/services/retention.py).
_DIGEST = """
INSERT INTO django_session (session_key, session_data, expire_date)
SELECT left(encode(sha256(convert_to(session_key, 'UTF8')), 'hex'), 40), session_data, expire_date
FROM django_session WHERE length(session_key) < 40
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    """Let nobody be signed in by what the database says. Who is signed in stays so."""

    dependencies = [
        ("accounts", "0002_only_proven_addresses"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunSQL(_DIGEST, migrations.RunSQL.noop)]
