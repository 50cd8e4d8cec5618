"""What a reader wants to keep of the feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import QuerySet

from dexxy.common.errors import BadInputError
from dexxy.messages.models import MessageKind, Thread, ThreadKind, ThreadState

LONGEST_SEARCH = 200
# More than a person picks, and few enough for one statement.
MOST_VALUES = 200


class FilterError(BadInputError):
    """The feed cannot be filtered by that."""


class Bots(models.TextChoices):
    INCLUDED = "included"
    EXCLUDED = "excluded"
    ONLY = "only"


def _check_lists(*lists: Sequence[object]) -> None:
    if any(len(values) > MOST_VALUES for values in lists):
        raise FilterError(f"A filter takes up to {MOST_VALUES} values.")


@dataclass(frozen=True, kw_only=True)
class FeedFilters:
    """What to keep of the feed: all conditions together; an empty one keeps everything.

    `thread_states`, `labels` (any of them) and `only_unanswered` are about the thread as it is
    now; unanswered: nobody but its author has said anything yet. `since` is included, `until` is
    not. `search` keeps what holds all of its words.
    """

    source_ids: Sequence[int] = ()
    thread_kinds: Sequence[ThreadKind] = ()
    message_kinds: Sequence[MessageKind] = ()
    member_ids: Sequence[int] = ()
    author_ids: Sequence[int] = ()
    thread_states: Sequence[ThreadState] = ()
    labels: Sequence[str] = ()
    bots: Bots = Bots.INCLUDED
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    only_unanswered: bool = False

    def __post_init__(self) -> None:
        _check_lists(self.source_ids, self.member_ids, self.author_ids, self.labels)
        if len(self.search) > LONGEST_SEARCH:
            raise FilterError(f"A search takes up to {LONGEST_SEARCH} characters.")


EVERYTHING = FeedFilters()


@dataclass(frozen=True, kw_only=True)
class ThreadFilters:
    """Which threads to list: all conditions together; an empty one keeps everything."""

    source_ids: Sequence[int] = ()
    kinds: Sequence[ThreadKind] = ()
    states: Sequence[ThreadState] = ()
    labels: Sequence[str] = ()
    member_ids: Sequence[int] = ()
    only_unanswered: bool = False

    def __post_init__(self) -> None:
        _check_lists(self.source_ids, self.labels, self.member_ids)

    def apply(self, threads: QuerySet[Thread]) -> QuerySet[Thread]:
        """Return those of THREADS that are kept."""
        lists = {
            "source__in": self.source_ids,
            "kind__in": self.kinds,
            "state__in": self.states,
            "labels__overlap": self.labels,
            "author__member__in": self.member_ids,
        }
        kept = threads.filter(**{name: list(values) for name, values in lists.items() if values})
        return kept.filter(first_response_at=None) if self.only_unanswered else kept


ALL_THREADS = ThreadFilters()
