"""Webhooks about threads: many at a time, each for the repositories that it is about."""

from collections.abc import Iterable, Iterator, Sequence

from dexxy.integrations.models import DeliveryState, GitHubRepository
from dexxy.integrations.services.github.api.errors import UNKNOWN_SHAPE, quoted
from dexxy.integrations.services.github.mapping.webhooks import RepositoryHint, hints
from dexxy.integrations.services.github.webhooks.event_context import Event, Outcome
from dexxy.messages.ingest.hints import PlacedHint, hints_apply
from dexxy.messages.ingest.snapshots import Place

_DONE = Outcome(DeliveryState.DONE)
_NOT_CONNECTED = Outcome(
    DeliveryState.IGNORED, "Its repository is not connected here, or is paused."
)


def thread_events_apply(events: Sequence[Event]) -> list[Outcome]:
    """Store what EVENTS say of threads, all at once, inside the caller's transaction.

    Returns: what became of each.
    """
    mapped = [_mapped(event) for event in events]
    places = _Places(events, (hint for found in mapped for hint in found.hints))
    placed: list[PlacedHint] = []
    outcomes: list[Outcome] = []
    for event, found in zip(events, mapped, strict=True):
        here = list(places.placed(event, found.hints[:1]))
        outcomes.append(found.failure or (_DONE if here else _NOT_CONNECTED))
        if here:
            placed += [*here, *places.placed(event, found.hints[1:])]
    if placed:
        hints_apply(placed, received_at=min(event.received_at for event in events))
    return outcomes


class _Mapped:
    """What one event says: first of its own repository, then of others; or why it says nothing."""

    def __init__(
        self, found: Sequence[RepositoryHint] = (), failure: Outcome | None = None
    ) -> None:
        self.hints = found
        self.failure = failure


def _mapped(event: Event) -> _Mapped:
    try:
        return _Mapped(hints(event.name, event.payload))
    except UNKNOWN_SHAPE as error:
        why = f"GitHub sent it in a shape that this Dexxy does not know ({error!r})."
        return _Mapped(failure=Outcome(DeliveryState.FAILED, quoted(why)))


class _Places:
    """Where repositories belong that some events are about."""

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

    def placed(self, event: Event, found: Iterable[RepositoryHint]) -> Iterator[PlacedHint]:
        """Place hints in the repositories of the installation that EVENT names.

        Not every payload names one: that of `discussion.unanswered` does not.
        """
        named = (event.payload.get("installation") or {}).get("id")
        for hint in found:
            for repository in self._found.get((event.app.pk, hint.repository_id), ()):
                if named in (None, repository.installation.installation_id):
                    source = repository.source
                    place = Place(source.workspace_id, source.pk, source.server)
                    yield PlacedHint(place, hint.hint)
