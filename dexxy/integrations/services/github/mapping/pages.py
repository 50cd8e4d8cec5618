"""Threads of a page, each mapped by itself: one that cannot be read does not stop the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.values import Payload, number_of
from dexxy.integrations.services.github.mapping.threads import THREADS, MappedThread
from dexxy.messages.models import ThreadKind


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A thread that GitHub shows in a way that we do not know: its neighbours can be read."""

    kind: ThreadKind
    number: int
    error: errors.UnexpectedAnswerError


def read_threads(
    kind: ThreadKind, nodes: Sequence[Payload]
) -> tuple[list[MappedThread], list[Unreadable]]:
    """Map threads of KIND, each by itself; of one that came twice, the newest.

    Raises:
        UnexpectedAnswerError: several were there, and none of them can be read: then it is the
            page that has an unknown shape.
    """
    found = [read_thread(kind, node) for node in nodes]
    unreadable = [thread for thread in found if isinstance(thread, Unreadable)]
    if len(unreadable) == len(nodes) > 1:
        raise unreadable[0].error
    mapped = [thread for thread in found if isinstance(thread, MappedThread)]
    mapped.sort(key=lambda thread: thread.snapshot.thread.version_at)
    newest = {thread.snapshot.thread.number: thread for thread in mapped}
    return list(newest.values()), unreadable


def read_thread(kind: ThreadKind, node: Payload) -> MappedThread | Unreadable:
    """Map a thread, or say why it cannot be read.

    Raises:
        errors.UNKNOWN_SHAPE: it does not even have a number.
    """
    number = number_of(node)
    try:
        return THREADS[kind](node)
    except errors.UNKNOWN_SHAPE as error:
        name = kind.replace("_", " ")
        errors.log_shape(f"{name} #{number}", error)
        problem = errors.UnexpectedAnswerError(
            gettext_noop(
                "GitHub shows {thread} #{number} in a way that this Dexxy does not know."
                " Update Dexxy, or report it."
            ).format(thread=name, number=number)
        )
        return Unreadable(kind, number, problem)
