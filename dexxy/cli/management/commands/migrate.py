"""`dexxy manage migrate`: Django's, which does not touch data that is not of this Dexxy."""

from typing import Any

from django.core.management.commands import migrate

from dexxy.cli.old_data import refuse_foreign_data


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        refuse_foreign_data()
        super().handle(*args, **options)
