"""The filters of the feed and of the list of threads, as pages and API hand them over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext as _

from dexxy.common.errors import BadInputError
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

LONGEST_SEARCH = 200
# More than a person picks, and few enough for one statement.
MOST_VALUES = 200
MOST_DAYS = 100 * 365
# So long a person is new.
NEW_FOR = timedelta(days=30)


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
        raise FilterError(_("A filter takes up to {count} values.").format(count=MOST_VALUES))


@dataclass(frozen=True, kw_only=True)
class CommonFilters:
    """What all lists of threads, and of what is said in them, are filtered by alike.

    What each means for the rows is in `asked.py`.

    Args:
        source_names: from any source with one of these names; the owner may be left out.
        numbers: in a thread with any of these numbers.
        title: with all of these words in the title of the thread; what is in quotes, as it stands.
        search: with all of these words in one message; what is in quotes, as it stands there.
        authors: by anybody with one of these logins or names; of a thread, who opened it.
        organizations: by anybody whose company, or the host of whose address, has one of these.
        only_team: by those who are on the team now.
        assignees: in a thread that is assigned to any of these: `me` is the viewer, `none` nobody,
            and anything else the name of a user of the workspace, or a login on the server.
        issue_types: in an issue of any of these types, in whatever case they are written.
        only_answered: in a thread in which another person than its author has answered.
        only_unanswered: in a thread that is unanswered, as `answers.py` says.
        only_drafts: in a pull request that is a draft now.
        only_waiting: in a thread in which somebody waits for the team now, as the queue lists it.
        waiting_days: the same, and they have waited for so many days at least.
        only_unread: what the viewer has not read (see `messages/unread.py`): messages, or threads
            with such a message.
    """

    source_names: Sequence[str] = ()
    numbers: Sequence[int] = ()
    title: str = ""
    search: str = ""
    authors: Sequence[str] = ()
    organizations: Sequence[str] = ()
    only_team: bool = False
    assignees: Sequence[str] = ()
    issue_types: Sequence[str] = ()
    only_answered: bool = False
    only_unanswered: bool = False
    only_drafts: bool = False
    only_waiting: bool = False
    waiting_days: int = 0
    only_unread: bool = False

    def __post_init__(self) -> None:
        check_lists(self.source_names, self.numbers, self.authors, self.organizations)
        check_lists(self.assignees, self.issue_types)
        of_people = (*self.authors, *self.organizations, *self.assignees)
        names = (*self.source_names, *self.issue_types, *of_people)
        for text in (self.search, self.title, *names):
            if len(text) > LONGEST_SEARCH:
                raise FilterError(
                    _("A search takes up to {count} characters.").format(count=LONGEST_SEARCH)
                )
            if "\0" in text:
                raise FilterError(_("A filter holds a null byte."))
        if any(not 0 <= number < 2**63 for number in self.numbers):
            raise FilterError(_("That is not the number of a thread."))
        if not 0 <= self.waiting_days <= MOST_DAYS:
            raise FilterError(_("Nobody waits for more than {count} days.").format(count=MOST_DAYS))


def _check_without(filters: "FeedFilters | ThreadFilters | None") -> None:
    if filters is not None and filters.without is not None:
        raise FilterError(_("What is left out leaves nothing out itself."))


@dataclass(frozen=True, kw_only=True)
class FeedFilters(CommonFilters):
    """Which messages to keep; an empty filter keeps all, and all filters must hold.

    Each filter has one entry in `query.py`, which says what it means for the rows.

    Args:
        (those of CommonFilters)
        source_ids: from any of these sources.
        thread_kinds: in a thread of any of these kinds.
        message_kinds: of any of these kinds; a quiet kind is shown only where it is named.
        member_ids: by any of these people, whatever account they used.
        author_ids: by any of these accounts.
        only_new_people: by people who were first seen in the last NEW_FOR, and are no bots.
        thread_states: in a thread that is in any of these states now.
        labels: in a thread that has any of these labels now.
        bots: by bots, by others, or both.
        since: from this time on.
        until: before this time.
        without: leaves out whatever any one value of these filters names.

    Raises:
        FilterError: a list or the search is longer than allowed, or something is no filter.
    """

    source_ids: Sequence[int] = ()
    thread_kinds: Sequence[ThreadKind] = ()
    message_kinds: Sequence[MessageKind] = ()
    member_ids: Sequence[int] = ()
    author_ids: Sequence[int] = ()
    only_new_people: bool = False
    thread_states: Sequence[ThreadState] = ()
    labels: Sequence[str] = ()
    bots: Bots = Bots.INCLUDED
    since: datetime | None = None
    until: datetime | None = None
    without: "FeedFilters | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_without(self.without)
        check_lists(self.source_ids, self.member_ids, self.author_ids, self.labels)


EVERYTHING = FeedFilters()


@dataclass(frozen=True, kw_only=True)
class ThreadFilters(CommonFilters):
    """Which threads to keep; an empty filter keeps all, and all filters must hold.

    Args:
        (those of CommonFilters)
        source_ids: from any of these sources.
        kinds: of any of these kinds.
        states: in any of these states.
        labels: with any of these labels.
        member_ids: opened by any of these people.
        bots: opened by bots, by others, or both.
        active_since: with activity from this time on.
        active_until: without activity from this time on.
        without: leaves out whatever any one value of these filters names.

    Raises:
        FilterError: a list is longer than allowed, or something is no filter.
    """

    source_ids: Sequence[int] = ()
    kinds: Sequence[ThreadKind] = ()
    states: Sequence[ThreadState] = ()
    labels: Sequence[str] = ()
    member_ids: Sequence[int] = ()
    bots: Bots = Bots.INCLUDED
    active_since: datetime | None = None
    active_until: datetime | None = None
    without: "ThreadFilters | None" = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_without(self.without)
        check_lists(self.source_ids, self.labels, self.member_ids)


ALL_THREADS = ThreadFilters()
