"""Webhooks about threads: many at a time, each for the repositories that it is about."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dexxy.integrations.models import DeliveryState, GitHubRepository
from dexxy.integrations.services.github.access.repository_state import due_at_once
from dexxy.integrations.services.github.api.errors import UNKNOWN_SHAPE, quoted
from dexxy.integrations.services.github.mapping.webhooks import RepositoryHint, subject_of
from dexxy.integrations.services.github.webhooks.events import THREAD_EVENTS
from dexxy.integrations.services.github.webhooks.handler_contract import Event, Outcome
from dexxy.messages.ingest.hints import SourceHint, hints_apply
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.refetch_marks import thread_changed

_DONE = Outcome(DeliveryState.DONE)
_NOT_CONNECTED = Outcome(
    DeliveryState.IGNORED, "Its repository is not connected here, or is paused."
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
    if any(found.unread for found in mapped):
        if len(events) > 1:
            raise UnreadTogetherError
        return [_read_again(events[0], mapped[0].unread)]
    followed = _Followed(events, {hint.repository_id for found in mapped for hint in found.hints})
    hints: list[SourceHint] = []
    outcomes: list[Outcome] = []
    for event, found in zip(events, mapped, strict=True):
        here = list(followed.hints(event, found.hints[:1]))
        outcomes.append(_DONE if here else _NOT_CONNECTED)
        if here:
            hints += [*here, *followed.hints(event, found.hints[1:])]
    if hints:
        hints_apply(hints, received_at=min(event.received_at for event in events))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Mapped:
    """What one event tells, or why it cannot be read.

    Args:
        hints: the first is about the event's own repository, the others may be about others.
        unread: why it cannot be read, or ''.
    """

    hints: Sequence[RepositoryHint] = ()
    unread: str = ""


def _mapped(event: Event) -> _Mapped:
    try:
        return _Mapped(tuple(THREAD_EVENTS[event.name].map(event.payload)))
    except UNKNOWN_SHAPE as error:
        why = f"GitHub sent it in a shape that this Dexxy does not know ({error!r})."
        return _Mapped(unread=quoted(why))


def _read_again(event: Event, why: str) -> Outcome:
    """Let what an event is about be read again: the event tells no more than that it changed."""
    try:
        subject = subject_of(event.payload)
    except UNKNOWN_SHAPE:
        return Outcome(DeliveryState.FAILED, why)
    followed = _Followed([event], {subject.repository_id})
    here = list(followed.repositories(event, subject.repository_id))
    for repository in here:
        number = subject.number
        # One that is new is found in the repository's lists.
        if not (number and thread_changed(_key(repository), subject.kind, number)):
            due_at_once(GitHubRepository.objects.filter(pk=repository.pk))
    return Outcome(DeliveryState.DONE, f"{why} It is read again.") if here else _NOT_CONNECTED


class _Followed:
    """The repositories that workspaces follow, among those that some events are about.

    Args:
        github_ids: GitHub's numbers of them.
    """

    def __init__(self, events: Iterable[Event], github_ids: Collection[int]) -> None:
        repositories = (
            GitHubRepository.objects.followed()
            .unpaused()
            .filter(
                installation__app__in={event.app.pk for event in events},
                github_id__in=github_ids,
                installation__workspace__isnull=False,
            )
        )
        self._found: dict[tuple[int | None, int], list[GitHubRepository]] = {}
        for repository in repositories.select_related("installation", "source"):
            key = repository.installation.app_id, repository.github_id
            self._found.setdefault(key, []).append(repository)

    def hints(self, event: Event, found: Iterable[RepositoryHint]) -> Iterator[SourceHint]:
        """Yield hints of EVENT for the sources of the installation that it names."""
        for hint in found:
            for repository in self.repositories(event, hint.repository_id):
                yield SourceHint(_key(repository), hint.hint)

    def repositories(self, event: Event, github_id: int) -> Iterator[GitHubRepository]:
        """Yield the rows of a repository that the installation that EVENT names reads.

        Not every payload names one: that of `discussion.unanswered` does not.
        """
        named = (event.payload.get("installation") or {}).get("id")
        for repository in self._found.get((event.app.pk, github_id), ()):
            if named in (None, repository.installation.installation_id):
                yield repository


def _key(repository: GitHubRepository) -> SourceKey:
    source = repository.source
    return SourceKey(source.workspace_id, source.pk, source.server)
