"""What people do in threads, as phrases: on the page of the thread, in a line of the feed, in a
list of choices."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

# After the name of who did it, where the thread is known. {subject} is whom or what it is about.
ON_THE_THREAD = {
    MessageKind.OPENED: _("opened this"),
    MessageKind.COMMENT: _("commented"),
    MessageKind.REVIEW: _("reviewed this"),
    MessageKind.REVIEW_COMMENT: _("commented on the code"),
    MessageKind.REPLY: _("replied"),
    MessageKind.CLOSED: _("closed this"),
    MessageKind.REOPENED: _("reopened this"),
    MessageKind.MERGED: _("merged this"),
    MessageKind.ANSWERED: _("marked the answer"),
    MessageKind.READY: _("marked this as ready for review"),
    MessageKind.DRAFTED: _("made this a draft"),
    MessageKind.REVIEW_REQUESTED: _("asked {subject} to review this"),
    MessageKind.REVIEW_UNREQUESTED: _("no longer asks {subject} to review this"),
    MessageKind.REVIEW_DISMISSED: _("dismissed a review of this"),
    MessageKind.PUSHED: _("pushed anew to this"),
    MessageKind.CONVERTED: _("made a discussion of this"),
    MessageKind.DUPLICATE: _("marked this as a duplicate of {subject}"),
    MessageKind.UNDUPLICATE: _("no longer marks this as a duplicate of {subject}"),
    MessageKind.LABELED: _("put the label {subject} on this"),
    MessageKind.UNLABELED: _("took the label {subject} off this"),
    MessageKind.ASSIGNED: _("assigned {subject} to this"),
    MessageKind.UNASSIGNED: _("no longer assigns {subject} to this"),
}
REVIEWED_ON_THE_THREAD = {
    "APPROVED": _("approved this"),
    "CHANGES_REQUESTED": _("requested changes"),
    "DISMISSED": _("reviewed, dismissed since"),
}
CLOSED_ON_THE_THREAD = {
    "not_planned": _("closed this as not planned"),
    "duplicate": _("closed this as a duplicate"),
    "resolved": _("closed this as resolved"),
    "outdated": _("closed this as outdated"),
}
# What people on GitHub choose from when they hide a message.
HIDDEN_AS = {
    "abuse": pgettext_lazy("hidden as", "abuse"),
    "duplicate": pgettext_lazy("hidden as", "duplicate"),
    "low quality": pgettext_lazy("hidden as", "of low quality"),
    "off-topic": pgettext_lazy("hidden as", "off-topic"),
    "outdated": pgettext_lazy("hidden as", "outdated"),
    "resolved": pgettext_lazy("hidden as", "resolved"),
    "spam": pgettext_lazy("hidden as", "spam"),
}
# The same in a line of the feed, where the words follow: a comment needs none.
IN_A_LINE: dict[MessageKind, str | Promise] = {
    MessageKind.OPENED: pgettext_lazy("feed", "opened"),
    MessageKind.COMMENT: "",
    MessageKind.REVIEW: pgettext_lazy("feed", "reviewed"),
    MessageKind.REVIEW_COMMENT: pgettext_lazy("feed", "commented on code"),
    MessageKind.REPLY: "",
    MessageKind.CLOSED: pgettext_lazy("feed", "closed"),
    MessageKind.REOPENED: pgettext_lazy("feed", "reopened"),
    MessageKind.MERGED: pgettext_lazy("feed", "merged"),
    MessageKind.ANSWERED: pgettext_lazy("feed", "marked the answer"),
    MessageKind.READY: pgettext_lazy("feed", "marked as ready for review"),
    MessageKind.DRAFTED: pgettext_lazy("feed", "made a draft"),
    MessageKind.REVIEW_REQUESTED: pgettext_lazy("feed", "asked {subject} to review"),
    MessageKind.REVIEW_UNREQUESTED: pgettext_lazy("feed", "no longer asks {subject} to review"),
    MessageKind.REVIEW_DISMISSED: pgettext_lazy("feed", "dismissed a review"),
    MessageKind.PUSHED: pgettext_lazy("feed", "pushed anew"),
    MessageKind.CONVERTED: pgettext_lazy("feed", "made a discussion"),
    MessageKind.DUPLICATE: pgettext_lazy("feed", "marked as a duplicate of {subject}"),
    MessageKind.UNDUPLICATE: pgettext_lazy("feed", "no longer a duplicate of {subject}"),
    MessageKind.LABELED: pgettext_lazy("feed", "put the label {subject} on"),
    MessageKind.UNLABELED: pgettext_lazy("feed", "took the label {subject} off"),
    MessageKind.ASSIGNED: pgettext_lazy("feed", "assigned {subject}"),
    MessageKind.UNASSIGNED: pgettext_lazy("feed", "no longer assigns {subject}"),
}
REVIEWED_IN_A_LINE = {
    "APPROVED": pgettext_lazy("feed", "approved"),
    "CHANGES_REQUESTED": pgettext_lazy("feed", "requested changes"),
    "DISMISSED": pgettext_lazy("feed", "reviewed (dismissed since)"),
}
CLOSED_IN_A_LINE = {
    "not_planned": pgettext_lazy("feed", "closed as not planned"),
    "duplicate": pgettext_lazy("feed", "closed as a duplicate"),
    "resolved": pgettext_lazy("feed", "closed as resolved"),
    "outdated": pgettext_lazy("feed", "closed as outdated"),
}
# What stands for a subject that is not shown, or not any more; for all others it is somebody.
SOMEBODY = pgettext_lazy("subject", "somebody")
SOMETHING = {
    MessageKind.DUPLICATE: pgettext_lazy("subject", "another thread"),
    MessageKind.UNDUPLICATE: pgettext_lazy("subject", "another thread"),
}
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
MESSAGE_LABELS = {
    MessageKind.OPENED: _("Opened"),
    MessageKind.COMMENT: _("Comments"),
    MessageKind.REVIEW: _("Reviews"),
    MessageKind.REVIEW_COMMENT: _("Comments on code"),
    MessageKind.REPLY: _("Replies"),
    MessageKind.CLOSED: _("Closed"),
    MessageKind.REOPENED: _("Reopened"),
    MessageKind.MERGED: _("Merged"),
    MessageKind.ANSWERED: _("Answered"),
    MessageKind.READY: _("Ready for review"),
    MessageKind.DRAFTED: _("Made a draft"),
    MessageKind.REVIEW_REQUESTED: _("Review requested"),
    MessageKind.REVIEW_UNREQUESTED: _("Review no longer requested"),
    MessageKind.REVIEW_DISMISSED: _("Review dismissed"),
    MessageKind.PUSHED: _("Pushed anew"),
    MessageKind.CONVERTED: _("Made a discussion"),
    MessageKind.DUPLICATE: _("Marked as a duplicate"),
    MessageKind.UNDUPLICATE: _("No longer a duplicate"),
    MessageKind.LABELED: _("Labelled"),
    MessageKind.UNLABELED: _("Label taken off"),
    MessageKind.ASSIGNED: _("Assigned"),
    MessageKind.UNASSIGNED: _("No longer assigned"),
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
# Of a member; the picture is seen, not read.
FIELD_LABELS = {
    "display_name": _("Name"),
    "bio": _("About"),
    "company": _("Company"),
    "location": _("Location"),
}
