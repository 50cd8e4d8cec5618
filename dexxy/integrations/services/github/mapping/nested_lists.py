"""Turn a page of a thread's nested list into messages. Pure: no database, no network.

A mapper for each thing that the nodes of a list can be: events of a timeline, messages, messages
that have a list themselves; and review threads and their comments, which only tell what is
resolved.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dexxy.integrations.services.github.api.values import Payload, key, page_of
from dexxy.integrations.services.github.mapping import messages
from dexxy.integrations.services.github.mapping.events import timeline
from dexxy.integrations.services.github.mapping.rules import is_draft_review
from dexxy.messages.ingest.records import MessageRecord, ReviewThreadRecord, Scope
from dexxy.messages.models import QUIET_KINDS, MessageKind

STATE_CHANGES = Scope(frozenset(MessageKind.state_changes()))
EVENTS = Scope(frozenset((*MessageKind.state_changes(), *QUIET_KINDS)))
COMMENTS = Scope(frozenset({MessageKind.COMMENT}))
REVIEWS = Scope(frozenset({MessageKind.REVIEW}))
REVIEW_COMMENTS = Scope(frozenset({MessageKind.REVIEW_COMMENT}))
REPLIES = Scope(frozenset({MessageKind.REPLY}))
NO_MESSAGES = Scope(frozenset())


@dataclass(frozen=True, slots=True)
class OpenList:
    """A nested list that is not read to its end yet.

    Args:
        connection: a key of LISTS.
        owner_id: the node id of what has the list.
        owner_external_id: its external id, if it is a message.
        cursor: where to go on; '' for its start.
        seen: the external ids that were read already.
        has_gaps: GitHub kept back some of what was read already.
    """

    connection: str
    owner_id: str
    owner_external_id: str = ""
    cursor: str = ""
    seen: tuple[str, ...] = ()
    has_gaps: bool = False


@dataclass(frozen=True, slots=True)
class MappedList:
    """One page of a nested list.

    Args:
        messages: those of the list, and those of whole lists below it.
        seen: the external ids of the list's own messages.
        cursor: where to go on; '' at the end.
        complete: the scopes of lists below that came along whole.
        open_lists: the lists below that did not.
        gaps: how many nodes and lists GitHub kept back, of the list and of those below it. Nothing
            is taken for deleted that may be among them.
        review_threads: those of a list that holds no messages.
    """

    messages: tuple[MessageRecord, ...]
    seen: tuple[str, ...]
    cursor: str
    complete: tuple[Scope, ...] = ()
    open_lists: tuple[OpenList, ...] = ()
    gaps: int = 0
    review_threads: tuple[ReviewThreadRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a nested list, as the mappers get it.

    Args:
        nodes: without gaps.
        cursor: where to go on; '' at the end.
        owner_id: the external id of the message that has the list; '' for the thread's own.
        merged_at: when the thread was merged, if it was.
    """

    nodes: Sequence[Payload]
    cursor: str
    owner_id: str
    merged_at: datetime | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A list of events, of which some are messages."""

    scope = EVENTS

    def map(self, page: Page) -> MappedList:
        """Map what somebody did in the thread."""
        events = _once(timeline(page.nodes, merged_at=page.merged_at))
        return MappedList(events, tuple(m.external_id for m in events), page.cursor)


@dataclass(frozen=True, slots=True)
class FlatList:
    """A list of messages.

    Args:
        map_message: gets a node and the external id of what has the list.
    """

    scope: Scope
    map_message: Callable[[Payload, str], MessageRecord]

    def map(self, page: Page) -> MappedList:
        """Map the messages of a page."""
        mapped = [self.map_message(node, page.owner_id) for node in page.nodes]
        return MappedList(_once(mapped), tuple(m.external_id for m in mapped), page.cursor)


@dataclass(frozen=True, slots=True)
class ListWithChildren:
    """A list of messages that each have a list themselves.

    Args:
        map_message: as for FlatList.
        child: the key in LISTS of the list that each message has.
        children: the field of a node that holds the first page of that list; '' where it does not
            come along, and has to be asked for.
    """

    scope: Scope
    map_message: Callable[[Payload, str], MessageRecord]
    child: str
    children: str = ""

    def map(self, page: Page) -> MappedList:
        """Map the messages of a page, and what came along of the lists below them."""
        nodes = [node for node in page.nodes if not is_draft_review(node.get("state", ""))]
        mapped = [self.map_message(node, page.owner_id) for node in nodes]
        seen = tuple(message.external_id for message in mapped)
        below = [self._below(node, key) for node, key in zip(nodes, seen, strict=True)]
        return MappedList(
            messages=(*_once(mapped), *(m for child in below for m in child.messages)),
            seen=seen,
            cursor=page.cursor,
            complete=tuple(scope for child in below for scope in child.complete),
            open_lists=tuple(left for child in below for left in child.open_lists),
            gaps=sum(child.gaps for child in below),
        )

    def _below(self, node: Payload, external_id: str) -> MappedList:
        """Map the list of one message as far as it came along, and say what is left to read."""
        left = OpenList(self.child, node["id"], external_id)
        payload = node[self.children] if self.children else None
        if payload is None:
            return MappedList((), (), "", open_lists=(left,))
        page = nested_page(self.child, payload, external_id, merged_at=None)
        if page.cursor:
            has_gaps = bool(page.gaps)
            left = replace(left, cursor=page.cursor, seen=page.seen, has_gaps=has_gaps)
            return replace(page, open_lists=(left,))
        complete = () if page.gaps else (scope_of(self.child, external_id),)
        return replace(page, complete=complete)


@dataclass(frozen=True, slots=True)
class ReviewThreads:
    """The list of the threads on the diff: whether each is resolved."""

    scope = NO_MESSAGES

    def map(self, page: Page) -> MappedList:
        """Map a page, and leave the comments of what is resolved to be read."""
        found = tuple(
            ReviewThreadRecord(key(node["id"]), bool(node["isResolved"])) for node in page.nodes
        )
        resolved = [one.node_id for one in found if one.is_resolved]
        return MappedList(
            messages=(),
            seen=tuple(one.node_id for one in found),
            cursor=page.cursor,
            open_lists=tuple(OpenList("resolved_comments", one, one) for one in resolved),
            review_threads=found,
        )


@dataclass(frozen=True, slots=True)
class ResolvedComments:
    """The list of the comments of a thread on the diff: which these are."""

    scope = NO_MESSAGES

    def map(self, page: Page) -> MappedList:
        """Map a page, without what only its author can see yet."""
        shown = [node for node in page.nodes if not is_draft_review(node["state"])]
        return MappedList((), tuple(key(node["fullDatabaseId"]) for node in shown), page.cursor)


# By the keys of `api.queries.NESTED_LISTS`.
LISTS: Mapping[str, Timeline | FlatList | ListWithChildren | ReviewThreads | ResolvedComments] = {
    "issue_comments": FlatList(COMMENTS, messages.comment),
    "issue_timeline": Timeline(),
    "pull_request_comments": FlatList(COMMENTS, messages.comment),
    "pull_request_timeline": Timeline(),
    "reviews": ListWithChildren(REVIEWS, messages.review, "review_comments"),
    "review_comments": FlatList(REVIEW_COMMENTS, messages.review_comment),
    "review_threads": ReviewThreads(),
    "resolved_comments": ResolvedComments(),
    "discussion_comments": ListWithChildren(
        COMMENTS, messages.discussion_comment, "replies", children="replies"
    ),
    "replies": FlatList(REPLIES, messages.reply),
}


def scope_of(connection: str, owner_external_id: str) -> Scope:
    """Return the messages that a list holds.

    Args:
        connection: a key of LISTS.
        owner_external_id: of the message that has the list; '' for the thread's own.
    """
    return Scope(LISTS[connection].scope.kinds, owner_external_id)


def nested_page(
    connection: str, payload: Payload | None, owner_id: str, *, merged_at: datetime | None
) -> MappedList:
    """Map one page of a nested list, and what came along of the lists below it.

    Args:
        connection: a key of LISTS.
        payload: `{pageInfo, nodes}`; or None, where GitHub keeps back the whole list.
        owner_id: the external id of the message that has the list; '' for the thread's own.
        merged_at: when the thread was merged, if it was.

    Raises:
        errors.UNKNOWN_SHAPE: it has another shape than the documented.
    """
    if payload is None:
        return MappedList((), (), "", gaps=1)
    frame = page_of(payload)
    nodes = [node for node in frame.nodes if node is not None]
    page = Page(nodes, frame.end if frame.goes_on else "", owner_id, merged_at)
    mapped = LISTS[connection].map(page)
    gaps = len(frame.nodes) - len(nodes)
    return replace(mapped, gaps=mapped.gaps + gaps) if gaps else mapped


def _once(records: Iterable[MessageRecord]) -> tuple[MessageRecord, ...]:
    """Keep one record of each message, the last: a statement can write a row only once."""
    return tuple({(m.kind, m.external_id): m for m in records}.values())
