"""What a thread is and how it stands, in words."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dexxy.messages.models import Thread, ThreadKind, ThreadState

KIND_LABELS = {
    ThreadKind.ISSUE: _("Issues"),
    ThreadKind.PULL_REQUEST: _("Pull requests"),
    ThreadKind.DISCUSSION: _("Discussions"),
}

# One thread by its kind, and by its state where it is not open.
THREAD_LABELS = {
    (ThreadKind.ISSUE, ThreadState.OPEN): _("Issue"),
    (ThreadKind.ISSUE, ThreadState.CLOSED): _("Closed issue"),
    (ThreadKind.PULL_REQUEST, ThreadState.OPEN): _("Pull request"),
    (ThreadKind.PULL_REQUEST, ThreadState.CLOSED): _("Closed pull request"),
    (ThreadKind.PULL_REQUEST, ThreadState.MERGED): _("Merged pull request"),
    (ThreadKind.DISCUSSION, ThreadState.OPEN): _("Discussion"),
    (ThreadKind.DISCUSSION, ThreadState.CLOSED): _("Closed discussion"),
}

STATE_LABELS = {
    ThreadState.OPEN: _("Open threads"),
    ThreadState.CLOSED: _("Closed threads"),
    ThreadState.MERGED: _("Merged threads"),
}

# How one thread stands.
STATES = {
    ThreadState.OPEN: pgettext_lazy("thread", "Open"),
    ThreadState.CLOSED: pgettext_lazy("thread", "Closed"),
    ThreadState.MERGED: pgettext_lazy("thread", "Merged"),
}

ANSWERED = pgettext_lazy("thread", "Answered")

CLOSED_STATES = {
    "not_planned": pgettext_lazy("thread", "Closed as not planned"),
    "duplicate": pgettext_lazy("thread", "Closed as a duplicate"),
    "resolved": pgettext_lazy("thread", "Closed as resolved"),
    "outdated": pgettext_lazy("thread", "Closed as outdated"),
}


def thread_icon(thread: Thread) -> str:
    """Name the picture of THREAD: a merged or closed one has that of its state."""
    if thread.state == ThreadState.MERGED or (
        thread.state == ThreadState.CLOSED and thread.kind == ThreadKind.ISSUE
    ):
        return str(thread.state)
    return str(thread.kind)


def thread_label(thread: Thread) -> str:
    """Name the kind of THREAD, and its state where it is not open."""
    kind, state = ThreadKind(thread.kind), ThreadState(thread.state)
    return str(THREAD_LABELS.get((kind, state)) or kind_of_one(kind))


def kind_of_one(kind: ThreadKind) -> str:
    """Name the kind of one thread."""
    return str(THREAD_LABELS[kind, ThreadState.OPEN])


def state_label(thread: Thread) -> str:
    """Say how THREAD stands."""
    if thread.state == ThreadState.CLOSED:
        closed = STATES[ThreadState.CLOSED]
        return str(CLOSED_STATES.get(thread.state_reason, closed))
    if thread.state == ThreadState.OPEN and thread.answered_at:
        return str(ANSWERED)
    return str(STATES[ThreadState(thread.state)])
