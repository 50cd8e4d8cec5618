"""`dexxy user-create`: an account, made by whoever runs this Dexxy."""

from typing import Any

from dexxy.accounts.models import Role
from dexxy.accounts.services import UserError, user_create
from dexxy.accounts.sign_in import link_make
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        slug = options["workspace"]
        try:
            user = user_create(
                email=options["email"],
                name=options["name"],
                is_operator=options["staff"],
                workspace=None if slug is None else workspace_called(slug),
                role=Role(options["role"]),
            )
        except UserError as error:
            raise WrongUseError(str(error)) from error
        self.stdout.write(link_make(user))
        self.stderr.write(
            f"The account of {user.email} is made. The link signs them in, once, within an hour;"
            f" `dexxy sign-in-link {user.email}` prints another one."
        )
