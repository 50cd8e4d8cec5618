"""Which sizes pass of what Dexxy asks for by numbers or ids: threads, parts of them, and people."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any, TypeAlias

from dexxy.integrations.services.github.api.queries import (
    PAGE_LIMIT,
    parts_document,
    people_document,
    threads_document,
)
from dexxy.integrations.services.github.connecting.asking import ANSWERED, Asker
from dexxy.integrations.services.github.connecting.probed import (
    PageTried,
    outcome_of,
    page_tried,
)
from dexxy.messages.models import ThreadKind

# How many are asked for, one size after the other, until one is too many or no more are known.
FEW, MANY = (5, 15, 30, 50), (25, 50, 100)
_Question: TypeAlias = Callable[[], PageTried]


class Batches:
    """Remembers what the lists have shown, and asks for it once more, many at once.

    Args:
        name: the variables that name the repository.
    """

    def __init__(self, asker: Asker, name: dict[str, str]) -> None:
        self._asker, self._name = asker, name
        self._numbers: dict[ThreadKind, dict[int, None]] = {kind: {} for kind in ThreadKind}
        self._owners: dict[str, dict[str, None]] = {}
        # Node ids of people, in the order in which they were met.
        self.people: dict[str, None] = {}

    def note(self, kind: ThreadKind, nodes: Sequence[Any]) -> None:
        """Remember the threads of a page, and who wrote them."""
        for node in nodes:
            if not isinstance(node, dict):
                continue
            if isinstance(node.get("number"), int):
                self._numbers[kind][node["number"]] = None
            if kind is ThreadKind.DISCUSSION:
                for comment in _nodes(node.get("comments")):
                    self._own("replies", comment)
            else:
                self._own(f"{kind}_comments", node)
            self._meet(node.get("author"))

    def questions(self) -> Iterator[tuple[str, _Question]]:
        """Yield what to ask for, and what asks for it, for as long as the answers come."""
        threads = _in_turns([[(kind, n) for n in ns] for kind, ns in self._numbers.items()])
        owners = _in_turns([[(name, one) for one in ids] for name, ids in self._owners.items()])
        for what, found, ladder, ask in (
            ("threads_by_number", threads, FEW, self._threads),
            ("parts", owners, FEW, self._parts),
            ("people", list(self.people), MANY, self._people),
        ):
            yield from _climbing(what, found, ladder, ask)

    def _threads(self, found: Sequence[Any]) -> PageTried:
        numbers = {f"number{index}": number for index, (_, number) in enumerate(found)}
        reply = self._asker.query(
            threads_document([kind for kind, _ in found]),
            self._name | numbers,
            may_lack=[f"repository.t{index}" for index in range(len(found))],
        )
        shown = reply.data and reply.data.get("repository")
        came = shown and sum(bool(shown.get(f"t{index}")) for index in range(len(found)))
        outcome = outcome_of(reply, is_null=not shown)
        return page_tried("threads_by_number", len(found), came, outcome, reply)

    def _parts(self, found: Sequence[Any]) -> PageTried:
        variables: dict[str, Any] = {"first": PAGE_LIMIT}
        for index, (_, owner) in enumerate(found):
            variables |= {f"id{index}": owner, f"after{index}": None}
        names = [f"p{index}" for index in range(len(found))]
        document = parts_document([connection for connection, _ in found])
        reply = self._asker.query(document, variables, may_lack=names)
        came = reply.data and sum(bool(reply.data.get(name)) for name in names)
        return page_tried("parts", len(found), came, outcome_of(reply, is_null=False), reply)

    def _people(self, found: Sequence[Any]) -> PageTried:
        document = people_document(with_email=False)
        reply = self._asker.query(document, {"ids": list(found)}, may_lack=["nodes.*"])
        came = reply.data and sum(map(bool, reply.data.get("nodes") or ()))
        return page_tried("people", len(found), came, outcome_of(reply, is_null=False), reply)

    def _own(self, connection: str, node: Any) -> None:
        if isinstance(node, dict) and node.get("id"):
            self._owners.setdefault(connection, {})[str(node["id"])] = None
            self._meet(node.get("author"))

    def _meet(self, author: Any) -> None:
        if isinstance(author, dict) and author.get("__typename") == "User" and author.get("id"):
            self.people[str(author["id"])] = None


def _climbing(
    what: str,
    found: Sequence[Any],
    ladder: Sequence[int],
    ask: Callable[[Sequence[Any]], PageTried],
) -> Iterator[tuple[str, _Question]]:
    """Climb a ladder until one size is refused, or nothing more is known to ask for."""
    tried: list[PageTried] = []

    def question(size: int) -> _Question:
        def asked() -> PageTried:
            tried.append(ask(found[:size]))
            return tried[-1]

        return asked

    asked = 0
    for size in ladder:
        if (tried and tried[-1].outcome != ANSWERED) or asked == len(found):
            return
        asked = min(size, len(found))
        yield f"{asked} {what.replace('_', ' ')}", question(size)


def _nodes(shown: Any) -> Sequence[Any]:
    return (shown.get("nodes") or ()) if isinstance(shown, dict) else ()


def _in_turns(kinds: Sequence[Sequence[Any]]) -> list[Any]:
    """Return one of each kind, then the next of each."""
    return [one for one in chain.from_iterable(zip_longest(*kinds)) if one is not None]
