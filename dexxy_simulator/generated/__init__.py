"""Invented repositories of any size, the same ones for the same seed."""

from dexxy_simulator.generated.generator import add_generated_repository, generated_world
from dexxy_simulator.generated.size import Size

__all__ = ["Size", "add_generated_repository", "generated_world"]
