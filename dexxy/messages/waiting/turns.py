"""Whose turn it is in a thread: a walk over what was said and done in it, the oldest first.

The team owes the next word from the first thing that the opener says without an answer. So a
reminder does not begin the wait anew, a word of the team ends it, and nobody else ends it: only the
opener or the team can say that help sufficed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from dexxy.messages.models import Reason, Side

# How long after the end of a thread its opener's words are still listed.
LISTED_AFTER_END = timedelta(days=30)


class Actor(Enum):
    """Who acts, as seen from a thread: roles at the time of the act."""

    TEAM = auto()
    OPENER = auto()
    OTHER = auto()
    # A bot, or an account that is gone.
    NOBODY = auto()


class Deed(Enum):
    """What an act is."""

    SAID = auto()
    APPROVED = auto()
    PUSHED = auto()
    ASKED = auto()
    DRAFTED = auto()
    READIED = auto()
    # Closed, merged, or the answer was chosen.
    ENDED = auto()
    REOPENED = auto()
    SET_ASIDE = auto()


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was said or done in a thread, after its opening.

    Args:
        calls_team: it mentions somebody of the team.
        message_id: the message that it is, if it is one.
    """

    at: datetime
    deed: Deed
    actor: Actor
    calls_team: bool = False
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a thread stands.

    Args:
        since: when the turn began: of the first act that nobody answered.
        message_id: that act, if it is a message.
        others_replied: somebody else has said something since.
        turned_at: when the opener last said or did something that asks for an answer.
    """

    side: Side
    since: datetime | None = None
    reason: Reason | None = None
    message_id: int | None = None
    others_replied: bool = False
    turned_at: datetime | None = None


# What asks for an answer, where the opener does it.
_TURNS = {
    Deed.SAID: Reason.REPLIED,
    Deed.APPROVED: Reason.REPLIED,
    Deed.PUSHED: Reason.PUSHED,
    Deed.ASKED: Reason.ASKED,
}
_WORDS = frozenset({Deed.SAID, Deed.APPROVED})
_NOBODY = Standing(Side.NONE)


def standing(opened: Act, acts: Iterable[Act], *, as_draft: bool = False) -> Standing:
    """Tell whose turn it is after ACTS.

    Args:
        opened: the opening.
        acts: in the order in which they happened.
        as_draft: it is a pull request that was opened as a draft.
    """
    *_, (_at, last) = standings(opened, acts, as_draft=as_draft)
    return last


def standings(
    opened: Act, acts: Iterable[Act], *, as_draft: bool = False
) -> Iterator[tuple[datetime, Standing]]:
    """Yield whose turn it is after the opening and after each act, with the time of it.

    Args: as `standing`.
    """
    if opened.actor is Actor.NOBODY:
        yield opened.at, _NOBODY
        return
    walk = _OurThread() if opened.actor is Actor.TEAM else _Walk(opened, is_draft=as_draft)
    yield opened.at, walk.standing
    for act in acts:
        walk.go_on(act)
        yield act.at, walk.standing


class _Walk:
    """Through a thread that somebody outside the team opened."""

    def __init__(self, opened: Act, *, is_draft: bool) -> None:
        self._is_draft = is_draft
        self._ended_at: datetime | None = None
        self.standing = Standing(Side.AUTHOR)
        if not is_draft:
            self._turn(opened, Reason.NO_REPLY)
        self._before_end = self.standing

    def go_on(self, act: Act) -> None:
        """Take the next act into account."""
        if act.deed is Deed.ENDED:
            self._end(act)
        elif act.deed is Deed.REOPENED:
            self._reopen(act)
        elif act.deed is Deed.DRAFTED:
            self._is_draft = True
            self._answer(Side.AUTHOR)
        elif act.deed is Deed.READIED:
            self._is_draft = False
            self._turn(act, Reason.READY)
        elif act.deed is Deed.SET_ASIDE:
            self.standing = _aside(self.standing)
        elif act.actor is Actor.TEAM:
            self._team_acts(act)
        elif act.actor is Actor.OPENER:
            self._opener_acts(act)
        elif act.actor is Actor.OTHER:
            self._other_acts(act)

    def _end(self, act: Act) -> None:
        if self._ended_at is None:
            self._before_end = self.standing
        self._ended_at = act.at
        self.standing = _NOBODY

    def _reopen(self, act: Act) -> None:
        ended, self._ended_at = self.standing, None
        if act.actor is Actor.TEAM:
            self._answer(Side.AUTHOR)
        elif act.actor is not Actor.NOBODY:
            self._turn(act, Reason.REOPENED)
        elif ended.side is Side.LATE:
            # A bot opens it again because the opener spoke: it is their words that wait.
            self.standing = replace(ended, side=Side.TEAM)
        else:
            self.standing = self._before_end

    def _team_acts(self, act: Act) -> None:
        if act.deed is Deed.APPROVED and self._ended_at is None and not self._is_draft:
            # Now it waits for a merge.
            self.standing = Standing(Side.TEAM, act.at, Reason.APPROVED, act.message_id)
        elif act.deed in _WORDS:
            self._answer(Side.AUTHOR)

    def _opener_acts(self, act: Act) -> None:
        if self._ended_at is None:
            self._turn(act, _TURNS[act.deed])
        elif act.deed in _WORDS and act.at - self._ended_at <= LISTED_AFTER_END:
            self._begin(Side.LATE, act, Reason.REPLIED)

    def _other_acts(self, act: Act) -> None:
        if act.deed not in _WORDS or self._ended_at is not None:
            return
        if self.standing.side is Side.TEAM:
            self.standing = replace(self.standing, others_replied=True)
        elif act.calls_team:
            self._turn(act, Reason.MENTIONED)

    def _turn(self, act: Act, reason: Reason) -> None:
        if self._ended_at is None and not self._is_draft:
            self._begin(Side.TEAM, act, reason)

    def _begin(self, side: Side, act: Act, reason: Reason) -> None:
        """Begin a wait, unless one goes on: the first act that nobody answered counts."""
        if self.standing.side is side:
            self.standing = replace(self.standing, turned_at=act.at)
        else:
            self.standing = Standing(side, act.at, reason, act.message_id, turned_at=act.at)

    def _answer(self, side: Side) -> None:
        """End the wait."""
        self.standing = Standing(side) if self._ended_at is None else _NOBODY


class _OurThread:
    """Through a thread that the team opened: somebody else may have the last word."""

    def __init__(self) -> None:
        self._has_ended = False
        self.standing = _NOBODY

    def go_on(self, act: Act) -> None:
        """Take the next act into account."""
        if act.deed in (Deed.ENDED, Deed.REOPENED):
            self._has_ended = act.deed is Deed.ENDED
        if act.deed is Deed.SET_ASIDE:
            self.standing = _aside(self.standing)
        elif act.actor is Actor.TEAM or act.deed is Deed.ENDED:
            self.standing = _NOBODY
        elif act.deed in _WORDS and act.actor is not Actor.NOBODY and not self._has_ended:
            if self.standing.side is Side.OURS:
                self.standing = replace(self.standing, turned_at=act.at)
            else:
                reason = Reason.MENTIONED if act.calls_team else Reason.REPLIED
                since, message = act.at, act.message_id
                self.standing = Standing(Side.OURS, since, reason, message, turned_at=since)


def _aside(waits: Standing) -> Standing:
    """Return WAITS as somebody sets it aside; where nobody waits, there is nothing to set aside."""
    return waits if waits.since is None else replace(waits, side=Side.ASIDE)
