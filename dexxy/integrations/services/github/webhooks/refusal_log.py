"""Who was refused at the webhook door: a line for the first, and sums by the minute.

Anybody can send something there, and a line a request would fill the disk.
"""

from collections import Counter
from threading import Lock, Timer

import structlog

log = structlog.get_logger()

# Senders and reasons that a minute has lines for; what comes beyond them is summed.
MOST_LINES = 20
OTHERS = "others"
_SECONDS = 60.0


class RefusedLog:
    """Logs what this process refuses."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._more = Counter[tuple[str, str]]()

    def add(self, *, sender: str, outcome: str, status: int, why: str) -> None:
        """Log one refused request, or count it if this minute has a line for its like.

        Args:
            sender: its address.
        """
        with self._lock:
            if (sender, outcome) in self._more:
                self._more[sender, outcome] += 1
                return
            if len(self._more) >= MOST_LINES:
                self._more[OTHERS, outcome] += 1
                return
            if not self._more:
                timer = Timer(_SECONDS, self.sum_up)
                timer.daemon = True
                timer.start()
            self._more[sender, outcome] = 0
        log.warning("webhook refused", sender=sender, outcome=outcome, status=status, why=why)

    def sum_up(self) -> None:
        """Log how many more there were of each kind, and begin anew."""
        with self._lock:
            more, self._more = self._more, Counter()
        for (sender, outcome), times in more.items():
            if times:
                log.warning("webhooks refused", sender=sender, outcome=outcome, more=times)
