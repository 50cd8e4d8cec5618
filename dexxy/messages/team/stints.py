"""From when until when somebody belongs to the team, told from what they did.

Whoever closes, opens again or merges somebody else's thread, or chooses its answer, has a
maintainer's rights. These need no permission to be read, are known from the first minute, and err
on the small side: a thread too many in the queue is seen, one that is silently missing is not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# Somebody who has done nothing of the kind for so long has left; the next act begins anew.
LEFT_AFTER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Stint:
    """A stretch of time in which somebody belongs to the team.

    Args:
        since: its beginning, which belongs to it.
        until: its end, which does not; None while nobody knows of one.
    """

    since: datetime
    until: datetime | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether AT is in it."""
        return self.since <= at and (self.until is None or at < self.until)


def stints_with(stints: Iterable[Stint], acts: Iterable[datetime]) -> list[Stint]:
    """Return the STINTS of a member as they are with more acts, the oldest first.

    Args:
        acts: when the member did what needs a maintainer's rights, in any order.
    """
    spans = [*stints, *(Stint(at, at + LEFT_AFTER) for at in acts)]
    found: list[Stint] = []
    for span in sorted(spans, key=lambda one: one.since):
        last = found[-1] if found else None
        if last is None or last.until is None or span.since > last.until:
            found.append(span)
        else:
            found[-1] = Stint(last.since, max(last.until, span.until or last.until))
    return found


def is_on_team(stints: Iterable[Stint], at: datetime) -> bool:
    """Tell whether a member with these stints belonged to the team at a time."""
    return any(stint.holds(at) for stint in stints)
