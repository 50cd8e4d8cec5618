"""What an answer holds of threads that were asked for by number. Pure: no database, no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_noop

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.gaps import Gaps
from dexxy.integrations.services.github.api.values import text
from dexxy.integrations.services.github.mapping.pages import Unreadable, read_thread
from dexxy.integrations.services.github.mapping.threads import MappedThread
from dexxy.integrations.services.github.reading.page_frame import is_switched_on
from dexxy.integrations.services.github.reading.problems import Key
from dexxy.messages.models import ArchivedReason, ThreadKind


@dataclass(frozen=True, slots=True)
class Marked:
    """A thread to read again; one that was never stored has no `thread_id`."""

    kind: ThreadKind
    number: int
    thread_id: int | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.number


@dataclass(frozen=True, slots=True)
class Gone:
    """A stored thread that is not where it was.

    Args:
        url: where it moved to, or ''.
    """

    key: Key
    thread_id: int
    reason: ArchivedReason
    url: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer holds of marked threads; each of them is in one of these lists.

    Args:
        here: those that are where they were.
        gone: stored ones that are not.
        unknown: those that are neither on GitHub nor stored: only a problem remembers them.
        hidden: those of a feature that is switched off, which tells nothing about them.
        unreadable: those that are shown in a way that we do not know, and why.
    """

    here: list[MappedThread] = field(default_factory=list)
    gone: list[Gone] = field(default_factory=list)
    unknown: list[Marked] = field(default_factory=list)
    hidden: list[Marked] = field(default_factory=list)
    unreadable: list[tuple[Marked, errors.GitHubError]] = field(default_factory=list)


def threads_found(
    marked: Sequence[Marked], shown: Mapping[str, Any], *, gaps: Gaps, github_id: int
) -> Found:
    """Sort MARKED threads by what an answer holds of them.

    Args:
        shown: the repository of the answer to `threads_document`.
        gaps: what the answer lacks.
        github_id: of the repository, from which a thread may have moved away.

    Raises:
        UnexpectedAnswerError: the answer has another shape than the documented one.
        QueryTooHeavyError: it lacks a thread, and does not tell why.
    """
    found = Found()
    with answer_shape("threads"):
        for index, thread in enumerate(marked):
            node = shown[f"t{index}"]
            path = f"repository.t{index}"
            if node is None and not is_switched_on(shown, thread.kind):
                found.hidden.append(thread)
            elif node is None and path in gaps.refused:
                found.unreadable.append((thread, _refused(thread, gaps.reasons.get(path))))
            elif node is None:
                _sort_missing(found, thread, is_missed=path in gaps.missed)
            elif _has_moved(thread, node, github_id):
                _sort_gone(found, thread, ArchivedReason.MOVED, text(node["url"]))
            else:
                _sort_here(found, thread, read_thread(thread.kind, node))
    return found


def _has_moved(thread: Marked, node: Mapping[str, Any], github_id: int) -> bool:
    """Tell whether GitHub shows a thread in another place; one that came back has a new number."""
    return bool(node["repository"]["databaseId"] != github_id or node["number"] != thread.number)


def _refused(thread: Marked, reason: str | None) -> errors.AccessDeniedError:
    return errors.AccessDeniedError(
        reason
        or gettext_noop(
            "GitHub does not let this token read #{number}, or only a part of it. Dexxy asks again."
        ).format(number=thread.number)
    )


def _sort_missing(found: Found, thread: Marked, *, is_missed: bool) -> None:
    if is_missed:
        _sort_gone(found, thread, ArchivedReason.MISSING)
    else:
        raise errors.QueryTooHeavyError(
            gettext_noop("GitHub shows nothing of #{number}, and does not say why.").format(
                number=thread.number
            )
        )


def _sort_gone(found: Found, thread: Marked, reason: ArchivedReason, url: str = "") -> None:
    if thread.thread_id is None:
        found.unknown.append(thread)
    else:
        found.gone.append(Gone(thread.key, thread.thread_id, reason, url))


def _sort_here(found: Found, thread: Marked, shown: MappedThread | Unreadable) -> None:
    if isinstance(shown, Unreadable):
        found.unreadable.append((thread, shown.error))
    else:
        found.here.append(shown)
