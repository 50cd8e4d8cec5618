"""The simulated GitHub: its state and everything that can happen in it."""

from dexxy.simulator.activity.moderation import ModerationActivity


class World(ModerationActivity):
    """A GitHub in memory. One lock guards it, so tests change it while a server runs."""
