"""What is stored in English for people to read, in the reader's language.

A sentence of ours with values, such as why a sync failed, is stored with the values filled in, as
the API tells it. Its text in the catalogue has holes, and so says which words are ours.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

HOLE: Final = re.compile(r"\{[a-z_.]+\}")
# Letters of ours that a sentence needs, so that not everything looks like it.
_LEAST_OWN: Final = 12


def told(stored: str) -> str:
    """Say STORED in the reader's language; what is no sentence of ours stays as it is."""
    if not stored:
        return ""
    shown = gettext(stored)
    if shown != stored:
        return shown
    for ours in _sentences(get_language() or "en"):
        start, end = ours.partition("{")[0], ours.rpartition("}")[2]
        if not (stored.startswith(start) and stored.endswith(end)):
            continue
        if (filled := refilled(stored, ours)) is not None:
            return filled
    return stored


def refilled(stored: str, ours: str) -> str | None:
    """Return the translation of OURS, a sentence with holes, with the values that STORED has.

    Returns: None where STORED is another sentence.
    """
    found = _pattern(ours).fullmatch(stored)
    if not found:
        return None
    values = dict(zip(HOLE.findall(ours), found.groups(), strict=True))
    return HOLE.sub(lambda hole: _value(values[hole.group()]), gettext(ours))


def _value(text: str) -> str:
    """Return a value as it is, but for a whole sentence of ours."""
    return gettext(text) if text.endswith(".") else text


@cache
def _sentences(language: str) -> Sequence[str]:
    """Return the sentences with holes of a catalogue, those with the most words of ours first."""
    catalogue: Any = translation(language)
    texts = catalogue._catalog.keys()
    own = {
        text: len(HOLE.sub("", text))
        for text in texts
        if isinstance(text, str) and "\x04" not in text and HOLE.search(text)
    }
    long_enough = [text for text, length in own.items() if length >= _LEAST_OWN]
    return sorted(long_enough, key=lambda text: (-own[text], text))


@cache
def _pattern(ours: str) -> re.Pattern[str]:
    """Return what a sentence looks like whose holes are filled in."""
    parts = (re.escape(part) for part in HOLE.split(ours))
    return re.compile("(.*?)".join(parts), re.DOTALL)
