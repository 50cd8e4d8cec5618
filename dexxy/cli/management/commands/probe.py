"""`dexxy probe OWNER/REPO`: measure how GitHub answers a token, and write that down."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from rich.console import Console

from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.private_file import write_private
from dexxy.cli.probe_report import print_probe
from dexxy.integrations.services.github.connecting.by_token import (
    InvalidRepositoryNameError,
)
from dexxy.integrations.services.github.connecting.probe import repository_probe
from dexxy.integrations.services.github.connecting.probed import Probe
from dexxy.integrations.services.github.connecting.token_facts import InvalidTokenError


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        with Console(stderr=True).status("Asking GitHub") as status:
            probe = _measured(options, lambda what: status.update(f"Asking GitHub for {what}"))
        print_probe(Console(), probe)
        write_private(options["json"], [json.dumps(asdict(probe), indent=2), "\n"])
        self.stdout.write(f"Written to {options['json']}. There is nothing private in it.")


def _measured(options: dict[str, Any], on_question: Callable[[str], None]) -> Probe:
    try:
        return repository_probe(
            full_name=options["repository"], token=options["token"], on_question=on_question
        )
    except (InvalidRepositoryNameError, InvalidTokenError) as error:
        raise WrongUseError(str(error)) from error
