"""`dexxy worker`: does the jobs of some queues."""

from typing import Any

from django.conf import settings
from django.db import connections
from django_rq.workers import get_worker
from rq.serializers import JSONSerializer

from dexxy.cli.command import DexxyCommand
from dexxy.cli.command_line import QUEUES
from dexxy.cli.lifetime import leave_at_once
from dexxy.cli.migration_state import await_own_data
from dexxy.cli.working.thread_worker import ThreadWorker
from dexxy.cli.working.worker import DexxyWorker
from dexxy.common.counts import counts

# What jobs need is loaded once, not by each of them.
from dexxy.integrations import tasks as _integrations  # noqa: F401
from dexxy.kept import tasks as _kept  # noqa: F401
from dexxy.messages import tasks as _messages  # noqa: F401
from dexxy.outgoing import tasks as _outgoing  # noqa: F401
from dexxy.people import tasks as _people  # noqa: F401
from dexxy.web.mailing import tasks as _mailing  # noqa: F401


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        queues = options["queues"] or list(QUEUES)
        leave_at_once()  # until there are jobs: then RQ's worker answers signals
        await_own_data()
        # A connection that was open before a fork would be shared with the child.
        connections.close_all()
        kind: dict[str, Any] = {"worker_class": DexxyWorker}
        concurrency = options["concurrency"] or settings.DEXXY_WORKER_CONCURRENCY
        if concurrency > 1:
            kind = {"worker_class": ThreadWorker, "concurrency": concurrency}
            counts.tell_regularly()
        worker = get_worker(*queues, **kind, serializer=JSONSerializer)
        worker.work(logging_level="WARNING")
