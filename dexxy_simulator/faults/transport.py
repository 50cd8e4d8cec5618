"""Connections that are slow or break."""

from __future__ import annotations

from time import sleep

from werkzeug.wrappers import Response

from dexxy_simulator.faults.call import Broken, Call, Effect


def delay(seconds: float) -> Effect:
    """Delay an answer; if the client does not wait that long, it sees a time-out."""

    def effect(call: Call) -> Response:
        sleep(seconds)
        return call.proceed()

    return effect


def cut(share: float = 0.5) -> Effect:
    """End the connection in good order after a share of the body."""
    return _broken(share, resets=False)


def reset(share: float = -1) -> Effect:
    """Reset the connection after a share of the body; by default before any answer."""
    return _broken(share, resets=True)


def _broken(share: float, *, resets: bool) -> Effect:
    def effect(call: Call) -> Response:
        call.broken = Broken(share, resets)
        return call.proceed()

    return effect
