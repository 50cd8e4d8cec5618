"""Wake workers. What is due stands in the database: a queue that is down costs time, no work."""

from collections.abc import Mapping
from uuid import uuid4

from django.conf import settings
from django_rq import get_queue
from redis.exceptions import RedisError

from dexxy.common.valkey import connection_to, outage

# The dotted path of a job's function and its arguments.
Job = tuple[str, *tuple[int | bool, ...]]


def workers_wake(queue: str, jobs: Mapping[str, Job]) -> bool:
    """Enqueue jobs, but for those that wait already: whoever does one sees all that is due by then.

    The list of those that wait decides that, and not the job itself: a job that is being done has
    looked already, and one whose worker was killed, or that an emptied queue forgot, never looks.

    Args:
        queue: its name, as in RQ_QUEUES.
        jobs: what each is for, in letters, digits and hyphens -> the job.

    Returns: whether the queue could be used; what went wrong is logged, and nothing raised.
    """
    if outage.is_on:
        return False
    try:
        # At once: what is due is committed already.
        waiting = get_queue(
            queue, connection=connection_to(settings.RQ_QUEUES[queue]["URL"]), commit_mode="auto"
        )
        known = {job_id.rpartition("-")[0] for job_id in waiting.get_job_ids()} if jobs else set()
        for purpose, (function, *arguments) in jobs.items():
            if purpose not in known:
                waiting.enqueue(function, *arguments, job_id=f"{purpose}-{uuid4().hex}")
    except RedisError as error:
        outage.begin(error)
        return False
    return True
