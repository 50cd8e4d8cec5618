"""The garbage collector of a process that has much to load, and then to do."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Collect no garbage while code is loaded, and exclude what was loaded from collection.

    Code and models stay until the process ends: to look at them again and again is a tenth of the
    time of a start, and a twentieth of the time that a sync takes. What is forked later shares
    their memory for longer, too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
