"""Webhooks about threads: many at a time, each for the repositories that it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from dexxy.integrations.models import DeliveryState, GitHubRepository
from dexxy.integrations.services.github.access.repository_state import due_at_once
from dexxy.integrations.services.github.api.errors import UNKNOWN_SHAPE, log_shape, quoted
from dexxy.integrations.services.github.mapping.webhooks import RepositoryHint, subject_of
from dexxy.integrations.services.github.webhooks.events import THREAD_EVENTS, is_unknown
from dexxy.integrations.services.github.webhooks.followed import Followed, source_key
from dexxy.integrations.services.github.webhooks.handler_contract import Event, Outcome
from dexxy.messages.ingest.hints import SourceHint, hints_apply
from dexxy.messages.ingest.refetch_reasons import thread_changed

_NOT_CONNECTED = Outcome(
    DeliveryState.IGNORED, gettext_noop("Its repository is not connected here, or is paused.")
)
_UNREAD = Outcome(
    DeliveryState.FAILED,
    gettext_noop(
        "GitHub sent it in a shape that this Dexxy does not know. Update Dexxy, or report it."
    ),
)
_UNREAD_READ_AGAIN = Outcome(
    DeliveryState.DONE,
    gettext_noop(
        "GitHub sent it in a shape that this Dexxy does not know. Update Dexxy, or report it."
        " What it is about is read again."
    ),
)
_LEFT_OUT = Outcome(
    DeliveryState.IGNORED, gettext_noop("The workspace takes in no threads of this kind.")
)


class UnreadTogetherError(Exception):
    """One of several events has an unknown shape: it is worked off by itself.

    Of its thread alone the lock may be taken out of order then (ADR 15).
    """


def thread_events_apply(events: Sequence[Event]) -> list[Outcome]:
    """Store what EVENTS tell of threads, all at once, inside the caller's transaction.

    Returns: what became of each.

    Raises:
        UnreadTogetherError: one of several has a shape that nobody knows.
    """
    mapped = [_mapped(event) for event in events]
    unread = [found.unread for found in mapped if found.unread]
    if unread:
        if len(events) > 1:
            raise UnreadTogetherError
        log_shape(f"webhook {events[0].name}", unread[0])
        return [_read_again(events[0])]
    followed = Followed(events, {hint.repository_id for found in mapped for hint in found.hints})
    hints: list[SourceHint] = []
    outcomes: list[Outcome] = []
    for event, found in zip(events, mapped, strict=True):
        here = list(followed.hints(event, found.hints[:1]))
        outcomes.append(_done(event) if here else _why_not(event, found.hints[:1], followed))
        if here:
            hints += [*here, *followed.hints(event, found.hints[1:])]
    followed.arrivals_note(hint for found in mapped for hint in found.hints[:1])
    if hints:
        hints_apply(hints, received_at=min(event.received_at for event in events))
    return outcomes


def _why_not(event: Event, about: Iterable[RepositoryHint], followed: Followed) -> Outcome:
    reads = any(any(followed.repositories(event, hint.repository_id)) for hint in about)
    return _LEFT_OUT if reads else _NOT_CONNECTED


def _done(event: Event) -> Outcome:
    """Say that an event is applied, and with what reserve."""
    if not is_unknown(event.name, event.action):
        return Outcome(DeliveryState.DONE)
    why = gettext_noop(
        "The action {action} of {event} is unknown: it is taken for an edit."
    ).format(action=event.action, event=event.name)
    return Outcome(DeliveryState.DONE, quoted(why))


@dataclass(frozen=True, slots=True)
class _Mapped:
    """What one event tells, or why it cannot be read.

    Args:
        hints: the first is about the event's own repository, the others may be about others.
        unread: what shows that it cannot be read.
    """

    hints: Sequence[RepositoryHint] = ()
    unread: Exception | None = None


def _mapped(event: Event) -> _Mapped:
    try:
        return _Mapped(tuple(THREAD_EVENTS[event.name].map(event.payload)))
    except UNKNOWN_SHAPE as error:
        return _Mapped(unread=error)


def _read_again(event: Event) -> Outcome:
    """Let what an event is about be read again: the event tells no more than that it changed."""
    try:
        subject = subject_of(event.payload)
    except UNKNOWN_SHAPE:
        return _UNREAD
    followed = Followed([event], {subject.repository_id})
    here = list(followed.repositories(event, subject.repository_id))
    for repository in here:
        number = subject.number
        # One that is new is found in the repository's lists.
        if not (number and thread_changed(source_key(repository), subject.kind, number)):
            due_at_once(GitHubRepository.objects.filter(pk=repository.pk))
    return _UNREAD_READ_AGAIN if here else _NOT_CONNECTED
