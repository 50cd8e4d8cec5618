"""Runs syncs in processes that may be killed: one line of input a sync, `REPOSITORY_ID SWEEP`.

It prints the process id of each sync when it starts, and when it has ended its exit status and
the most memory that it had (kB on Linux). The
syncs are forked from here, because starting Python and Django each time would take longer than
most of them.
"""

import os
import sys

import django

django.setup()

from dexxy.integrations.models import RunTrigger  # noqa: E402
from dexxy.integrations.services.github_sync import repository_sync  # noqa: E402


def _sync(repository_id: int, *, sweep: bool) -> None:
    repository_sync(repository_id=repository_id, trigger=RunTrigger.COMMAND, sweep=sweep)


def main() -> None:
    for line in sys.stdin:
        repository_id, sweep = map(int, line.split())
        child = os.fork()
        if child == 0:
            try:
                _sync(repository_id, sweep=bool(sweep))
            except BaseException as error:
                sys.stderr.write(f"{error!r}\n")
                os._exit(1)
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status, usage = os.wait4(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}\n")
        sys.stdout.flush()


main()
