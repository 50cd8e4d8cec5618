"""The events that an endpoint can hear of, and the version of their shapes.

docs/reference/outgoing-webhooks.md has each with an example, which a test compares with what is
sent. A field that goes, or means something else, makes a new version; a new field does not.
"""

from collections.abc import Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _

# Of the shapes of all events.
VERSION = 1


class EventType(models.TextChoices):
    """What can happen; `test` is what a person sends by hand."""

    THREAD_OPENED = "thread.opened", _("A thread is opened")
    THREAD_CLOSED = "thread.closed", _("A thread is closed")
    THREAD_MERGED = "thread.merged", _("A pull request is merged")
    THREAD_REOPENED = "thread.reopened", _("A thread is reopened")
    THREAD_ANSWERED = "thread.answered", _("A discussion gets its answer")
    THREAD_DELETED = "thread.deleted", _("A thread is gone")
    MESSAGE_CREATED = "message.created", _("Somebody writes in a thread")
    MESSAGE_EDITED = "message.edited", _("A message is edited")
    MESSAGE_DELETED = "message.deleted", _("A message is gone")
    MEMBER_NEW = "member.new", _("Somebody speaks here for the first time")
    MEMBER_FIRST_THREAD = "member.first_thread", _("Somebody opens their first thread")
    WAITING_STARTED = "waiting.started", _("Somebody begins to wait for the team")
    WAITING_LATE = "waiting.late", _("Somebody has waited for too long")
    WAITING_ENDED = "waiting.ended", _("Somebody waits no longer")
    TEST = "test", _("A test")


def chosen() -> Sequence[EventType]:
    """Return the events that an endpoint can ask for."""
    return [one for one in EventType if one is not EventType.TEST]


WAITS = frozenset({EventType.WAITING_STARTED, EventType.WAITING_LATE, EventType.WAITING_ENDED})
# What a team wants to see in a chat, unless it says otherwise.
FOR_A_CHAT = (EventType.THREAD_OPENED, EventType.MEMBER_FIRST_THREAD, EventType.WAITING_LATE)
