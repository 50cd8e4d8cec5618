"""One line of the doctor."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    # It works; somebody should know nevertheless.
    NOTICE = "notice"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do about it.

    Args:
        fix: what to do next; empty where all is well.
    """

    name: str
    state: State
    says: str
    fix: str = ""


def well(name: str, says: str) -> Finding:
    return Finding(name, State.OK, says)


def notice(name: str, says: str, fix: str = "") -> Finding:
    return Finding(name, State.NOTICE, says, fix)


def failed(name: str, says: str, fix: str) -> Finding:
    return Finding(name, State.FAILED, says, fix)
