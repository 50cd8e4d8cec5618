"""Payloads of odd shapes, as receivers have met them: what is always there is null, or missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final, TypeAlias

Payload: TypeAlias = dict[str, Any]
# Changes the payload of an event, if it is one that it concerns.
Oddity: TypeAlias = Callable[[str, Payload], None]
SUBJECTS: Final[Mapping[str, str]] = {
    "issues": "issue",
    "issue_comment": "comment",
    "pull_request": "pull_request",
    "pull_request_review": "review",
    "pull_request_review_comment": "comment",
    "discussion": "discussion",
    "discussion_comment": "comment",
}


def without_installation(_: str, payload: Payload) -> None:
    """Name no installation."""
    if "installation" in payload:
        payload["installation"] = None


def without_sender(_: str, payload: Payload) -> None:
    """Say of nobody that they did it."""
    if "sender" in payload:
        payload["sender"] = None


def without_author(event: str, payload: Payload) -> None:
    """Say of nobody that they wrote it."""
    if event in SUBJECTS:
        payload[SUBJECTS[event]]["user"] = None


def never_submitted(event: str, payload: Payload) -> None:
    """Give a review no time of its own."""
    if event == "pull_request_review":
        payload["review"]["submitted_at"] = None


def without_changes(_: str, payload: Payload) -> None:
    """Tell nothing of what was before, or of where a transferred thread is now."""
    payload.pop("changes", None)


def without_times(event: str, payload: Payload) -> None:
    """Do not say when it was written, or changed."""
    if event in SUBJECTS:
        for name in ("created_at", "updated_at"):
            payload[SUBJECTS[event]].pop(name, None)


ODDITIES: Final[tuple[Oddity, ...]] = (
    without_installation,
    without_sender,
    without_author,
    never_submitted,
    without_changes,
    without_times,
)


def drawn_oddity(seed: int, chance: float = 0.1) -> Oddity:
    """Return what makes payloads odd at random, each in another way.

    Args:
        chance: of the payloads, which share is made so.
    """
    random = Random(seed)  # noqa: S311  # decides about faults

    def change(event: str, payload: Payload) -> None:
        if random.random() < chance:
            random.choice(ODDITIES)(event, payload)

    return change
