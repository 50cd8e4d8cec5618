"""Webhooks about threads: many at a time, each for the repositories that it is about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dexxy.integrations.models import DeliveryState, GitHubRepository
from dexxy.integrations.services.github.api.errors import UNKNOWN_SHAPE, quoted
from dexxy.integrations.services.github.mapping.webhooks import RepositoryHint
from dexxy.integrations.services.github.webhooks.events import THREAD_EVENTS
from dexxy.integrations.services.github.webhooks.handler_contract import Event, Outcome
from dexxy.messages.ingest.hints import SourceHint, hints_apply
from dexxy.messages.ingest.records import SourceKey

_DONE = Outcome(DeliveryState.DONE)
_NOT_CONNECTED = Outcome(
    DeliveryState.IGNORED, "Its repository is not connected here, or is paused."
)


def thread_events_apply(events: Sequence[Event]) -> list[Outcome]:
    """Store what EVENTS tell of threads, all at once, inside the caller's transaction.

    Returns: what became of each.
    """
    mapped = [_mapped(event) for event in events]
    followed = _Followed(events, (hint for found in mapped for hint in found.hints))
    hints: list[SourceHint] = []
    outcomes: list[Outcome] = []
    for event, found in zip(events, mapped, strict=True):
        here = list(followed.hints(event, found.hints[:1]))
        outcomes.append(found.failure or (_DONE if here else _NOT_CONNECTED))
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
    """

    hints: Sequence[RepositoryHint] = ()
    failure: Outcome | None = None


def _mapped(event: Event) -> _Mapped:
    try:
        return _Mapped(tuple(THREAD_EVENTS[event.name].map(event.payload)))
    except UNKNOWN_SHAPE as error:
        why = f"GitHub sent it in a shape that this Dexxy does not know ({error!r})."
        return _Mapped(failure=Outcome(DeliveryState.FAILED, quoted(why)))


class _Followed:
    """The repositories that workspaces follow, among those that some hints are about."""

    def __init__(self, events: Iterable[Event], found: Iterable[RepositoryHint]) -> None:
        repositories = (
            GitHubRepository.objects.followed()
            .unpaused()
            .filter(
                installation__app__in={event.app.pk for event in events},
                github_id__in={hint.repository_id for hint in found},
                installation__workspace__isnull=False,
            )
        )
        self._found: dict[tuple[int | None, int], list[GitHubRepository]] = {}
        for repository in repositories.select_related("installation", "source"):
            key = repository.installation.app_id, repository.github_id
            self._found.setdefault(key, []).append(repository)

    def hints(self, event: Event, found: Iterable[RepositoryHint]) -> Iterator[SourceHint]:
        """Yield hints of EVENT for the sources of the installation that it names.

        Not every payload names one: that of `discussion.unanswered` does not.
        """
        named = (event.payload.get("installation") or {}).get("id")
        for hint in found:
            for repository in self._found.get((event.app.pk, hint.repository_id), ()):
                if named in (None, repository.installation.installation_id):
                    source = repository.source
                    key = SourceKey(source.workspace_id, source.pk, source.server)
                    yield SourceHint(key, hint.hint)
