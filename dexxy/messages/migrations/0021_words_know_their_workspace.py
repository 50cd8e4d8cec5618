import django.db.models.deletion
from django.db import migrations, models

# Processes of the last release write words without it, until they are replaced.
_FILL = """
CREATE FUNCTION messages_searchentry_workspace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT workspace_id INTO NEW.workspace_id FROM messages_message WHERE id = NEW.message_id;
    RETURN NEW;
END $$;
CREATE TRIGGER messages_searchentry_workspace BEFORE INSERT ON messages_searchentry
FOR EACH ROW WHEN (NEW.workspace_id IS NULL) EXECUTE FUNCTION messages_searchentry_workspace();
"""
_NO_FILL = """
DROP TRIGGER messages_searchentry_workspace ON messages_searchentry;
DROP FUNCTION messages_searchentry_workspace();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("messages", "0020_standings_know_their_source")]

    operations = [
        migrations.AddField(
            "searchentry",
            "workspace",
            models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.workspace"),
        ),
        migrations.RunSQL(_FILL, _NO_FILL),
    ]
