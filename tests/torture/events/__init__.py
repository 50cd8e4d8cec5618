"""What people and GitHub do in a history: each event is drawn from a seed, where it can happen."""

from tests.torture.events import beside, threads, tracking
from tests.torture.events.registry import EVENTS, TELLING, WEIGHTS, Event

__all__ = ["EVENTS", "TELLING", "WEIGHTS", "Event", "beside", "threads", "tracking"]
