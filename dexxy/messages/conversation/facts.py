"""What is told of a thread as a whole: who wrote in it, and when the team answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dexxy.members.models import Identity
from dexxy.messages.answers import WORDS
from dexxy.messages.conversation.outline import Line, Outline, outlines_read
from dexxy.messages.models import Standing, Thread
from dexxy.messages.team.roster import Roster, team_of
from dexxy.messages.team.stints import is_on_team

# So many people are named beside a thread.
MOST_PEOPLE = 12


@dataclass(frozen=True)
class Participant:
    """Somebody who wrote in a thread.

    Args:
        author: one of their accounts.
        number: how many messages they wrote.
    """

    author: Identity
    number: int
    is_on_team: bool


@dataclass(frozen=True)
class ThreadFacts:
    """What is told of a thread as a whole.

    Args:
        number: how many messages there are, without those of quiet kinds.
        by_team: the ids of the messages that the team wrote.
        people: those who wrote most; `people_count` counts all.
        team_answered_at: when the team first answered somebody else's opening.
        team: the team's last word.
        unanswered: the first message that the team has not answered.
    """

    number: int
    by_team: frozenset[int]
    people: Sequence[Participant]
    people_count: int
    team_answered_at: datetime | None
    team: Line | None
    unanswered: Line | None


def thread_facts(threads: Collection[Thread]) -> Mapping[int, ThreadFacts]:
    """Read the facts of THREADS, which come from a selector that asked for the viewer, by their
    keys; in as many statements for many as for one, if they are of one workspace.

    Raises:
        TooSlowError: they have more messages than a person could read.
    """
    outlines = outlines_read(threads)
    standings = Standing.objects.in_bulk(list(outlines))
    teams = {one: team_of(one) for one in {thread.workspace_id for thread in threads}}
    accounts = _accounts(outlines.values())
    return {
        thread.pk: facts_in(
            outlines[thread.pk], standings.get(thread.pk), teams[thread.workspace_id], accounts
        )
        for thread in threads
    }


def facts_of(outline: Outline, standing: Standing | None, team: Roster) -> ThreadFacts:
    """Return the facts of a thread of which the outline is known.

    Args:
        standing: who waits in it, or None.
    """
    return facts_in(outline, standing, team, _accounts([outline]))


def facts_in(
    outline: Outline, standing: Standing | None, team: Roster, accounts: Mapping[int, Identity]
) -> ThreadFacts:
    """Return the facts of a thread; ACCOUNTS has those that its people wrote with last."""
    counted = [line for line in outline.lines if line.is_counted]
    by_team = frozenset(line.pk for line in counted if _is_by_team(line, team))
    words = (line for line in reversed(outline.lines) if _is_words_of_team(line, team))
    waits = None if standing is None else outline.position(standing.message_id)
    return ThreadFacts(
        number=len(counted),
        by_team=by_team,
        people=_participants(outline, by_team, accounts),
        people_count=len(outline.people()),
        team_answered_at=_team_answered_at(outline, team),
        team=next(words, None),
        unanswered=None if waits is None else outline.lines[waits],
    )


def _is_by_team(line: Line, team: Roster) -> bool:
    return not line.is_bot and is_on_team(team.get(line.member_id or 0, ()), line.at)


def _is_words_of_team(line: Line, team: Roster) -> bool:
    return line.kind in WORDS and _is_by_team(line, team)


def _team_answered_at(outline: Outline, team: Roster) -> datetime | None:
    """Return when the team first answered in a thread that somebody else opened."""
    opening = outline.opening
    if opening is None or _is_by_team(outline.lines[opening], team):
        return None
    answers = (line.at for line in outline.lines if line.is_answer and _is_by_team(line, team))
    return next(answers, None)


def _last_accounts(outline: Outline) -> dict[int, int]:
    """Return of each of those who wrote most the account that they wrote with last, the busiest
    first."""
    last = {line.member_id: line.author_id for line in outline.lines if line.is_counted}
    most = outline.people().most_common(MOST_PEOPLE)
    return {member: pk for member, _number in most if (pk := last[member])}


def _accounts(outlines: Collection[Outline]) -> Mapping[int, Identity]:
    ids = {pk for outline in outlines for pk in _last_accounts(outline).values()}
    accounts = Identity.objects.filter(pk__in=ids).select_related("member")
    return {account.pk: account for account in accounts}


def _participants(
    outline: Outline, by_team: frozenset[int], accounts: Mapping[int, Identity]
) -> list[Participant]:
    """Return those who wrote most, each by the account that they wrote with last."""
    counts = outline.people()
    of_team = {line.member_id for line in outline.lines if line.pk in by_team}
    return [
        Participant(accounts[pk], counts[member], member in of_team)
        for member, pk in _last_accounts(outline).items()
        if pk in accounts
    ]
