"""What the feed marks at the names of those who wrote: the team, and who is new."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.members.models import Member
from dexxy.members.segments import Segment, segment_of
from dexxy.messages.models import Message
from dexxy.messages.team.roster import team_of
from dexxy.messages.team.stints import is_on_team


@dataclass(frozen=True)
class Marks:
    """What is known of the authors of some messages.

    Args:
        by_team: the ids of the messages whose authors belonged to the team when they wrote.
        new: the ids of the members who are new, as lists of people tell.
    """

    by_team: frozenset[int] = frozenset()
    new: frozenset[int] = frozenset()


NO_MARKS = Marks()


def marks_of(workspace: Workspace, messages: Sequence[Message]) -> Marks:
    """Return what to mark at MESSAGES, which are read with their authors and these members.

    In a workspace without all of its history everybody looks new.
    """
    team = team_of(workspace.pk)
    written = [(one, one.author.member) for one in messages if one.author]
    by_team = frozenset(
        message.pk
        for message, member in written
        if not member.is_bot and is_on_team(team.get(member.pk, ()), message.occurred_at)
    )
    authors = Member.objects.filter(pk__in={member.pk for _, member in written})
    condition = segment_of(Segment.NEW, now=timezone.now(), team=[])
    return Marks(by_team, frozenset(authors.filter(condition).values_list("pk", flat=True)))
