"""`dexxy sync OWNER/REPO`: connect a repository by personal access token and read it now."""

import json
import os
from argparse import ArgumentParser
from time import sleep
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_slug
from django.utils import timezone
from rich.console import Console

from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.startup import database_ensure
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

LONGEST_SLUG = 63
# Seconds between two looks whether another process is done with the same token.
LOOK_AGAIN = 0.5


class Command(DexxyCommand):
    help = "Connect a GitHub repository by personal access token, and sync it here and now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repository", metavar="OWNER/REPO")
        parser.add_argument(
            "--token",
            default=os.environ.get("GITHUB_TOKEN", ""),
            help="a personal access token (default: the environment variable GITHUB_TOKEN)",
        )
        parser.add_argument(
            "--workspace",
            default="default",
            metavar="SLUG",
            help="made if there is none of that name (default: %(default)s)",
        )
        parser.add_argument(
            "--json", action="store_true", help="print the run as one JSON object, and no progress"
        )

        parser.add_argument(
            "--sweep",
            action="store_true",
            help="compare every thread with GitHub, too, to find what vanished without a trace",
        )

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
        if not options["token"]:
            raise WrongUseError(
                "A token is needed: --token TOKEN, or the environment variable GITHUB_TOKEN."
            )
        slug = _slug(options["workspace"])
        try:
            found = repository_find(full_name=options["repository"], token=options["token"])
        except (InvalidRepositoryNameError, InvalidTokenError) as error:
            raise WrongUseError(str(error)) from error
        database_ensure()
        workspace = workspace_ensure(slug=slug, admin=first_admin_ensure())
        return repository_connect(workspace=workspace, found=found)


def _slug(value: str) -> str:
    try:
        validate_slug(value)
        MaxLengthValidator(LONGEST_SLUG)(value)
    except ValidationError as error:
        raise WrongUseError(
            f"'{value}' cannot be the name of a workspace."
            f" Use letters, digits and hyphens, {LONGEST_SLUG} at most."
        ) from error
    return value


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
