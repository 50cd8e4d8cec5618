"""The simulated GitHub: its state and everything that can happen in it."""

from dexxy.simulator.activity.authorizations import AuthorizationActivity
from dexxy.simulator.activity.spam import SpamActivity


class World(SpamActivity, AuthorizationActivity):
    """A GitHub in memory. One lock guards it, so tests change it while a server runs."""
