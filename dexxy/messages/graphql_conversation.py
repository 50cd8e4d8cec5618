"""What is told of a thread as a whole, in the API: its people, answers, conversations on code."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import Self

import strawberry

from dexxy.common.graphql import Info
from dexxy.common.graphql_cost import cost
from dexxy.messages import models
from dexxy.messages.conversation import facts
from dexxy.messages.conversation.code import (
    NO_CODE,
    CodeCounts,
    Resolved,
    code_counts,
    resolved_as,
    resolved_in,
)
from dexxy.messages.conversation.outline import Line
from dexxy.messages.models import MessageKind
from dexxy.messages.team.roster import Roster, team_of
from dexxy.messages.team.stints import is_on_team

# What to read a thread of the usual length is worth, in objects.
WHOLE_THREAD = 10
# Hardly any thread has more people.
USUAL_PEOPLE = 5


@strawberry.type(description="Somebody who wrote in a thread.")
class ThreadParticipant:
    member_id: strawberry.ID
    name: str = strawberry.field(description="As lists of people show them.")
    username: str = strawberry.field(description="Of the account that they wrote with last.")
    message_count: int = strawberry.field(
        description="How many messages they wrote, with all accounts."
    )
    is_team: bool = strawberry.field(
        description="Of the team when they wrote one of these messages."
    )


@strawberry.type(description="Where one may want to go on in a thread.")
class ThreadLandmark:
    message_id: strawberry.ID
    occurred_at: datetime

    @classmethod
    def of(cls, line: Line | None) -> Self | None:
        """Show a message of an outline."""
        if line is None:
            return None
        return cls(message_id=strawberry.ID(str(line.pk)), occurred_at=line.at)


@strawberry.type(description="What is told of a thread as a whole, by all of its messages.")
class ThreadFacts:
    participant_count: int = strawberry.field(description="How many people and bots wrote in it.")
    participants: list[ThreadParticipant] = strawberry.field(
        description="Those who wrote most, the busiest first; at most 12.",
        metadata=cost(items=USUAL_PEOPLE),
    )
    team_answered_at: datetime | None = strawberry.field(
        description="When the team first answered; null where it has not, or opened it."
    )
    team_last_word: ThreadLandmark | None = strawberry.field(description="What the team said last.")
    first_unanswered: ThreadLandmark | None = strawberry.field(
        description="The first message that waits for the team; null where none does."
    )

    @classmethod
    def of(cls, found: facts.ThreadFacts) -> Self:
        """Show the facts of a thread."""
        return cls(
            participant_count=found.people_count,
            participants=[
                ThreadParticipant(
                    member_id=strawberry.ID(str(one.author.member_id)),
                    name=one.author.member.display_name,
                    username=one.author.username,
                    message_count=one.number,
                    is_team=one.is_on_team,
                )
                for one in found.people
            ],
            team_answered_at=found.team_answered_at,
            team_last_word=ThreadLandmark.of(found.team),
            first_unanswered=ThreadLandmark.of(found.unanswered),
        )


def facts_shown(info: Info, thread: models.Thread) -> ThreadFacts:
    """Read the facts of every thread of this request at once, when the first is asked."""
    shared = info.context.shared
    found: dict[int, facts.ThreadFacts] = shared.setdefault("facts", {})
    if thread.pk not in found:
        threads: dict[int, models.Thread] = {**shared.get("threads", {}), thread.pk: thread}
        read = facts.thread_facts([one for pk, one in threads.items() if pk not in found])
        found.update(read)
    return ThreadFacts.of(found[thread.pk])


def is_by_team(info: Info, message: models.Message) -> bool:
    """Tell whether the team wrote a message, reading the team of a workspace once a request."""
    if message.author is None or message.author.member.is_bot:
        return False
    teams: dict[int, Roster] = info.context.shared.setdefault("rosters", {})
    if message.workspace_id not in teams:
        teams[message.workspace_id] = team_of(message.workspace_id)
    stints = teams[message.workspace_id].get(message.author.member_id, ())
    return is_on_team(stints, message.occurred_at)


@strawberry.type(description="Comments on the code of a pull request, each with its replies.")
class CodeConversations:
    resolved: int = strawberry.field(description="How many are marked as resolved on the server.")
    unresolved: int = strawberry.field(description="How many are not.")


def code_conversations_shown(info: Info, thread: models.Thread) -> CodeConversations:
    """Count those of every thread of this request at once, when the first is asked."""
    shared = info.context.shared
    found: dict[int, CodeCounts] = shared.setdefault("code", {})
    if thread.pk not in found:
        threads = {**shared.get("threads", {}), thread.pk: thread}
        unread = [one for pk, one in threads.items() if pk not in found]
        counts = code_counts(unread)
        found.update({one.pk: counts.get(one.pk, NO_CODE) for one in unread})
    counted = found[thread.pk]
    return CodeConversations(resolved=counted.resolved, unresolved=counted.unresolved)


def resolved_shown(info: Info, message: models.Message) -> bool | None:
    """Tell whether a comment on code is resolved, reading all threads of this request at once."""
    if message.kind != MessageKind.REVIEW_COMMENT:
        return None
    shared = info.context.shared
    found: dict[int, Resolved] = shared.setdefault("resolved", {})
    if message.thread_id not in found:
        threads = {message.thread_id, *shared.get("threads", {})} - found.keys()
        found.update(resolved_in(threads))
    return resolved_as(message, found[message.thread_id]) is not None
