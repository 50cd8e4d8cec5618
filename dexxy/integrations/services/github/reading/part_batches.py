"""Nested lists that go on, several in one request."""

from dexxy.integrations.models import RequestKind
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT
from dexxy.integrations.services.github.reading.part_rows import parts_waiting, weight_of
from dexxy.integrations.services.github.reading.parts import SMALL_PAGE, parts_read
from dexxy.integrations.services.github.reading.session import Reading


def parts_read_next(reading: Reading) -> bool:
    """Make one request for the parts of a repository. Returns whether any waited.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    weight = reading.sizes.to_ask(RequestKind.PARTS)
    waiting = parts_waiting(reading.repository, weight)
    if not waiting:
        return False
    first = PAGE_LIMIT if weight > 1 else SMALL_PAGE
    answer = parts_read(reading, waiting, first=first)
    if answer is None:
        reading.sizes.failed(RequestKind.PARTS, weight)
    else:
        reading.sizes.passed(RequestKind.PARTS, weight, answer, got=weight_of(waiting))
    return True
