"""`dexxy sign-in-link`: a way in for who is locked out."""

from typing import Any

from dexxy.accounts.security.second_step import second_step_reset
from dexxy.accounts.sign_in import link_make, password_link_make
from dexxy.cli.command import DexxyCommand
from dexxy.cli.people import user_called
from dexxy.cli.startup import database_require


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        user = user_called(options["email"])
        if options["reset_second_step"]:
            second_step_reset(user)
        if options["new_password"]:
            self.stdout.write(password_link_make(user))
            self.stderr.write(f"It lets {user.email} set a new password, once, within an hour.")
        else:
            self.stdout.write(link_make(user))
            self.stderr.write(f"It signs {user.email} in, once, within an hour.")
