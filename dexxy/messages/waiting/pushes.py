"""When a pull request was pushed last, where no event says so.

GitHub has an event of a push only where it rewrites the branch. Of any other it shows the last
commit, when that was made (which may be long before it was pushed), and which commit each review
is of: what was reviewed was there, and where an older one was reviewed, the last one came later.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dexxy.messages.waiting.turns import Act, Actor, Deed


@dataclass(slots=True)
class Head:
    """The last commit of a pull request, and what names commits in it.

    Args:
        oid: '' of any other thread.
        made_at: None where the branch is gone, or is not shown.
        changed_at: when the pull request changed last: no push is later.
        is_by_other: it is known to be by somebody else than the opener, or by a bot.
        names: reviews and pushes that are events: when, what, and the commit, if that is known.
    """

    oid: str
    made_at: datetime | None
    changed_at: datetime
    is_by_other: bool
    names: list[tuple[datetime, Deed, str | None]] = field(default_factory=list)


def with_push(opened: Act, acts: Sequence[Act], head: Head) -> list[Act]:
    """Return ACTS with the push of the last commit, if the opener pushed it after the opening.

    Of several pushes in a row only the last one can be told.

    Args:
        acts: in the order in which they happened.
    """
    told = any(deed is Deed.PUSHED and commit == head.oid for _, deed, commit in head.names)
    if not head.oid or head.made_at is None or head.is_by_other or told:
        return list(acts)
    reviewed = [(at, commit) for at, deed, commit in head.names if deed is not Deed.PUSHED]
    # A clock that is fast must not make it later than what shows that it was there.
    at = min(head.made_at, head.changed_at)
    before = [seen for seen, commit in reviewed if commit and commit != head.oid]
    at = max([at, *before])
    there = [seen for seen, commit in reviewed if commit == head.oid]
    is_seen = bool(there) and min(there) <= at
    at = min([at, *there])
    if at <= opened.at:
        return list(acts)
    # The review that shows that it was there comes behind it, any other thing of that second first.
    index = sum(act.at < at or (act.at == at and not is_seen) for act in acts)
    return [*acts[:index], Act(at, Deed.PUSHED, Actor.OPENER), *acts[index:]]
