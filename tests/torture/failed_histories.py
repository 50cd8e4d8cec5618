"""Histories that failed once, as short as they still failed, each with what was wrong.

They are kept with their steps: a seed alone draws another history as soon as something else can
happen, too.
"""

from typing import Final

FAILED: Final[dict[str, str]] = {
    "7 talk:1 drop_without_trace:2 kill:3 person:4": "nothing: one that failed replaces it",
}
