"""The filters of the feed and of the list of threads, as pages and API hand them over."""

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
    """Nothing can be filtered by that."""


class Bots(models.TextChoices):
    INCLUDED = "included"
    EXCLUDED = "excluded"
    ONLY = "only"


def check_lists(*lists: Sequence[object]) -> None:
    """Refuse filters with more values than one statement should get.

    Raises:
        FilterError: one of the lists is too long.
    """
    if any(len(values) > MOST_VALUES for values in lists):
        raise FilterError(f"A filter takes up to {MOST_VALUES} values.")


@dataclass(frozen=True, kw_only=True)
class FeedFilters:
    """Which messages to keep; an empty filter keeps all, and all filters must hold.

    Each filter has one entry in `query.py`, which says what it means for the rows.

    Args:
        source_ids: from any of these sources.
        thread_kinds: in a thread of any of these kinds.
        message_kinds: of any of these kinds; a quiet kind is shown only where it is named.
        member_ids: by any of these people, whatever account they used.
        author_ids: by any of these accounts.
        thread_states: in a thread that is in any of these states now.
        labels: in a thread that has any of these labels now.
        bots: by bots, by others, or both.
        since: from this time on.
        until: before this time.
        search: with all of these words.
        only_unanswered: in a thread in which nobody but its author has written yet; bots do not
            count.

    Raises:
        FilterError: a list or the search is longer than allowed.
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
        check_lists(self.source_ids, self.member_ids, self.author_ids, self.labels)
        if len(self.search) > LONGEST_SEARCH:
            raise FilterError(f"A search takes up to {LONGEST_SEARCH} characters.")


EVERYTHING = FeedFilters()


@dataclass(frozen=True, kw_only=True)
class ThreadFilters:
    """Which threads to keep; an empty filter keeps all, and all filters must hold.

    Args:
        source_ids: from any of these sources.
        kinds: of any of these kinds.
        states: in any of these states.
        labels: with any of these labels.
        member_ids: opened by any of these people.
        only_unanswered: in which nobody but the author has written yet; bots do not count.

    Raises:
        FilterError: a list is longer than allowed.
    """

    source_ids: Sequence[int] = ()
    kinds: Sequence[ThreadKind] = ()
    states: Sequence[ThreadState] = ()
    labels: Sequence[str] = ()
    member_ids: Sequence[int] = ()
    only_unanswered: bool = False

    def __post_init__(self) -> None:
        check_lists(self.source_ids, self.labels, self.member_ids)

    def apply(self, threads: QuerySet[Thread]) -> QuerySet[Thread]:
        """Return the THREADS that are kept."""
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
