"""A real repository, recorded from GitHub's REST API, as the content of a world."""

from dexxy_simulator.recorded.loader import RECORDING, load_recorded, recorded_world

__all__ = ["RECORDING", "load_recorded", "recorded_world"]
