"""Look up what the filters of a feed name, and turn each into a condition."""
# ruff: noqa: S608
# Only names of parameters are put into statements here.

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import Cursor
from dexxy.messages.feed.asked import (
    asked_of_threads,
    bots_of,
    unread_by,
)
from dexxy.messages.feed.conditions import (
    KIND,
    Column,
    Condition,
    ThreadCondition,
    months,
    params_of,
)
from dexxy.messages.feed.filters import Bots, FeedFilters
from dexxy.messages.feed.look_ups import LOOK_UPS, NAMED, once
from dexxy.messages.feed.search import one_by_one, phrase_pattern, search_words, split_phrases
from dexxy.messages.models import QUIET_KINDS

# The sort key of a message: its time and its id. The feed shows the highest first.
SortKey = tuple[datetime, int]

_LARGEST_ID = 2**63 - 1
_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)

_THREADS = "FROM messages_thread WHERE workspace_id = %(workspace)s AND NOT is_archived"
# Filters that only the thread of a message can answer. The value of a filter is the parameter.
_THREAD_FILTERS = {
    "labels": ThreadCondition(
        "{row}.labels && %(labels)s::text[]",
        ranges=months(
            f"(SELECT max(last_activity_at) {_THREADS})",
            f"(SELECT min(last_activity_at) {_THREADS})",
        ),
        in_range="{row}.labels <> '{{}}' AND messages_label_keys("
        "{row}.workspace_id, {row}.labels, messages_month({row}.last_activity_at))"
        " && messages_label_keys(%(workspace)s, %(labels)s::text[], r.key)",
        is_ordered=True,
    ),
    "thread_states": ThreadCondition(
        "{row}.state = ANY(%(thread_states)s)",
        ranges="unnest(%(thread_states)s::text[]) WITH ORDINALITY AS r(key, number)",
        in_range="{row}.state = r.key",
    ),
}


@dataclass(frozen=True, kw_only=True)
class FeedQuery:
    """The conditions of a feed; a message has to meet all of them.

    Args:
        workspace_id: the workspace whose feed it is.
        wanted: the values to keep in columns with which indexes of the feed begin.
        message: other conditions on the message.
        thread: conditions on its thread, as that is now.
        words: the keys of its words; None keeps all messages, and an empty list none.
        phrases: conditions on what else is looked up for a message that has the words.
        below: the sort key that those of all messages are below.
        above: the sort key that those of all messages are above.
        is_quiet: whether it is for the messages of quiet kinds, which are in no index of the feed.
    """

    workspace_id: int
    wanted: Mapping[Column, Sequence[Any]] = field(default_factory=dict)
    message: Sequence[Condition] = ()
    thread: Sequence[Condition] = ()
    words: Sequence[int] | None = None
    phrases: Sequence[Condition] = ()
    below: SortKey | None = None
    above: SortKey | None = None
    is_quiet: bool = False

    def parts(self) -> list["FeedQuery"]:
        """Return this query in two: for what the feed shows, and for the quiet kinds asked for."""
        kinds = self.wanted.get(KIND, ())
        quiet = [kind for kind in kinds if kind in QUIET_KINDS]
        if not quiet:
            return [self]
        loud = [kind for kind in kinds if kind not in QUIET_KINDS]
        of_quiet = replace(self, wanted={**self.wanted, KIND: quiet}, is_quiet=True)
        return [replace(self, wanted={**self.wanted, KIND: loud}), of_quiet]

    @property
    def is_empty(self) -> bool:
        """Whether no message can meet the conditions."""
        return self.words == [] or not all(self.wanted.values())

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of all conditions."""
        fixed = {"workspace": self.workspace_id, "words": self.words}
        of_thread = params_of([*self.thread, *self.of_thread()])
        of_message = params_of([*self.of_message(), *self.phrases])
        return {**fixed, **of_message, **of_thread}

    def of_message(self, *, besides: Sequence[Column] = ()) -> list[Condition]:
        """Return the conditions on messages, without those on the columns BESIDES."""
        wanted = [
            column.is_one_of(of) for column, of in self.wanted.items() if column not in besides
        ]
        shown = Condition("NOT {row}.in_feed" if self.is_quiet else "{row}.in_feed")
        return [shown, *wanted, *self.message, *self.range()]

    def of_thread(self) -> list[Condition]:
        """Return what else is known of the threads of such messages."""
        wanted = (column.thread_is_one_of(values) for column, values in self.wanted.items())
        found = [condition for condition in wanted if condition]
        if self.below:
            # What is brought here from elsewhere may be older than its thread's opening.
            newest = "{row}.first_activity_at <= %(below_at)s"
            found.append(Condition(newest, {"below_at": self.below[0]}))
        if self.above:
            oldest = "{row}.last_activity_at >= %(above_at)s"
            found.append(Condition(oldest, {"above_at": self.above[0]}))
        return found

    def range(self, pk: str = "id") -> list[Condition]:
        """Return the conditions on the sort key of a message.

        Args:
            pk: the column with the id of the message.
        """
        bounds = (("<", "below", self.below), (">", "above", self.above))
        return [_compared(sign, name, bound, pk) for sign, name, bound in bounds if bound]


def _compared(sign: str, name: str, bound: SortKey, pk: str) -> Condition:
    sql = f"({{row}}.occurred_at, {{row}}.{pk}) {sign} (%({name}_at)s, %({name}_id)s)"
    return Condition(sql, {f"{name}_at": bound[0], f"{name}_id": bound[1]})


def feed_query(
    workspace: Workspace,
    filters: FeedFilters,
    *,
    viewer: Viewer | None = None,
    below: Cursor | None = None,
    above: Cursor | None = None,
) -> FeedQuery:
    """Return the conditions of what FILTERS keep, behind the cursor BELOW and before ABOVE.

    Args:
        viewer: who is meant by a filter that says `me`.
    """
    looked_up = {column: look_up(workspace, filters) for column, look_up in LOOK_UPS.items()}
    # Ids begin at 1: no message has this sort key, and those of that time are above it.
    until, since = (at and (at, 0) for at in (filters.until, filters.since))
    ends = [end for end in (until, below and sort_key(below)) if end]
    starts = [start for start in (since, above and sort_key(above)) if start]
    words, phrases = split_phrases(filters.search)
    text = f"{words} {' '.join(phrases)}".strip()
    left_out = _left_out(viewer, workspace, filters.without) if filters.without else _NOTHING
    asked = asked_of_threads(viewer, workspace, filters)
    unread = list(_unread(viewer, workspace, filters))
    # What is unread is the newest: nothing is looked at that came before.
    starts += [(one.params["read_to"], _LARGEST_ID) for one in unread if "read_to" in one.params]
    return FeedQuery(
        workspace_id=workspace.pk,
        wanted={column: values for column, values in looked_up.items() if values is not None},
        message=[*_without_bots(workspace, filters), *unread, *left_out.message],
        thread=[*_thread_conditions(filters), *asked, *left_out.thread],
        words=search_words(workspace, text) if text else None,
        phrases=[_phrase(workspace, phrase, number) for number, phrase in enumerate(phrases)],
        below=min(ends, default=None),
        above=max(starts, default=None),
    )


def sort_key(cursor: Cursor) -> SortKey:
    """Return the sort key that CURSOR holds."""
    # A cursor of a list in which rows may lack a time stands before all messages.
    return cursor.time or _END_OF_TIME, cursor.pk


def _thread_conditions(filters: FeedFilters) -> list[ThreadCondition]:
    given = {name: getattr(filters, name) for name in _THREAD_FILTERS}
    params = {name: once(value) for name, value in given.items() if value}
    return [replace(_THREAD_FILTERS[name], params={name: value}) for name, value in params.items()]


@dataclass(frozen=True)
class _LeftOut:
    """What must not hold for a message, and for its thread."""

    message: Sequence[Condition] = ()
    thread: Sequence[Condition] = ()


_NOTHING = _LeftOut()


def _left_out(viewer: Viewer | None, workspace: Workspace, filters: FeedFilters) -> _LeftOut:
    """Return the conditions that leave out what any value of FILTERS names."""
    columns = {column: look_up(workspace, filters) for column, look_up in NAMED.items()}
    of_message = [column.is_one_of(values) for column, values in columns.items() if values]
    of_message += [_has(workspace, text) for text in one_by_one(filters.search)]
    of_message += _unread(viewer, workspace, filters)
    of_thread = [*_thread_conditions(filters), *asked_of_threads(viewer, workspace, filters)]
    return _LeftOut(
        [one.negated(f"not_m{number}_") for number, one in enumerate(of_message)],
        [one.negated(f"not_t{number}_") for number, one in enumerate(of_thread)],
    )


def _has(workspace: Workspace, text: str) -> Condition:
    """Return the condition that a message has a word or a phrase."""
    words, phrases = split_phrases(text)
    keys = search_words(workspace, f"{words} {' '.join(phrases)}")
    # Not by EXISTS: for that PostgreSQL would read all entries with the word, and hash them.
    has = Condition(
        "(SELECT s.words @> %(has)s::integer[] FROM messages_searchentry s"
        " WHERE s.workspace_id = %(in)s AND s.message_id = {row}.id)",
        {"has": keys, "in": workspace.pk},
    )
    if not phrases or not keys:
        return has if keys else Condition("FALSE")
    phrase = _phrase(workspace, phrases[0], 0)
    return Condition(f"{has.sql} AND {phrase.sql}", {**has.params, **phrase.params})


def _phrase(workspace: Workspace, phrase: str, number: int) -> Condition:
    """Return the condition that a message, or the title that it opens, has PHRASE as it stands."""
    name = f"phrase_{number}"
    return Condition(
        f"(SELECT x.body ~* %({name})s OR (x.kind = 'opened' AND y.title ~* %({name})s)"
        " FROM messages_message x JOIN messages_thread y ON y.id = x.thread_id"
        " WHERE x.workspace_id = %(phrase_in)s AND x.id = {row}.id)",
        {name: phrase_pattern(phrase), "phrase_in": workspace.pk},
    )


def _unread(
    viewer: Viewer | None, workspace: Workspace, filters: FeedFilters
) -> Iterator[Condition]:
    if filters.only_unread:
        yield unread_by(viewer, workspace, of_messages=True)


def _without_bots(workspace: Workspace, filters: FeedFilters) -> list[Condition]:
    sql = "({row}.author_id IS NULL OR {row}.author_id <> ALL(%(bots)s::bigint[]))"
    bots = bots_of(workspace) if filters.bots == Bots.EXCLUDED else []
    return [Condition(sql, {"bots": bots})] if bots else []
