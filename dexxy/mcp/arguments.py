"""What the tools take. The descriptions are for the model that fills them in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dexxy.messages.models import ThreadKind
from dexxy.messages.thread_table import ThreadSort
from dexxy.messages.waiting.lists import Tab
from dexxy.web.search.grammar import LONGEST

MOST_ITEMS = 50
LONGEST_TEXT = 8000
_LANGUAGE = (
    'Words that all occur, "a phrase", #123 or repository#123, and qualifiers: repo:ants is:open'
    " is:closed is:merged is:unanswered is:waiting kind:issue kind:pr kind:discussion label:bug"
    ' author:login author:"Full Name" org:name assignee:me since:2026-09-01 since:7d before:30d'
    " waiting:>7d. A - before a part leaves out."
)


class Arguments(BaseModel):
    """What a tool takes."""

    model_config = ConfigDict(extra="forbid")


Limit = Annotated[int, Field(ge=1, le=MOST_ITEMS, description="Items of the answer, at most.")]
PageCursor = Annotated[
    str, Field(max_length=500, description="`next_cursor` of the answer before; '' for the first.")
]
TextLength = Annotated[
    int,
    Field(
        ge=0,
        le=LONGEST_TEXT,
        description="Characters of each text, at most; what is longer is cut and says so.",
    ),
]
Id = Annotated[str, Field(max_length=19, description="An id of an answer.")]


class NoArguments(Arguments):
    pass


class WaitingArguments(Arguments):
    list: Tab = Field(
        default=Tab.ALL,
        description="all: the whole queue; mine, unassigned: by assignee; first: of people who ask"
        " for the first time; ours: in threads that the team opened; late: said after closing; old:"
        " from before the repository was connected; snoozed, aside: what colleagues put off.",
    )
    query: str = Field(
        default="", max_length=LONGEST, description=f"Which to keep; '' keeps all. {_LANGUAGE}"
    )
    limit: Limit = 15
    cursor: PageCursor = ""
    longest_text: TextLength = 500


class SearchArguments(Arguments):
    query: str = Field(max_length=LONGEST, description=_LANGUAGE)
    find: Literal["threads", "messages", "people"] = Field(
        default="threads",
        description="What to list. Of people the words are those of names and addresses.",
    )
    sort: ThreadSort = Field(
        default=ThreadSort.ACTIVITY,
        description="Of threads. Messages come the newest first, people the last seen first.",
    )
    limit: Limit = 15
    cursor: PageCursor = ""
    longest_text: TextLength = 300


class ThreadArguments(Arguments):
    thread_id: Id = Field(
        default="", description="The `thread_id` of an answer; or name it by `reference`."
    )
    reference: str = Field(
        default="",
        max_length=500,
        description="#123, owner/repository#123, or the address of the thread on its server.",
    )
    start: Literal["beginning", "end"] = Field(
        default="beginning", description="Begin with the oldest messages, or end with the newest."
    )
    after: PageCursor = Field(default="", description="`next_cursor` of the answer before.")
    before: PageCursor = Field(default="", description="`previous_cursor` of the answer before.")
    limit: Limit = 20
    longest_text: TextLength = 2000


class MemberArguments(Arguments):
    member_id: Id = Field(default="", description="The `member_id` of an answer; or give a `name`.")
    name: str = Field(
        default="", max_length=200, description="A login, or a full name as it is written."
    )
    limit: Limit = 10
    cursor: PageCursor = ""
    longest_text: TextLength = 300


class Figure(StrEnum):
    """A figure of `get_insights`."""

    ACTIVITY = "activity"
    NEWCOMERS = "newcomers"
    FIRST_RESPONSE = "first_response"
    TEAM_RESPONSE = "team_response"
    TIME_TO_CLOSE = "time_to_close"
    FLOW = "flow"
    PULL_REQUESTS = "pull_requests"
    WAITING = "waiting"


class InsightsArguments(Arguments):
    since: datetime | None = Field(
        default=None,
        description="ISO 8601, UTC if it has no offset; 30 days before `until` if left out. The"
        " period may have two years.",
    )
    until: datetime | None = Field(
        default=None, description="The end, which is left out; now by default."
    )
    figures: list[Figure] = Field(
        default=[Figure.ACTIVITY, Figure.FIRST_RESPONSE, Figure.FLOW, Figure.WAITING],
        min_length=1,
        max_length=len(Figure),
        description="activity: messages and people; newcomers; first_response: until another person"
        " spoke; team_response: until the team did; time_to_close; flow: opened and closed;"
        " pull_requests: reviews and merges; waiting: how many waited for the team.",
    )
    repositories: list[Annotated[str, Field(max_length=255)]] = Field(
        default=[], max_length=50, description="Names, with or without the owner; all if empty."
    )
    kinds: list[ThreadKind] = Field(default=[], max_length=3, description="All if empty.")


class ChangesArguments(Arguments):
    cursor: PageCursor = Field(
        default="", description="`next_cursor` of the answer before: what was written since comes."
    )
    since: datetime | None = Field(
        default=None,
        description="Without a cursor: the messages from then on, the newest first. ISO 8601, UTC"
        " if it has no offset. With neither, only where to begin is told.",
    )
    limit: Limit = 20
    longest_text: TextLength = 500
