"""`dexxy sync OWNER/REPO`: connect a repository by personal access token and read it now."""

import json
from time import sleep
from typing import Any

from django.utils import timezone
from rich.console import Console

from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.startup import database_require
from dexxy.cli.sync_report import SyncProgress, print_receipt, report
from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncRun
from dexxy.integrations.services.github.access.lease import CredentialBusyError
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.connecting.by_token import (
    InvalidRepositoryNameError,
    InvalidTokenError,
    repository_connect,
    repository_find,
)
from dexxy.integrations.services.github_sync import repository_sync

# Seconds between two looks whether another process is done with the same token.
LOOK_AGAIN = 0.5


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        repository = self._connect(options)
        console = Console(stderr=True, quiet=options["json"])
        with SyncProgress(console, repository) as progress:
            run = _sync(repository, progress, sweep=options["sweep"])
        if options["json"]:
            self.stdout.write(json.dumps(report(run)))
        else:
            print_receipt(Console(), run)

    def _connect(self, options: dict[str, Any]) -> GitHubRepository:
        try:
            found = repository_find(full_name=options["repository"], token=options["token"])
        except (InvalidRepositoryNameError, InvalidTokenError) as error:
            raise WrongUseError(str(error)) from error
        database_require(may_set_up=True)
        workspace = workspace_ensure(slug=options["workspace"], admin=first_admin_ensure())
        return repository_connect(workspace=workspace, found=found)


def _sync(repository: GitHubRepository, progress: SyncProgress, *, sweep: bool) -> SyncRun:
    """Sync to the end: wait for another reader, and through GitHub's pauses."""
    goes_on = False
    while True:
        try:
            return repository_sync(
                repository_id=repository.pk,
                trigger=RunTrigger.COMMAND,
                sweep=sweep,
                goes_on=goes_on,
                on_page=progress.page_read,
            )
        except CredentialBusyError as error:
            progress.say(f"{error} Waiting for it.")
            sleep(LOOK_AGAIN)
        except RateLimitedError as error:
            progress.say(f"{error} Waiting, then going on.")
            goes_on = True
            sleep(max(0.0, (error.retry_at - timezone.now()).total_seconds()))
