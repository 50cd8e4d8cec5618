"""What a process says before it ends without any tidying up."""

from dexxy.common.counts import counts
from dexxy.config import sentry, tracing


def last_words() -> None:
    """Tell what was counted, and send what waits to be sent to those who watch; within seconds."""
    counts.tell()
    sentry.finish()
    tracing.finish()
