"""How what happened reads: who did what, and when."""

from datetime import datetime, timedelta

from dexxy.integrations.models import StreamName, SyncStatus
from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind, ThreadState

_REVIEWS = {
    "APPROVED": "approved",
    "CHANGES_REQUESTED": "requested changes on",
    "DISMISSED": "reviewed (dismissed since)",
}
_CLOSED = {
    "not_planned": "closed as not planned",
    "duplicate": "closed as a duplicate",
    "resolved": "closed as resolved",
    "outdated": "closed as outdated",
}
_OPENED = {
    ThreadKind.ISSUE: "opened issue",
    ThreadKind.PULL_REQUEST: "opened pull request",
    ThreadKind.DISCUSSION: "started discussion",
}
_VERBS = {
    MessageKind.COMMENT: "commented on",
    MessageKind.REVIEW_COMMENT: "commented on the code of",
    MessageKind.REPLY: "replied in",
    MessageKind.REOPENED: "reopened",
    MessageKind.MERGED: "merged",
    MessageKind.ANSWERED: "marked the answer of",
}
KIND_LABELS = {
    ThreadKind.ISSUE: "Issues",
    ThreadKind.PULL_REQUEST: "Pull requests",
    ThreadKind.DISCUSSION: "Discussions",
}
MESSAGE_LABELS = {
    MessageKind.OPENED: "Opened",
    MessageKind.COMMENT: "Comments",
    MessageKind.REVIEW: "Reviews",
    MessageKind.REVIEW_COMMENT: "Comments on code",
    MessageKind.REPLY: "Replies",
    MessageKind.CLOSED: "Closed",
    MessageKind.REOPENED: "Reopened",
    MessageKind.MERGED: "Merged",
    MessageKind.ANSWERED: "Answered",
}
STATE_LABELS = {
    ThreadState.OPEN: "Open threads",
    ThreadState.CLOSED: "Closed threads",
    ThreadState.MERGED: "Merged threads",
}
# Of a member; the picture is seen, not read.
FIELD_LABELS = {
    "display_name": "Name",
    "bio": "About",
    "company": "Company",
    "location": "Location",
}
STREAM_LABELS = {
    StreamName.ISSUES: "Issues",
    StreamName.PULL_REQUESTS: "Pull requests",
    StreamName.DISCUSSIONS: "Discussions",
}
STATUS_LABELS = {
    SyncStatus.PENDING: "Waiting for the first sync",
    SyncStatus.SYNCING: "Syncing",
    SyncStatus.ACTIVE: "Up to date",
    SyncStatus.ERROR: "Failed",
    SyncStatus.PAUSED: "Paused",
    SyncStatus.DISABLED: "Access lost",
}


def platform(provider: str) -> str:
    """Name the platform of an account, and its server where that is not the usual one."""
    name, _, server = provider.partition(":")
    name = "GitHub" if name == "github" else name
    return f"{name} at {server}" if server else name


def verb(message: Message) -> str:
    """Say what the author of MESSAGE did, so that the thread can follow."""
    if message.kind == MessageKind.OPENED:
        return _OPENED[ThreadKind(message.thread_kind)]
    if message.kind == MessageKind.REVIEW:
        return _REVIEWS.get(str(message.details.get("state")), "reviewed")
    if message.kind == MessageKind.CLOSED:
        return _CLOSED.get(str(message.details.get("state_reason")), "closed")
    return _VERBS[MessageKind(message.kind)]


def verb_alone(message: Message) -> str:
    """Say what the author of MESSAGE did, on the page of its thread."""
    whole = {
        MessageKind.OPENED: "opened this",
        MessageKind.COMMENT: "commented",
        MessageKind.REVIEW_COMMENT: "commented on the code",
        MessageKind.REPLY: "replied",
        MessageKind.ANSWERED: "marked the answer",
    }
    if message.kind in whole:
        return whole[MessageKind(message.kind)]
    if message.details.get("state") == "DISMISSED":
        return "reviewed, dismissed since"
    if message.kind == MessageKind.CLOSED:
        return verb(message).replace("closed", "closed this", 1)
    return f"{verb(message)} this"


def icon(message: Message) -> str:
    """Name the picture of what happened, as static/dexxy/icons.svg does."""
    if message.kind == MessageKind.REVIEW:
        states = {"APPROVED": "approved", "CHANGES_REQUESTED": "refused"}
        return states.get(str(message.details.get("state")), "review")
    return "code" if message.kind == MessageKind.REVIEW_COMMENT else str(message.kind)


def state_label(thread: Thread) -> str:
    """Say how THREAD stands."""
    if thread.state == ThreadState.CLOSED:
        return _CLOSED.get(thread.state_reason, "closed").capitalize()
    if thread.state == ThreadState.OPEN and thread.answered_at:
        return "Answered"
    return ThreadState(thread.state).label


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago MOMENT was, and its date where that is easier to grasp."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return _counted(passed // timedelta(minutes=1), "minute")
    if passed < timedelta(days=1):
        return _counted(passed // timedelta(hours=1), "hour")
    if passed < timedelta(days=30):
        return _counted(passed.days, "day")
    date = f"{moment.day} {moment:%b}"
    return f"on {date}" if moment.year == now.year else f"on {date} {moment.year}"


def lasting(span: timedelta) -> str:
    """Say roughly how long SPAN is."""
    seconds = round(span.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return _plural(round(seconds / size), name)
    return _plural(max(1, seconds), "second")


def _counted(number: int, unit: str) -> str:
    return f"{_plural(number, unit)} ago"


def _plural(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"
