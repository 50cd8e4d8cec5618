from django.db import migrations


class Migration(migrations.Migration):
    """The column of notes, which are rows of their own since 0005, stays for one release more.

    Processes of 0.1.0a2 read it and run until they are replaced. A migration after the next release
    copies what they wrote meanwhile, as 0005 does, and drops it.
    """

    dependencies = [("members", "0006_accounts_by_login")]

    operations = []
