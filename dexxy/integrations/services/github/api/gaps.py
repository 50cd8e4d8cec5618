"""What an answer lacks of what was asked for, one item at a time.

GitHub may refuse one item among many: a profile, a thread, a comment, a field. Its place in the
data is null then, and an entry of `errors` says why. https://spec.graphql.org/October2021/#sec-Errors
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

# Where null means something: the account is gone, nothing was answered, there is no parent.
_NULL_HAS_A_MEANING = frozenset({"author", "actor", "answer", "replyTo"})
# What GitHub may show to none but who may read a repository's code, which is not needed here:
# refused, it is as null as where it is gone.
_OF_CODE = frozenset({"headRef", "target", "by", "commit", "beforeCommit", "afterCommit"})
# What must not be null in a commit takes it along.
_OF_COMMIT = frozenset({"oid", "committedDate"})
_KINDS = frozenset({"NOT_FOUND", "FORBIDDEN", "INSUFFICIENT_SCOPES"})


@dataclass(frozen=True, slots=True)
class Gaps:
    """The paths of an answer, as in `nodes.3`, where null stands in the place of an item.

    Args:
        missed: those of what is not there, as far as the token may know.
        refused: those of what the token may not read, or only a part of.
        reasons: why, where that is an organization that keeps some out.
    """

    missed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Items:
    """Which parts of an answer are items, so that one of them may lack without the others.

    Args:
        paths: as in `repository.t0`. A `*` at the end stands for every index of a list.
    """

    paths: Collection[str]

    def of(self, path: Sequence[str]) -> str:
        """Return the path of the item that PATH leads to or into, or ''."""
        for length in range(1, len(path) + 1):
            at = ".".join(path[:length])
            if at in self.paths or ".".join((*path[: length - 1], "*")) in self.paths:
                return at
        return ""


def may_lack(kind: str) -> bool:
    """Say whether an error of this type is about the item at its path, and not about the answer."""
    return kind in _KINDS


def is_of_code(path: Sequence[str]) -> bool:
    """Say whether PATH leads to what may be shown to none but who may read code."""
    *_, holder, last = ("", *path)
    return last in _OF_CODE or (holder in _OF_CODE and last in _OF_COMMIT)


def is_null(data: Any, item: str) -> bool:
    """Say whether null stands in the place of ITEM, or of what holds it."""
    found = data
    for step in item.split("."):
        if found is None:
            return True
        found = found[int(step) if isinstance(found, list) else step]
    return found is None


def hold_back(data: Any, path: Sequence[str], item: str) -> bool:
    """Put null in the place of the smallest thing that is incomplete without what PATH leads to.

    That is a node of a list, or ITEM itself. A list that is null, and a field that may be, are
    left: who reads them knows what they lack.

    Returns: whether ITEM itself is null now.
    """
    holders: list[tuple[Any, Any]] = []  # what has the item, or a node of a list inside it
    found, length = data, len(item.split("."))
    for index, step in enumerate(path):
        key = int(step) if isinstance(found, list) else step
        if index + 1 >= length and (index + 1 == length or isinstance(found, list)):
            holders.append((found, key))
        found = found[key]
        if found is None:
            break
    if not holders:
        # What must not be null takes along what holds it:
        # https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
        return True
    holder, key = holders[-1]
    # A part of it that must not be null took it along.
    if path[index] in _NULL_HAS_A_MEANING:
        holder[key] = None
    return holder[key] is None and len(holders) == 1
