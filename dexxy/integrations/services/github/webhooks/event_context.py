"""A webhook's event, as the functions that handle it see it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dexxy.integrations.models import DeliveryState, GitHubApp


@dataclass(frozen=True, slots=True)
class Event:
    """One delivery of the inbox.

    Args:
        name: what `X-GitHub-Event` said.
        action: the payload's `action`, or ''.
        received_at: by our clock.
    """

    app: GitHubApp
    name: str
    action: str
    payload: dict[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an event: done, ignored or failed; and why it was one of the latter."""

    state: DeliveryState
    why: str = ""


# Handles an event inside the caller's transaction, without the network, and is safe to run twice.
# Returns whether it was for us: False stores the delivery as ignored.
Handler = Callable[[Event], bool]


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """An event that is handled by itself, and the actions of it that are known."""

    handle: Handler
    actions: frozenset[str]
