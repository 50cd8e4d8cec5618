"""The simulated GitHub: its state and everything that can happen in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dexxy_simulator.activity.authorizations import AuthorizationActivity
from dexxy_simulator.activity.growth import GrowthActivity
from dexxy_simulator.activity.spam import SpamActivity
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.state import system_clock
from dexxy_simulator.webhooks.hookshot import Hookshot


class World(SpamActivity, AuthorizationActivity, GrowthActivity):
    """A GitHub in memory. One lock guards it, so tests change it while a server runs.

    `webhooks` makes deliveries of what happens, for the Apps that are installed.
    """

    def __init__(
        self, clock: Callable[[], datetime] = system_clock, dialect: Dialect = USUAL
    ) -> None:
        super().__init__(clock, dialect)
        self.webhooks = Hookshot(self)
