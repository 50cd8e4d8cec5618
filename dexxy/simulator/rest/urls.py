"""Where the simulator stands: the roots of all addresses in its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Urls:
    """The roots of the REST API and of the pages, without a slash at the end."""

    api: str
    html: str


# What the recorded rows carry.
GITHUB: Final = Urls(api="https://api.github.com", html="https://github.com")
