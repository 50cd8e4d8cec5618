"""An invented community that lives on with the recorded repository until now: for the demo."""

from dexxy_simulator.community.history import add_community

__all__ = ["add_community"]
