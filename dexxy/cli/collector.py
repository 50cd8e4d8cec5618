"""The garbage collector of a process that will run for long, or do much."""

import gc


def keep_what_is_loaded() -> None:
    """Exclude everything that is loaded by now from garbage collection.

    Code and models stay until the process ends; to look at them again and again is a twentieth of
    the time that a sync takes. What is forked later shares their memory for longer, too.
    """
    gc.collect()
    gc.freeze()
