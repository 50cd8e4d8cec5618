"""How what happened reads: who did what, and when."""

from datetime import datetime, timedelta

from django.utils import timezone

from dexxy.integrations.health import SyncHealth
from dexxy.integrations.models import StreamName, SyncStatus
from dexxy.messages.models import (
    QUIET_KINDS,
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadState,
)

# A longer time is easier to grasp as a date.
LONGEST_AGE = timedelta(days=30)
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
    MessageKind.READY: "marked as ready for review",
    MessageKind.DRAFTED: "made a draft of",
    MessageKind.REVIEW_REQUESTED: "asked {} to review",
    MessageKind.REVIEW_UNREQUESTED: "no longer asks {} to review",
    MessageKind.REVIEW_DISMISSED: "dismissed a review of",
    MessageKind.PUSHED: "pushed anew to",
    MessageKind.CONVERTED: "made a discussion of",
    MessageKind.DUPLICATE: "marked as a duplicate of {}:",
    MessageKind.UNDUPLICATE: "took back as a duplicate of {}:",
    MessageKind.LABELED: "put the label {} on",
    MessageKind.UNLABELED: "took the label {} off",
    MessageKind.ASSIGNED: "assigned {} to",
    MessageKind.UNASSIGNED: "no longer assigns {} to",
}
# What stands for what is not shown, or not any more.
_SOMETHING = {
    MessageKind.DUPLICATE: "another thread",
    MessageKind.UNDUPLICATE: "another thread",
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
    MessageKind.READY: "Ready for review",
    MessageKind.DRAFTED: "Made a draft",
    MessageKind.REVIEW_REQUESTED: "Review requested",
    MessageKind.REVIEW_UNREQUESTED: "Review no longer requested",
    MessageKind.REVIEW_DISMISSED: "Review dismissed",
    MessageKind.PUSHED: "Pushed anew",
    MessageKind.CONVERTED: "Made a discussion",
    MessageKind.DUPLICATE: "Marked as a duplicate",
    MessageKind.UNDUPLICATE: "Taken back as a duplicate",
    MessageKind.LABELED: "Labelled",
    MessageKind.UNLABELED: "Label taken off",
    MessageKind.ASSIGNED: "Assigned",
    MessageKind.UNASSIGNED: "No longer assigned",
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
    SyncStatus.PENDING: "Waiting to be synced",
    SyncStatus.SYNCING: "Syncing",
    SyncStatus.ACTIVE: "Up to date",
    SyncStatus.ERROR: "Failed",
    SyncStatus.PAUSED: "Paused",
    SyncStatus.DISABLED: "Access lost",
}
# The look of its dot: bad needs a person.
STATUS_LOOKS = {
    SyncStatus.PENDING: "busy",
    SyncStatus.SYNCING: "busy",
    SyncStatus.ACTIVE: "good",
    SyncStatus.ERROR: "bad",
    SyncStatus.PAUSED: "off",
    SyncStatus.DISABLED: "bad",
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
    kind = MessageKind(message.kind)
    return _VERBS[kind].format(_subject(message) or _SOMETHING.get(kind, "somebody"))


def _subject(message: Message) -> str:
    """Name what MESSAGE is about beside its thread; '' where that is not known."""
    subject = message.details.get("subject", {})
    if number := subject.get("number"):
        return f"#{number}"
    return str(subject.get("login") or subject.get("name") or "")


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


def said(message: Message) -> str:
    """Say what the author of MESSAGE did where its words follow: a comment needs no verb."""
    short = {
        MessageKind.OPENED: "opened",
        MessageKind.COMMENT: "",
        MessageKind.REPLY: "",
        MessageKind.REVIEW_COMMENT: "commented on code",
        MessageKind.ANSWERED: "marked the answer",
    }
    if message.kind in short:
        return short[MessageKind(message.kind)]
    return verb(message).removesuffix(" on")


def thread_icon(thread: Thread) -> str:
    """Name the picture of THREAD: a merged or closed one has that of its state."""
    if thread.state == ThreadState.MERGED or (
        thread.state == ThreadState.CLOSED and thread.kind == ThreadKind.ISSUE
    ):
        return str(thread.state)
    return str(thread.kind)


def thread_label(thread: Thread) -> str:
    """Name the kind of THREAD, and its state where it is not open."""
    kind = ThreadKind(thread.kind).label.capitalize()
    return kind if thread.state == ThreadState.OPEN else f"{thread.state} {kind}".capitalize()


def icon(message: Message) -> str:
    """Name the picture of what happened, as static/dexxy/icons.svg does."""
    if message.kind == MessageKind.REVIEW:
        states = {"APPROVED": "approved", "CHANGES_REQUESTED": "refused"}
        return states.get(str(message.details.get("state")), "review")
    if message.kind in QUIET_KINDS:
        return "event"
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
    short = age(moment, now)
    if short == "now":
        return "just now"
    return f"{short} ago" if now - moment < LONGEST_AGE else f"on {short}"


def age(moment: datetime, now: datetime) -> str:
    """Say in a column how long ago MOMENT was: `40 min`, `9 h`, `3 d`, then its date."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min"
    if passed < timedelta(days=1):
        return f"{passed // timedelta(hours=1)} h"
    return f"{passed.days} d" if passed < LONGEST_AGE else date(moment, now)


def date(moment: datetime, now: datetime) -> str:
    """Write the date of MOMENT where the reader is, with the year if it is another one."""
    local = timezone.localtime(moment)
    is_this_year = local.year == timezone.localtime(now).year
    return f"{local.day} {local:%b}" if is_this_year else f"{local.day} {local:%b} {local.year}"


def at(moment: datetime, now: datetime) -> str:
    """Write when MOMENT was to the minute, where the reader is: `today, 09:12`."""
    local = timezone.localtime(moment)
    names = {0: "today", 1: "yesterday"}
    day = names.get((timezone.localtime(now).date() - local.date()).days) or date(moment, now)
    return f"{day}, {local:%H:%M}"


def under_its_day(moment: datetime, now: datetime) -> str:
    """Say when MOMENT was where its day stands above: its age, or the time of a day before."""
    if now - moment < timedelta(days=1):
        return age(moment, now)
    return timezone.localtime(moment).strftime("%H:%M")


def day(moment: datetime, now: datetime) -> tuple[str, str]:
    """Name a day where the reader is: in a word, and by its date; a far one by its date alone."""
    local, today = timezone.localtime(moment), timezone.localtime(now)
    written = f"{local:%A} {local.day} {local:%B}"
    if local.year != today.year:
        written += f" {local.year}"
    names = {0: "Today", 1: "Yesterday"}
    name = names.get((today.date() - local.date()).days)
    return (name, written) if name else (written, "")


def exactly(moment: datetime) -> str:
    """Write MOMENT to the second, where the reader is, with the zone."""
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S %Z")


def clock(moment: datetime) -> str:
    """Write the time of day of MOMENT, where the reader is, with the zone."""
    return timezone.localtime(moment).strftime("%H:%M %Z")


def health_state(health: SyncHealth) -> str:
    """Name how the sync of a workspace is doing: bad, warn, off, busy or good."""
    if not health.repositories:
        return "off"
    if health.failing or health.overdue:
        return "bad"
    if health.paused_until:
        return "warn"
    return "busy" if health.reading else "good"


def health_line(health: SyncHealth) -> str:
    """Say in a few words how the sync of a workspace is doing."""
    if not health.repositories:
        return "No repository connected"
    if health.failing:
        verb = "needs" if health.failing == 1 else "need"
        return f"{_repositories(health.failing)} {verb} you"
    if health.overdue:
        return f"{_repositories(health.overdue)} overdue"
    if health.paused_until:
        return f"Rate limit until {clock(health.paused_until)}"
    if health.reading:
        return f"Syncing {_repositories(health.reading)}"
    if health.synced_at is None:
        return "Paused"
    return f"Up to date, {ago(health.synced_at, timezone.now())}"


def _repositories(number: int) -> str:
    return f"{number:,} repositor{'y' if number == 1 else 'ies'}"


def lasting(span: timedelta) -> str:
    """Say roughly how long SPAN is."""
    seconds = round(span.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return _plural(round(seconds / size), name)
    return _plural(max(1, seconds), "second")


def _plural(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"
