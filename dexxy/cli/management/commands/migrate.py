"""`dexxy manage migrate`: Django's, which does not touch data that is not of this Dexxy."""

from typing import Any

from django.core.management.commands import migrate

from dexxy.cli.migration_state import is_up_to_date


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        is_up_to_date()
        super().handle(*args, **options)
