"""The counts of a member: counted when they are asked for, and kept of those who said very much."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dexxy.members.models import Member, MemberSummary
from dexxy.messages.member_activity.asked import Asked, asked_by_us
from dexxy.messages.member_activity.counts import Counts, counts_of, opened_threads
from dexxy.messages.member_activity.lists import OfOthers, others_count
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.messages.team.stints import is_on_team

# To count so many messages takes about 50 milliseconds; a page can do that, and is exact then.
COUNTED_UP_TO = 2000
# What is kept is counted again at most so often: a thousandth of a worker's time for each.
LONGEST_KEPT = timedelta(hours=1)
PACE = timedelta(milliseconds=100)
_OF_OTHERS = {
    "helped": OfOthers.HELPED,
    "answered": OfOthers.ANSWERED,
    "ended": OfOthers.ENDED,
}


@dataclass(frozen=True)
class KeptCounts:
    """The counts of a member as they were when they were counted."""

    counts: Counts
    counted_at: datetime


def counts_kept(asked: Asked, summary: MemberSummary | None, now: datetime) -> KeptCounts | None:
    """Return the counts that are kept of a member; None where they are to be counted.

    Args:
        summary: that of the member, if there is one.
    """
    if summary is None or summary.details is None or summary.details_at is None:
        return None
    if not summary.details.keys() >= set(_OF_OTHERS):  # kept by an older Dexxy
        return None
    is_team = is_on_team(asked.stints, now)
    others: dict[str, Any] = dict.fromkeys(["helped"] if is_team else ["answered", "ended"])
    return KeptCounts(replace(_read(summary.details), **others), summary.details_at)


def counts_keep(member: Member, now: datetime) -> dict[str, Any]:
    """Count what a member said and did, and return what `counts_kept` reads."""
    asked = asked_by_us(member)
    counts = counts_of(asked, opened_threads(asked), now)
    # Who is of the team now may not be when it is shown.
    others: dict[str, Any] = {
        name: others_count(asked, which)
        for name, which in _OF_OTHERS.items()
        if getattr(counts, name) is None
    }
    return _written(replace(counts, **others))


def _written(counts: Counts) -> dict[str, Any]:
    return {
        "kinds": [[str(kind), number] for kind, number in counts.kinds.items()],
        "recent": counts.recent,
        "sources": [list(one) for one in counts.sources],
        "reviewed": counts.reviewed,
        "threads": [[str(kind), str(state), n] for (kind, state), n in counts.threads.items()],
        **{name: getattr(counts, name) for name in _OF_OTHERS},
    }


def _read(written: dict[str, Any]) -> Counts:
    threads: Sequence[tuple[str, str, int]] = written["threads"]
    return Counts(
        kinds={MessageKind(kind): number for kind, number in written["kinds"]},
        recent=written["recent"],
        sources=[(name, number) for name, number in written["sources"]],
        reviewed=written["reviewed"],
        threads={(ThreadKind(kind), ThreadState(state)): n for kind, state, n in threads},
        **{name: written[name] for name in _OF_OTHERS},
    )
