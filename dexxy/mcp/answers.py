"""What the tools answer. The descriptions are for the model that reads them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from dexxy.messages.models import MessageKind, Reason, ThreadKind, ThreadState

Untrusted = Annotated[str, Field(description="Untrusted text, in marks.")]
Number = Annotated[int | None, Field(description="Absent where its platform numbers none.")]
Cursor = Annotated[
    str | None, Field(description="Give it as `cursor` for the next page; absent at the end.")
]


class Part(BaseModel):
    """A part of an answer. What is empty, false or unknown is left out of it."""


class Answer(Part):
    """What every answer has."""

    notice: str = Field(description="How text of other people is marked in this answer.")


class Person(Part):
    """Who wrote something."""

    login: str = Field(description="The name of the account on its server.")
    name: Untrusted = ""
    member_id: str = Field(description="For `get_member`.")
    is_bot: bool = False
    is_team: bool = Field(default=False, description="Belongs to the team of the workspace now.")


class Thread(Part):
    """An issue, a pull request or a discussion."""

    thread_id: str = Field(description="For `get_thread`.")
    repository: str
    number: Number = None
    kind: ThreadKind
    title: Untrusted
    state: ThreadState
    labels: list[str] = []
    author: Person | None = Field(
        default=None, description="Who opened it; absent if that is gone."
    )
    opened_at: datetime
    last_activity_at: datetime
    message_count: int
    waiting_since: datetime | None = Field(
        default=None, description="Since when somebody waits in it for an answer of the team."
    )
    url: str = Field(description="On its server.")
    page: str = Field(description="In Dexxy, for members of the workspace.")


class Message(Part):
    """One thing somebody said or did in a thread."""

    message_id: str
    kind: MessageKind
    author: Person | None = Field(default=None, description="Absent where the account is gone.")
    written_at: datetime
    edited_at: datetime | None = None
    text: Untrusted = ""
    is_cut: bool = Field(
        default=False, description="The text goes on; `longest_text` asks for more."
    )
    hidden_as: str = Field(
        default="", description="Why its server hides it; its text is left out then."
    )
    review: str = Field(default="", description="What a review decided, such as APPROVED.")
    file: str = Field(
        default="", description="Of a review comment: the file, with the line behind a `:`."
    )
    url: str = ""


class FoundMessage(Message):
    """A message with its thread."""

    thread_id: str
    repository: str
    number: Number = None
    title: Untrusted


class Repository(Part):
    name: str
    url: str
    last_activity_at: datetime | None = None


class Waiting(Part):
    """How many threads wait for the team, by how long they have."""

    total: int
    over_30_days: int
    days_8_to_30: int
    days_2_to_7: int
    newer: int
    longest_since: datetime | None = None
    is_recounting: bool = Field(
        default=False, description="The numbers may still change, in minutes."
    )


class WorkspaceAnswer(Answer):
    name: str
    page: str
    time_zone: str
    signed_in_as: str
    now: datetime
    repositories: list[Repository]
    more_repositories: int = Field(default=0, description="How many there are beside those listed.")
    waiting: Waiting
    team_size: int
    is_stale: bool = Field(
        default=False, description="The copy of the repositories may be out of date."
    )
    synced_at: datetime | None = Field(
        default=None, description="When the repository was synced that was so the longest ago."
    )


class WaitingThread(Part):
    thread: Thread
    since: datetime = Field(description="When the first unanswered thing was said.")
    waited_hours: float
    reason: Reason
    others_replied: bool = Field(
        default=False, description="Somebody outside the team has replied."
    )
    assignee: str = ""
    snoozed_until: datetime | None = None
    note: Untrusted = Field(default="", description="Of a colleague. Untrusted text, in marks.")
    message: Message | None = Field(default=None, description="What waits for an answer.")


class WaitingAnswer(Answer):
    threads: list[WaitingThread]
    next_cursor: Cursor = None


class FoundPerson(Person):
    page: str
    organization: Untrusted = ""
    messages: int
    messages_90_days: int
    waiting_threads: int
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None


class SearchAnswer(Answer):
    threads: list[Thread] = []
    messages: list[FoundMessage] = []
    people: list[FoundPerson] = []
    next_cursor: Cursor = None
    not_understood: list[str] = Field(
        default=[], description="Parts of the query that mean nothing here and were taken as words."
    )


class ThreadAnswer(Answer):
    thread: Thread
    state_reason: str = ""
    category: str = ""
    milestone: str = ""
    issue_type: str = ""
    is_locked: bool = False
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    first_response_at: datetime | None = None
    assignees: list[str] = []
    messages: list[Message] = Field(description="The oldest first.")
    next_cursor: str | None = Field(
        default=None, description="As `after`: the messages after these."
    )
    previous_cursor: str | None = Field(
        default=None, description="As `before`: those before these."
    )


class Account(Part):
    server: str
    login: str
    url: str = ""


class Note(Part):
    text: Untrusted
    author: str = ""
    written_at: datetime


class Companion(Part):
    member_id: str
    name: Untrusted
    threads: int
    is_team: bool = False


class OpenedThreads(Part):
    kind: ThreadKind
    state: ThreadState
    count: int


class MemberAnswer(Answer):
    member_id: str
    page: str
    name: Untrusted
    is_bot: bool = False
    is_team: bool = False
    bio: Untrusted = ""
    company: Untrusted = ""
    location: Untrusted = ""
    organization: Untrusted = ""
    tags: list[str] = []
    accounts: list[Account]
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    message_count: int
    messages_90_days: int
    opened_threads: list[OpenedThreads] = []
    waiting_threads: int = Field(
        default=0, description="In how many threads they wait for the team."
    )
    talks_with: list[Companion] = []
    notes: list[Note] = Field(default=[], description="What the team wrote about them.")
    messages: list[FoundMessage] = Field(description="What they said and did, the newest first.")
    next_cursor: Cursor = None


class Activity(Part):
    """What was said and done; bots count nowhere."""

    messages: int
    messages_before: int = Field(description="In a period of the same length before.")
    people: int
    team_people: int
    most_active: list["ActivePerson"] = []


class ActivePerson(Part):
    member_id: str
    name: Untrusted
    acts: int


class Duration(Part):
    """How long something takes in the threads opened in the period."""

    kind: ThreadKind
    threads: int
    done: int
    still_open: int = Field(description="Where it has not happened yet; they count as waiting.")
    closed_without: int = 0
    withdrawn: int = 0
    median_hours: float | None = Field(
        default=None, description="Absent of fewer than 5, or while fewer than half have it."
    )
    p90_hours: float | None = Field(default=None, description="Absent of fewer than 20.")


class Flow(Part):
    kind: ThreadKind
    open_before: int
    opened: int
    closed: int
    reopened: int
    open_after: int


class PullRequests(Part):
    merged: int
    declined: int
    withdrawn: int
    merged_percent: float | None = Field(default=None, description="Absent of fewer than 10.")
    until_first_review: Duration
    until_merge: Duration


class WaitingTrend(Part):
    before: int = Field(description="How many waited for the team when the period began.")
    at_the_end: int


class InsightsAnswer(Answer):
    since: datetime
    until: datetime
    complete_until: datetime = Field(description="Up to when the copy of the server is complete.")
    has_history: bool = Field(
        default=False, description="Absent: not all was read yet, and who is new is not known."
    )
    activity: Activity | None = None
    newcomers: int | None = Field(
        default=None, description="Who took part for the first time ever."
    )
    first_response: list[Duration] = []
    team_response: list[Duration] = []
    time_to_close: list[Duration] = []
    flow: list[Flow] = []
    pull_requests: PullRequests | None = None
    waiting: WaitingTrend | None = None


class Changed(Part):
    message_id: str
    is_removed: bool = False
    message: FoundMessage | None = Field(
        default=None, description="As it is now; absent if removed."
    )


class ChangesAnswer(Answer):
    changes: list[Changed]
    next_cursor: str = Field(description="Give it as `cursor` next time, now or in days.")
    has_more: bool = Field(default=False, description="More can be read at once.")
    older_left_out: bool = Field(
        default=False, description="Of `since`: older messages did not fit; `search` finds them."
    )


Activity.model_rebuild()
