"""Wake workers. What is due stands in the database: a queue that is down costs time, no work."""

from collections.abc import Mapping
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django_rq import get_queue
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq.job import Job as RQJob

from dexxy.common.valkey import connection_to, outage

# The dotted path of a job's function and its arguments.
Job = tuple[str, *tuple[int | bool, ...]]


def worker_wake(queue: str, function: str, *arguments: int | bool) -> bool:
    """Enqueue a job, unless one with the same arguments waits already.

    Args:
        queue: its name, as in RQ_QUEUES.
        function: the dotted path of the job.

    Returns: as `workers_wake`.
    """
    purpose = "-".join([function.rpartition(".")[2], *map(str, arguments)])
    return workers_wake(queue, {purpose: (function, *arguments)})


def job_delete(job: RQJob, pipeline: Pipeline) -> None:
    """Forget a job that nobody does any more."""
    job.delete(pipeline=pipeline, remove_from_queue=False)


def workers_wake(queue: str, jobs: Mapping[str, Job]) -> bool:
    """Enqueue jobs, but for those that wait already: whoever does one sees all that is due by then.

    The list of those that wait decides that, and not the job itself: a job that is being done has
    looked already, and one whose worker was killed, or that an emptied queue forgot, never looks.

    Args:
        queue: its name, as in RQ_QUEUES.
        jobs: what each is for, in letters, digits, `_` and `-` -> the job.

    Returns: whether the queue could be used, as far as is known before the caller's transaction
    ends; what went wrong is logged, and nothing raised.
    """
    if connection.in_atomic_block:
        # A worker sees what is due only then.
        transaction.on_commit(lambda: workers_wake(queue, jobs))
        return True
    if outage.is_on:
        return False
    try:
        server = connection_to(settings.RQ_QUEUES[queue]["URL"])
        waiting = get_queue(queue, connection=server)
        known = {job_id.rpartition("-")[0] for job_id in waiting.get_job_ids()} if jobs else set()
        for purpose, (function, *arguments) in jobs.items():
            if purpose not in known:
                waiting.enqueue(function, *arguments, job_id=f"{purpose}-{uuid4().hex}")
    except RedisError as error:
        outage.begin(error)
        return False
    return True
