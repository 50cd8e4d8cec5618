"""What somebody did, in words: on the page of the thread, in a line of the feed, in a list."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dexxy.messages.models import QUIET_KINDS, Message, MessageKind

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

Words = str | Promise


def verb_alone(message: Message) -> str:
    """Say what the author of MESSAGE did, on the page of its thread."""
    return _phrase(
        message,
        ON_THE_THREAD,
        REVIEWED_ON_THE_THREAD,
        CLOSED_ON_THE_THREAD,
    )


def said(message: Message) -> str:
    """Say what the author of MESSAGE did where its words follow: a comment needs no verb."""
    return _phrase(message, IN_A_LINE, REVIEWED_IN_A_LINE, CLOSED_IN_A_LINE)


def _phrase(
    message: Message,
    by_kind: Mapping[MessageKind, Words],
    reviewed: Mapping[str, Words],
    closed: Mapping[str, Words],
) -> str:
    kind, details = MessageKind(message.kind), message.details
    if kind == MessageKind.REVIEW:
        return str(reviewed.get(str(details.get("state")), by_kind[kind]))
    if kind == MessageKind.CLOSED:
        return str(closed.get(str(details.get("state_reason")), by_kind[kind]))
    subject = _subject(message) or SOMETHING.get(kind, SOMEBODY)
    return str(by_kind[kind]).format(subject=subject)


def _subject(message: Message) -> str:
    """Name what MESSAGE is about beside its thread; '' where that is not known."""
    subject = message.details.get("subject", {})
    if number := subject.get("number"):
        return f"#{number}"
    return str(subject.get("login") or subject.get("name") or "")


def icon(message: Message) -> str:
    """Name the picture of what happened, as static/dexxy/icons.svg does."""
    if message.kind == MessageKind.REVIEW:
        states = {"APPROVED": "approved", "CHANGES_REQUESTED": "refused"}
        return states.get(str(message.details.get("state")), "review")
    if message.kind in QUIET_KINDS:
        return "event"
    return "code" if message.kind == MessageKind.REVIEW_COMMENT else str(message.kind)
