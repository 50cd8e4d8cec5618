"""`dexxy sync OWNER/REPO`: connect a repository by personal access token and read it now."""

import json
from time import sleep
from typing import Any

from django.utils import timezone
from rich.console import Console

from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.migration_state import DatabaseState, database_state
from dexxy.cli.startup import database_require
from dexxy.cli.sync_report import SyncProgress, print_receipt, report
from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncRun
from dexxy.integrations.services.github.access.lease import CredentialBusyError
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.connecting.by_token import (
    FoundRepository,
    InvalidRepositoryNameError,
    repository_connect,
    repository_connected,
    repository_find,
)
from dexxy.integrations.services.github.connecting.token_facts import (
    InvalidTokenError,
    TokenRefusedError,
)
from dexxy.integrations.services.github_sync import repository_sync

# Seconds between two looks whether another process is done with the same token.
LOOK_AGAIN = 0.5


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(stderr=True, quiet=options["json"])
        repository = self._connect(options, console)
        with SyncProgress(console, repository) as progress:
            run = _sync(repository, progress, sweep=options["sweep"])
        if options["json"]:
            self.stdout.write(json.dumps(report(run)))
        else:
            print_receipt(Console(), run)

    def _connect(self, options: dict[str, Any], console: Console) -> GitHubRepository:
        full_name, token = options["repository"], options["token"]
        try:
            state = database_state()
            if state is DatabaseState.BEHIND:
                database_require()
            if state is DatabaseState.CURRENT:
                known = repository_connected(
                    workspace=options["workspace"], full_name=full_name, token=token
                )
                if known is not None:
                    return known
            found = _find(full_name, token, console)
        except TokenRefusedError:
            raise
        except (InvalidRepositoryNameError, InvalidTokenError) as error:
            raise WrongUseError(str(error)) from error
        database_require(may_set_up=True)
        workspace = workspace_ensure(slug=options["workspace"], admin=first_admin_ensure())
        return repository_connect(workspace=workspace, found=found)


def _find(full_name: str, token: str, console: Console) -> FoundRepository:
    """Ask GitHub for a repository, and wait through its pauses."""
    while True:
        try:
            return repository_find(full_name=full_name, token=token)
        except RateLimitedError as error:
            console.print(f"{error} Waiting, then going on.")
            _wait_for(error)


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
            _wait_for(error)


def _wait_for(error: RateLimitedError) -> None:
    sleep(max(0.0, (error.retry_at - timezone.now()).total_seconds()))
