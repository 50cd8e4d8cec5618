"""`dexxy rotate-keys`: encrypt everything secret with the newest key."""

from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.startup import database_require
from dexxy.common.crypto import UndecryptableSecretError
from dexxy.safekeeping.key_rotation import secrets_rotate


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        unreadable = 0
        for column in secrets_rotate():
            unreadable += column.unreadable
            self.stdout.write(
                f"{column.name}: {column.renewed} encrypted anew, {column.current} already so,"
                f" {column.unreadable} unreadable"
            )
        if unreadable:
            raise UndecryptableSecretError(
                f"{unreadable} cannot be read with any key in DEXXY_SECRET_KEY. Put the key that"
                " they were encrypted with behind the others and run this again, or connect GitHub"
                " again."
            )
        self.stdout.write("Only the first key of DEXXY_SECRET_KEY is needed now.")
