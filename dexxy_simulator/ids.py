"""Numbers and global node ids for what the simulator makes itself."""

from __future__ import annotations

import base64
from itertools import count
from typing import Final

# Real ids of these kinds have outgrown 32 bits, which is why GraphQL has fullDatabaseId; those
# of discussions and accounts have not, and the schema gives them only the 32-bit databaseId.
FIRST_IDS: Final = {
    "Issue": 3_100_000_001,
    "PullRequest": 2_800_000_001,
    "IssueComment": 3_200_000_001,
    "PullRequestReview": 3_300_000_001,
    "PullRequestReviewComment": 2_400_000_001,
    "TimelineEvent": 19_000_000_001,
    "Discussion": 9_000_001,
    "DiscussionComment": 15_000_001,
    "App": 2_100_001,
    "Installation": 90_000_001,
    "Hook": 500_000_001,
    "HookDelivery": 180_000_000_001,
    "Actor": 240_000_001,
    "Repository": 1_100_000_001,
    "Release": 250_000_001,
}
FIRST_OF_OTHERS: Final = 70_000_001
PREFIXES: Final = {
    "Issue": "I",
    "PullRequest": "PR",
    "IssueComment": "IC",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "PullRequestReviewThread": "PRRT",
    "Discussion": "D",
    "DiscussionComment": "DC",
    "DiscussionCategory": "DIC",
    "Label": "LA",
    "App": "A",
    "User": "U",
    "Bot": "BOT",
    "Mannequin": "MANN",
    "Organization": "O",
    "EnterpriseUserAccount": "EUA",
    "Repository": "R",
    "Release": "RE",
    "Commit": "C",
    "PullRequestCommit": "PURC",
    "ClosedEvent": "CE",
    "ReopenedEvent": "REE",
    "MergedEvent": "ME",
    "Ref": "REF",
    "Team": "T",
    "Milestone": "MI",
    "IssueType": "IT",
}


class IdSequence:
    """Hands out the next number of each kind, the same ones in every run."""

    def __init__(self) -> None:
        self._counters = {kind: count(first) for kind, first in FIRST_IDS.items()}

    def next(self, kind: str) -> int:
        """Return the next number of a kind of object."""
        if kind not in self._counters:
            self._counters[kind] = count(FIRST_OF_OTHERS)
        return next(self._counters[kind])


def node_id(typename: str, database_id: int, repository_id: int | None = None) -> str:
    """Make a global node id in GitHub's newer format: a prefix, and msgpack in base64.

    https://docs.github.com/graphql/guides/migrating-graphql-global-node-ids; clients have to
    treat it as opaque.
    """
    numbers = [0, database_id] if repository_id is None else [0, repository_id, database_id]
    packed = bytes([0x90 | len(numbers), 0]) + b"".join(_msgpack(n) for n in numbers[1:])
    encoded = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"{PREFIXES.get(typename, 'EV')}_{encoded}"


def legacy_node_id(typename: str, database_id: int) -> str:
    """Make a global node id in GitHub's older format: base64 of a length, a type and a number."""
    return base64.b64encode(f"0{len(typename)}:{typename}{database_id}".encode()).decode()


def _msgpack(number: int) -> bytes:
    wide = number > 0xFFFFFFFF
    return (b"\xcf" if wide else b"\xce") + number.to_bytes(8 if wide else 4, "big")
