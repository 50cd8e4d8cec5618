"""Whether this process was asked to stop: what takes long looks here between two steps.

Whatever it leaves is due, and another process does it.
"""

from threading import Event

asked_to_stop = Event()
