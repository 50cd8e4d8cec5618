"""`dexxy worker`: does the jobs of some queues."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django_rq.workers import get_worker
from rq.serializers import JSONSerializer

from dexxy.cli.command import DexxyCommand
from dexxy.cli.migration_state import refuse_foreign_data
from dexxy.cli.worker import DexxyWorker

# What jobs need is loaded once, not by each of them.
from dexxy.integrations import tasks as _integrations  # noqa: F401
from dexxy.messages import tasks as _messages  # noqa: F401


class Command(DexxyCommand):
    help = "Run a worker alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = list(settings.RQ_QUEUES)
        parser.add_argument(
            "queues",
            metavar="queue",
            nargs="*",
            help=f"the queues to work on, the most urgent first (default: {' '.join(names)})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        queues = options["queues"] or list(settings.RQ_QUEUES)
        unknown = ", ".join(name for name in queues if name not in settings.RQ_QUEUES)
        if unknown:
            raise CommandError(
                f"There is no queue {unknown}: choose from {', '.join(settings.RQ_QUEUES)}.",
                returncode=2,
            )
        refuse_foreign_data()
        # A connection that was open before a fork would be shared with the child.
        connections.close_all()
        worker = get_worker(*queues, worker_class=DexxyWorker, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")
