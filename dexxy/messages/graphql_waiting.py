"""Who waits, and who is of the team, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Self, cast

import strawberry

from dexxy.accounts.graphql import User, in_workspace
from dexxy.common.graphql import Connection, Info, connection, key, keys
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE, Page
from dexxy.common.times import aware
from dexxy.members.graphql import Member, remember_members
from dexxy.messages.feed.filters import ALL_THREADS
from dexxy.messages.graphql_feed import ActivityItem, Thread, remember, remember_items
from dexxy.messages.graphql_filters import ThreadFilterInput
from dexxy.messages.graphql_kinds import MessageKind, ThreadKind
from dexxy.messages.models import Reason, Side, Triage
from dexxy.messages.team import deciding, listing, own
from dexxy.messages.waiting import lists, pace, queue, summary, triage
from dexxy.messages.waiting.lists import Tab

strawberry.enum(Side, name="WaitingSide", description="Who owes the next word.")
strawberry.enum(Reason, name="WaitingReason", description="Why it is the team's turn.")
strawberry.enum(Tab, name="WaitingList", description="Which list of the queue.")

SeenAt = Annotated[
    datetime | None,
    strawberry.argument(
        description="When you saw it: what a colleague has decided since is not overwritten, but"
        " refused as DECIDED_MEANWHILE. Null overwrites."
    ),
]
# A list of the team is rarely longer.
_TEAM = 50


@strawberry.input(description="Which threads of the queue to keep; an empty list keeps everything.")
class WaitingFilterInput:
    tab: Tab = Tab.ALL
    source_ids: list[strawberry.ID] | None = None
    kinds: list[ThreadKind] | None = None
    labels: list[str] | None = None
    threads: ThreadFilterInput | None = strawberry.field(
        default=None, description="Everything else that threads can be filtered by."
    )
    since: datetime | None = strawberry.field(
        default=None, description="Whose wait began from then on."
    )
    until: datetime | None = strawberry.field(
        default=None, description="Whose wait began before then."
    )

    def read(self) -> lists.QueueFilters:
        """Return what was sent as the filters of the queue."""
        asked = self.threads.read() if self.threads else ALL_THREADS
        given: dict[str, Any] = {
            "source_ids": keys(self.source_ids or [], "sourceIds"),
            "kinds": self.kinds,
            "labels": self.labels,
        }
        kept = replace(asked, **{name: values for name, values in given.items() if values})
        since, until = (at and aware(at) for at in (self.since, self.until))
        return lists.QueueFilters(tab=self.tab, threads=kept, since=since, until=until)


@strawberry.type(description="A thread in which somebody waits for the team.")
class WaitingThread:
    id: strawberry.ID
    thread: Thread
    side: Side
    reason: Reason
    since: datetime = strawberry.field(description="Of the first act that nobody answered.")
    others_replied: bool = strawberry.field(
        description="Somebody has replied who is not of the team."
    )
    others: int = strawberry.field(
        description="How many people beside the opener have written since."
    )
    message: ActivityItem | None = strawberry.field(
        description="What waits for an answer; null if it is no message."
    )
    assignee: User | None
    snoozed_until: datetime | None
    is_set_aside: bool
    held_by: User | None = strawberry.field(description="Who snoozed it or set it aside.")
    assigned_by: User | None = strawberry.field(description="Who gave it to its assignee.")
    note: str
    noted_by: User | None = strawberry.field(description="Who wrote the note, or changed it last.")

    @classmethod
    def of(cls, row: queue.WaitingThread) -> Self:
        held = getattr(row.thread, "triage", None) or Triage()
        return cls(
            id=strawberry.ID(str(row.pk)),
            thread=cast(Thread, row.thread),
            side=Side(row.standing.side),
            reason=Reason(row.standing.reason),
            since=row.standing.since,
            others_replied=row.standing.others_replied,
            others=row.others,
            message=cast("ActivityItem | None", row.message),
            assignee=cast("User | None", held.assignee),
            snoozed_until=held.snoozed_until,
            is_set_aside=held.is_set_aside,
            held_by=cast("User | None", held.held_by if held.is_held else None),
            assigned_by=cast("User | None", held.assigned_by if held.assignee_id else None),
            note=held.note,
            noted_by=cast("User | None", held.noted_by if held.note else None),
        )

    @property
    def pk(self) -> int:
        """That of the thread."""
        return int(self.id)


@strawberry.type(description="How many threads a list has.")
class WaitingCount:
    tab: Tab
    number: int


@strawberry.type(description="What came into the queue and left it.")
class WaitingPace:
    arrived: int
    answered: int = strawberry.field(
        description="Waits that ended by an answer, or because the thread was closed."
    )


@strawberry.type(description="How many wait for the team.")
class WaitingSummary:
    total: int = strawberry.field(description="Each band is counted up to 10,001.")
    over_30_days: int
    days_8_to_30: int
    days_2_to_7: int
    newer: int
    longest_since: datetime | None
    longest_thread_id: strawberry.ID | None = strawberry.field(
        description="In which thread that is; the first of the list need not be it."
    )
    median_since: datetime | None = strawberry.field(
        description="Since when half of them wait, or longer."
    )
    last_7_days: WaitingPace = strawberry.field(
        description="What came into the whole queue and left it; the filter does not matter."
    )
    is_recounting: bool = strawberry.field(
        description="Who is of the team has changed, and not all threads were looked at yet."
    )
    lists: list[WaitingCount] = strawberry.field(
        description="How many each list has, up to 10,001; the filter's own list does not matter.",
        metadata=cost(items=0),
    )

    @classmethod
    def of(
        cls,
        found: summary.QueueSummary,
        counts: Mapping[Tab, int],
        lately: pace.QueuePace,
    ) -> Self:
        return cls(
            total=found.total,
            over_30_days=found.bands[0],
            days_8_to_30=found.bands[1],
            days_2_to_7=found.bands[2],
            newer=found.bands[3],
            longest_since=found.longest,
            longest_thread_id=_id(found.longest_thread_id),
            median_since=lately.median,
            last_7_days=WaitingPace(arrived=lately.arrived, answered=lately.answered),
            is_recounting=found.is_recounting,
            lists=[WaitingCount(tab=tab, number=number) for tab, number in counts.items()],
        )


def _id(pk: int | None) -> strawberry.ID | None:
    return None if pk is None else strawberry.ID(str(pk))


@strawberry.type(description="A stretch of time in which somebody belongs to the team.")
class TeamStint:
    since: datetime | None = strawberry.field(description="Null where it has no beginning.")
    until: datetime | None = strawberry.field(description="Null where it has no end.")


@strawberry.type(description="Something done with a maintainer's rights in somebody else's thread.")
class TeamEvidence:
    message_id: strawberry.ID
    thread_id: strawberry.ID
    kind: MessageKind
    occurred_at: datetime
    repository: str
    number: int
    title: str

    @classmethod
    def of(cls, found: listing.Evidence) -> Self:
        return cls(
            message_id=strawberry.ID(str(found.message_id)),
            thread_id=strawberry.ID(str(found.thread_id)),
            kind=MessageKind(found.kind),
            occurred_at=found.occurred_at,
            repository=found.source,
            number=found.number,
            title=found.title,
        )


@strawberry.type(description="Somebody who might belong to the team.")
class SuggestedTeammate:
    member: Member
    association: str = strawberry.field(
        description="What GitHub calls them: member, owner or collaborator, else ''."
    )
    organization: str = strawberry.field(
        description="Where they work, as their profile has it, if somebody of the team works there"
        " today, or a followed repository belongs to it; else ''."
    )
    evidence: list[str] = strawberry.field(
        description="What speaks for them, in sentences.", metadata=cost(items=0)
    )

    @classmethod
    def of(cls, found: listing.Suggested) -> Self:
        return cls(
            member=cast(Member, found.member),
            association=found.association,
            organization=found.organization,
            evidence=list(found.evidence),
        )


@strawberry.type(description="Somebody who belongs to the team, or did.")
class Teammate:
    member: Member
    is_decided: bool = strawberry.field(description="A person said so, not their acts.")
    is_own: bool = strawberry.field(
        description="Somebody who signs in here says that they are this member."
    )
    stints: list[TeamStint] = strawberry.field(metadata=cost(items=2))
    evidence: list[TeamEvidence] = strawberry.field(
        description="The newest of what they did with a maintainer's rights; at most 3."
        " Found for the whole team at once.",
        metadata=cost(items=0),
    )

    @classmethod
    def of(cls, found: listing.Teammate) -> Self:
        return cls(
            member=cast(Member, found.member),
            is_decided=found.is_decided,
            is_own=found.is_own,
            stints=[
                TeamStint(since=None if one.since.year == 1 else one.since, until=one.until)
                for one in found.stints
            ],
            evidence=[TeamEvidence.of(one) for one in found.evidence],
        )


@strawberry.type
class WaitingQuery:
    @strawberry.field(
        description="Who waits for the team, in the order in which they should be answered."
    )
    def waiting(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: WaitingFilterInput | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[WaitingThread]:
        viewer, workspace = in_workspace(info, workspace_id)
        kept = filters.read() if filters else lists.WHOLE_QUEUE
        page = queue.queue_page(viewer, workspace, kept, first, after)
        remember(info, [row.thread for row in page.items])
        remember_items(info, [row.message for row in page.items if row.message])
        shown = Page([WaitingThread.of(row) for row in page.items], page.cursors, page.has_more)
        return connection(
            shown, after, lambda: summary.queue_summary(viewer, workspace, kept).total
        )

    @strawberry.field(description="How many wait for the team.", metadata=cost(objects=10))
    def waiting_summary(
        self, info: Info, workspace_id: strawberry.ID, filters: WaitingFilterInput | None = None
    ) -> WaitingSummary:
        viewer, workspace = in_workspace(info, workspace_id)
        kept = filters.read() if filters else lists.WHOLE_QUEUE
        counts = summary.list_counts(viewer, workspace, kept)
        return WaitingSummary.of(
            summary.queue_summary(viewer, workspace, kept),
            counts,
            pace.queue_pace(viewer, workspace, kept),
        )

    @strawberry.field(
        description="Who belongs to the team or did, by name.", metadata=cost(items=_TEAM)
    )
    def team(self, info: Info, workspace_id: strawberry.ID) -> list[Teammate]:
        viewer, workspace = in_workspace(info, workspace_id)
        found = listing.team_list(viewer, workspace)
        remember_members(info, [one.member for one in found])
        return [Teammate.of(one) for one in found]

    @strawberry.field(description="Which member you say that you are.")
    def own_member(self, info: Info, workspace_id: strawberry.ID) -> Member | None:
        viewer, workspace = in_workspace(info, workspace_id)
        found = own.own_member(viewer, workspace)
        remember_members(info, [found] if found else [])
        return cast("Member | None", found)

    @strawberry.field(
        description="Who might belong to the team: whom GitHub names so, and who works where"
        " somebody of the team does, or where a followed repository belongs to. At most 20.",
        metadata=cost(items=listing.MOST_SUGGESTED, objects=10),
    )
    def team_suggested(self, info: Info, workspace_id: strawberry.ID) -> list[SuggestedTeammate]:
        viewer, workspace = in_workspace(info, workspace_id)
        found = listing.team_suggested(viewer, workspace)
        remember_members(info, [one.member for one in found])
        return [SuggestedTeammate.of(one) for one in found]

    @strawberry.field(
        description="Who does not belong to the team because a person said so.",
        metadata=cost(items=listing.MOST_SUGGESTED),
    )
    def team_removed(self, info: Info, workspace_id: strawberry.ID) -> list[Member]:
        viewer, workspace = in_workspace(info, workspace_id)
        found = listing.team_removed(viewer, workspace)
        remember_members(info, found)
        return cast("list[Member]", found)


@strawberry.type(description="The threads that were decided about.")
class ThreadsPayload:
    thread_ids: list[strawberry.ID] = strawberry.field(metadata=cost(items=0))


@strawberry.type(description="The member as it is now.")
class TeamPayload:
    member: Member


@strawberry.type(description="Who you say that you are now; null if nobody.")
class OwnMemberPayload:
    member: Member | None


@strawberry.type
class WaitingMutation:
    @strawberry.mutation(
        description="Hide threads from the queue until a time, or until their openers say more;"
        " without a time, wake them. For members."
    )
    def thread_snooze(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        thread_ids: list[strawberry.ID],
        until: datetime | None = None,
        seen_at: SeenAt = None,
    ) -> ThreadsPayload:
        actor, workspace = in_workspace(info, workspace_id)
        threads = keys(thread_ids, "threadIds")
        triage.threads_snooze(
            actor=actor,
            workspace=workspace,
            thread_ids=threads,
            until=aware(until) if until else None,
            seen_at=aware(seen_at) if seen_at else None,
        )
        return _payload(threads)

    @strawberry.mutation(
        description="Say that threads need no answer, or that they do. What their openers say next"
        " undoes it. For members."
    )
    def thread_set_aside(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        thread_ids: list[strawberry.ID],
        is_aside: bool = True,
        seen_at: SeenAt = None,
    ) -> ThreadsPayload:
        actor, workspace = in_workspace(info, workspace_id)
        threads = keys(thread_ids, "threadIds")
        triage.threads_set_aside(
            actor=actor,
            workspace=workspace,
            thread_ids=threads,
            is_aside=is_aside,
            seen_at=aware(seen_at) if seen_at else None,
        )
        return _payload(threads)

    @strawberry.mutation(description="Give threads to a colleague, or to nobody. For members.")
    def thread_assign(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        thread_ids: list[strawberry.ID],
        user_id: strawberry.ID | None = None,
        seen_at: SeenAt = None,
    ) -> ThreadsPayload:
        actor, workspace = in_workspace(info, workspace_id)
        threads = keys(thread_ids, "threadIds")
        triage.threads_assign(
            actor=actor,
            workspace=workspace,
            thread_ids=threads,
            user_id=key(user_id),
            seen_at=aware(seen_at) if seen_at else None,
        )
        return _payload(threads)

    @strawberry.mutation(
        description="Keep a note about a thread for colleagues; '' takes it away. For members."
    )
    def thread_note(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        thread_id: strawberry.ID,
        note: str,
        seen_at: SeenAt = None,
    ) -> ThreadsPayload:
        actor, workspace = in_workspace(info, workspace_id)
        thread = key(thread_id)
        triage.thread_note(
            actor=actor,
            workspace=workspace,
            thread_id=thread,
            note=note,
            seen_at=aware(seen_at) if seen_at else None,
        )
        return _payload([thread])

    @strawberry.mutation(
        description="Say whether a member belongs to the team, and when; null lets their acts"
        " decide. For administrators."
    )
    def member_set_team(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        member_id: strawberry.ID,
        is_on_team: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> TeamPayload:
        actor, workspace = in_workspace(info, workspace_id)
        member = deciding.member_set_team(
            actor=actor,
            workspace=workspace,
            member_id=key(member_id),
            is_on_team=is_on_team,
            since=aware(since) if since else None,
            until=aware(until) if until else None,
        )
        remember_members(info, [member])
        return TeamPayload(member=cast(Member, member))

    @strawberry.mutation(
        description="Say which member you are, and so belong to the team with all that they"
        " ever wrote; null takes it back. For members."
    )
    def own_member_set(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        member_id: strawberry.ID | None = None,
    ) -> OwnMemberPayload:
        actor, workspace = in_workspace(info, workspace_id)
        found = own.own_member_set(
            actor=actor, workspace=workspace, member_id=key(member_id) if member_id else None
        )
        remember_members(info, [found] if found else [])
        return OwnMemberPayload(member=cast("Member | None", found))


def _payload(threads: Sequence[int]) -> ThreadsPayload:
    return ThreadsPayload(thread_ids=[strawberry.ID(str(pk)) for pk in threads])
