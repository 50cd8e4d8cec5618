"""`dexxy workspace-create`: a workspace, made by whoever runs this Dexxy."""

from typing import Any

from dexxy.accounts.models import User
from dexxy.accounts.selectors import first_operator
from dexxy.accounts.services import WorkspaceError, workspace_create
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.people import user_called
from dexxy.cli.startup import database_require


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        name, email = options["name"], options["admin"]
        admin = _first_operator() if email is None else user_called(email)
        try:
            workspace = workspace_create(name=name, slug=options["slug"] or "", admin=admin)
        except WorkspaceError as error:
            raise WrongUseError(str(error)) from error
        self.stdout.write(workspace.slug)
        self.stderr.write(f"{workspace.name} is made. {admin.email} administers it.")


def _first_operator() -> User:
    operator = first_operator()
    if operator is None:
        raise WrongUseError(
            "There is nobody yet to administer it: `dexxy user-create EMAIL --staff` makes an"
            " account."
        )
    return operator
