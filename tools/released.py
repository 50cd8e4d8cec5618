"""Write down which tables and columns this state of Dexxy uses: `python -m tools.released`.

`make release` does it. Until the next release a test holds that every database which is migrated
further still has all of it, so that processes of this release can run beside the migrations.
"""

import json
import os
from pathlib import Path

import django
from django.apps import apps
from django.db.migrations.loader import MigrationLoader

FILE = Path("dexxy/cli/upgrading/released.json")


def released(version: str) -> str:
    """Return what FILE holds for the state of the models and migrations that is loaded."""
    ours = [app for app in apps.get_app_configs() if app.name.startswith("dexxy.")]
    migrations = MigrationLoader(None).disk_migrations or {}
    labels = {app.label for app in ours}
    models = [model for app in ours for model in app.get_models(include_auto_created=True)]
    return json.dumps(
        {
            "version": version,
            "migrations": sorted(list(key) for key in migrations if key[0] in labels),
            "tables": {
                model._meta.db_table: sorted(
                    str(field.column) for field in model._meta.local_concrete_fields
                )
                for model in sorted(models, key=lambda model: model._meta.db_table)
                if model._meta.managed
            },
        },
        indent=1,
    )


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dexxy.config.settings")
    django.setup()
    from dexxy import __version__

    FILE.write_text(released(__version__) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
