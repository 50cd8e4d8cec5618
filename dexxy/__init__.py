"""Dexxy: one live feed of a community's members, threads and messages."""

__version__ = "0.1.0a2"
