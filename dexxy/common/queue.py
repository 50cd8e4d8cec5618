"""Wake workers. What is due stands in the database: a queue that is down costs time, no work."""

from typing import Any

import structlog
from django_rq import get_queue
from redis.exceptions import RedisError

log = structlog.get_logger()


def worker_wake(queue: str, job: str, *arguments: Any, only_if_empty: bool = False) -> bool:
    """Enqueue a job; where the queue cannot be reached that is logged, and nothing raised.

    Args:
        queue: its name, as in RQ_QUEUES.
        job: the dotted path of its function.
        arguments: of the job: numbers, strings and booleans.
        only_if_empty: leave it where a job waits already, which will see all that is due.

    Returns: whether the queue could be reached.
    """
    try:
        waiting = get_queue(queue)
        if not only_if_empty or waiting.is_empty():
            waiting.enqueue(job, *arguments)
    except RedisError as error:
        log.warning("the queue cannot be reached", error=str(error), job=job)
        return False
    return True
