"""What a handler of webhooks gets, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dexxy.integrations.models import DeliveryState, GitHubApp


@dataclass(frozen=True, slots=True)
class Event:
    """One delivery of the inbox.

    Args:
        name: the header `X-GitHub-Event`.
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
    """What became of an event.

    Args:
        state: done, ignored or failed.
        why: the reason, unless it is done.
    """

    state: DeliveryState
    why: str = ""


# Handles one event inside the caller's transaction, without the network. GitHub delivers at least
# once, so it is idempotent. Returns False where the event is about nothing that is connected here:
# the delivery is stored as ignored.
Handler = Callable[[Event], bool]
