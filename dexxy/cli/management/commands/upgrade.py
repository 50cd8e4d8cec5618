"""`dexxy upgrade`: bring the database to this Dexxy, or say what that would do."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.composition import alone_in_data_folder, has_own_database
from dexxy.cli.errors import WrongUseError
from dexxy.cli.migration_state import DatabaseState
from dexxy.cli.private_file import written_atomically
from dexxy.cli.startup import database_prepare
from dexxy.cli.upgrade import backup_before_upgrade
from dexxy.cli.upgrading.forecast import Forecast, forecast_make
from dexxy.cli.upgrading.released import last_release
from dexxy.config.backups import backup_passphrase
from dexxy.config.version import version_told
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.safekeeping.making import backup_make

# As `terraform plan -detailed-exitcode` has it, for scripts; `dexxy.cli.main` has it, too.
PENDING = 2


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        forecast = forecast_make()
        if options["check"]:
            self._tell(forecast, as_json=options["json"])
            raise SystemExit(0 if forecast.state is DatabaseState.CURRENT else PENDING)
        if forecast.state is DatabaseState.CURRENT:
            self.stdout.write(f"The database is up to date with Dexxy {version_told()}.")
            return
        with alone_in_data_folder():
            if forecast.state is DatabaseState.BEHIND:
                self._back_up(options["backup"], skipped=options["no_backup"])
            database_prepare()
        self.stdout.write(
            f"Done: {len(forecast.steps)} migrations. Start the processes of Dexxy"
            f" {version_told()}."
        )

    def _tell(self, forecast: Forecast, *, as_json: bool) -> None:
        if as_json:
            told = asdict(forecast) | {"dexxy": version_told(), "state": forecast.state.name}
            self.stdout.write(json.dumps({key: told[key] for key in sorted(told)}))
            return
        for line in told_lines(forecast):
            self.stdout.write(line)

    def _back_up(self, file: str | None, *, skipped: bool) -> None:
        """Back the database up where this is wanted.

        Raises:
            WrongUseError: it is not said where to.
        """
        if skipped:
            return
        if file:
            with written_atomically(Path(file)) as output:
                backup_make(
                    output, passphrase=backup_passphrase(), brought=postgres_client_programs()
                )
            self.stdout.write(f"Backed up to {file}.")
        elif has_own_database():
            self.stdout.write(backup_before_upgrade())
        else:
            raise WrongUseError(
                "Say where the backup is written, --backup FILE, or that there is one already,"
                " --no-backup. Nothing was changed."
            )


def told_lines(forecast: Forecast) -> list[str]:
    """Return what a person reads of a forecast, line by line."""
    lines = [f"Dexxy: {version_told()}", f"PostgreSQL: {forecast.postgresql}, which stays"]
    if forecast.state is DatabaseState.CURRENT:
        return [*lines, "Migrations: none, the database is up to date"]
    lines.append(f"Migrations: {len(forecast.steps)}")
    lines += [f"  {step.name}: {step.waiting}" for step in forecast.steps]
    if forecast.state is DatabaseState.EMPTY:
        return [*lines, "Backup: none, the database is empty"]
    free = "" if forecast.free is None else f"; {forecast.free:,} are free"
    lines.append(f"Backup: less than {forecast.bytes:,} bytes{free}")
    version = last_release().version
    lines.append(
        f"Processes of {version} may run until they are replaced"
        if forecast.may_go_on
        else f"The database is of a Dexxy before {version}: stop its processes first"
    )
    return lines
