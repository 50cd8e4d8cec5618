"""Threads and messages as a platform shows them, before they are stored.

Times are aware datetimes by the platform's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final

from dexxy.members.ingest.records import IdentityRecord
from dexxy.messages.models import ArchivedReason, MessageKind, ThreadKind, ThreadState


class Unset(Enum):
    """The type of UNSET."""

    UNSET = "unset"


# The value of a field that a payload does not carry: what is stored is kept. A snapshot carries
# them all.
UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """An issue, a pull request or a discussion without its messages."""

    kind: ThreadKind
    number: int
    node_id: str | Unset
    title: str
    state: ThreadState | Unset
    url: str
    author: IdentityRecord | None
    opened_at: datetime
    version_at: datetime
    state_reason: str | Unset = ""
    labels: tuple[str, ...] | Unset = ()
    closed_at: datetime | Unset | None = None
    merged_at: datetime | Unset | None = None
    answered_at: datetime | Unset | None = None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message; `details` holds what only its kind has.

    `is_deleted`: the platform keeps its place, because something hangs below it.

    `details["in_reply_to"]` is the external id of the message that this one answers, and
    `details["review_id"]` that of the review a review comment belongs to.
    """

    kind: MessageKind
    external_id: str
    author: IdentityRecord | None
    occurred_at: datetime
    version_at: datetime
    body: str = ""
    url: str = ""
    edited_at: datetime | Unset | None = None
    details: Mapping[str, object] = field(default_factory=dict)
    in_feed: bool = True
    is_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of a thread's messages that is read as one list.

    Once a list has been read to its end, what is stored in its scope but was not in it is gone.
    `owner_id` narrows review comments to those of one review, and replies to those of one
    comment: it is the external id of the message that has the list.
    """

    kinds: frozenset[MessageKind]
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A thread as the platform shows it now, with the messages that fitted into the answer.

    `complete` names the scopes whose messages are all here.
    """

    thread: ThreadRecord
    messages: tuple[MessageRecord, ...]
    complete: tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says of a thread: it comes early, and a refetch checks it.

    Args:
        messages: those that it shows; one that `is_deleted` is gone.
        archived: why the whole thread is gone, if it is.
        moved_to_url: where it went to, or ''.
        changes_state: the thread was closed, reopened or answered; only a refetch has the message
            that says so.
    """

    thread: ThreadRecord
    messages: tuple[MessageRecord, ...]
    archived: ArchivedReason | None = None
    moved_to_url: str = ""
    changes_state: bool = False
