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


# The value of a field that a webhook's payload does not carry: the stored value is kept. A snapshot
# carries every field.
UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class SourceKey:
    """The source that records are stored under: each statement of the ingestion is about one.

    Args:
        provider: the server of the source; accounts are known by it, and not by the source.
    """

    workspace_id: int
    source_id: int
    provider: str


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """An issue, a pull request or a discussion without its messages.

    Args:
        labels, category, assignees: UNSET in a snapshot where the platform keeps them back: what is
            stored stays.
        assignees: accounts, each as `{"id": external id, "login": username}`.
        details: what only some have, by the names in docs/reference/threads-and-messages.md. In a
            snapshot nothing is None; in a hint, None takes away what was stored, and what is
            missing is not known.
        external_id: the name of a thread on a platform that numbers nothing; '' elsewhere.
    """

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
    category: str | Unset = ""
    milestone: str | Unset = ""
    issue_type: str | Unset = ""
    head_oid: str | Unset = ""
    is_locked: bool | Unset = False
    assignees: tuple[Mapping[str, str], ...] | Unset = ()
    details: Mapping[str, object] = field(default_factory=dict)
    closed_at: datetime | Unset | None = None
    merged_at: datetime | Unset | None = None
    answered_at: datetime | Unset | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message.

    Args:
        details: what only its kind has. `in_reply_to` is the external id of the message that this
            one answers, `review_id` that of the review to which a review comment belongs,
            `subject` what a quiet kind is about (docs/reference/threads-and-messages.md).
        is_deleted: in a snapshot, a tombstone: the platform shows that there was a message, because
            others answer it. In a hint, the message is gone.
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
    """The messages of a thread that one list of the platform holds.

    A message in the scope of a list that was read to its end, but not in that list, is gone. Ids
    of the kinds of one list differ.

    Args:
        owner_id: the external id of the message that has the list: review comments hang below a
            review, replies below a comment. '' for a list of the thread itself.
    """

    kinds: frozenset[MessageKind]
    owner_id: str = ""


@dataclass(frozen=True, slots=True)
class ReviewThreadRecord:
    """A comment on code with its replies, which are resolved together.

    Args:
        comment_ids: the external ids of its comments. A snapshot leaves them to parts.
    """

    node_id: str
    is_resolved: bool
    comment_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A thread as the platform shows it now, with the messages that fitted into the answer.

    Args:
        complete: the scopes of which all messages are here.
        review_threads: of a pull request.
        has_all_review_threads: whether these are all of them.
    """

    thread: ThreadRecord
    messages: tuple[MessageRecord, ...]
    complete: tuple[Scope, ...]
    review_threads: tuple[ReviewThreadRecord, ...] = ()
    has_all_review_threads: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook tells about a thread: it comes early, and a refetch checks it.

    Args:
        messages: those that the payload shows; one that `is_deleted` is gone.
        archived: why the whole thread is gone; None if it is not.
        moved_to_url: the new address of a thread that moved, or ''.
        changes_state: the thread was closed, reopened or answered. The message about that comes
            with a refetch only.
        review_threads: those that the payload shows, with their comments.
    """

    thread: ThreadRecord
    messages: tuple[MessageRecord, ...]
    archived: ArchivedReason | None = None
    moved_to_url: str = ""
    changes_state: bool = False
    review_threads: tuple[ReviewThreadRecord, ...] = ()
