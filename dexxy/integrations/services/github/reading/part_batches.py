"""How many parts one request asks for: fewer where GitHub finds that too much, more again later."""

from dexxy.integrations.services.github.api.queries import PAGE_LIMIT
from dexxy.integrations.services.github.reading.part_rows import parts_fill, parts_waiting
from dexxy.integrations.services.github.reading.parts import SMALL_PAGE, parts_read
from dexxy.integrations.services.github.reading.scans import GROWTH, LARGE_ANSWER
from dexxy.integrations.services.github.reading.session import Reading

# What the parts of one request may weigh.
PARTS_AT_MOST = 100


class PartsReader:
    """Reads the parts of repositories, one request at a time."""

    def __init__(self) -> None:
        self._weight = PARTS_AT_MOST

    def read(self, reading: Reading, *, only_full: bool = False) -> bool:
        """Make one request for the parts of a repository. Returns whether any waited.

        Args:
            only_full: only where they fill a request.

        Raises:
            DexxyError: they could not be read; nothing was stored.
        """
        if only_full and not parts_fill(reading.repository, self._weight):
            return False
        waiting = parts_waiting(reading.repository, self._weight)
        if not waiting:
            return False
        first = PAGE_LIMIT if self._weight > 1 else SMALL_PAGE
        answer = parts_read(reading, waiting, first=first)
        if answer is None or answer.size > LARGE_ANSWER:
            self._weight = max(1, min(self._weight, len(waiting)) // 2)
        else:
            self._weight = min(PARTS_AT_MOST, self._weight + GROWTH)
        return True
