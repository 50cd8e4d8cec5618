"""Normalise names and usernames, so that different spellings of one name become equal."""

import re
from collections.abc import Sequence

from anyascii import anyascii

# Names are shorter than this; of a longer text only this many characters are compared.
_LONGEST = 200
_WORD = re.compile(r"[a-z0-9]+")
# What people add to a username that is taken already.
_AFFIXES = re.compile(r"^(?:the|mr|real|its|iam)(?=.{5})|(?:dev|hq|code|official|\d+)$")
# Different spellings of one consonant: Schäfer and Shafer, Tsvetaev and Cvetaev.
_SOUNDS = {
    "shch": "s",
    "sch": "s",
    "tch": "k",
    "sh": "s",
    "ch": "k",
    "zh": "z",
    "ts": "k",
    "tz": "k",
    "ph": "f",
    "x": "ks",
    "q": "k",
    "c": "k",
    "g": "k",
    "w": "v",
}
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_SILENT = re.compile(r"[aeiouyhj]+")
_DOUBLED = re.compile(r"(.)\1+")


def words(text: str) -> tuple[str, ...]:
    """Return the words of TEXT, transliterated from any script to lower-case Latin letters."""
    latin = text if text.isascii() else anyascii(text[:_LONGEST])
    return tuple(_WORD.findall(latin[:_LONGEST].lower().replace("'", "")))


def letters(name: Sequence[str]) -> str:
    """Return the letters of a name, sorted, so that the order of words and spaces do not matter.

    李小明, Xiaoming Li and Li Xiao-Ming become equal.
    """
    return "".join(sorted("".join(name)))


def sounds(name: Sequence[str]) -> str:
    """Return the consonants of a name, sorted: most transliterations agree on the consonants."""
    return "".join(sorted("".join(map(_skeleton, name))))


def _skeleton(word: str) -> str:
    heard = _SOUND.sub(lambda found: _SOUNDS[found[0]], word)
    return _DOUBLED.sub(r"\1", _SILENT.sub("", heard))


def handle(text: str) -> str:
    """Return the letters and digits of a username: ada-lovelace and Ada.Lovelace become equal."""
    return "".join(words(text))


def stem(text: str) -> str:
    """Return a handle without common additions: `adadev`, `theadalove` and `ada42` lose them."""
    return _AFFIXES.sub("", handle(text))


def is_one_slip(first: str, second: str) -> bool:
    """Tell whether one typing error turns FIRST into SECOND.

    That is one missing, added or wrong character, or two neighbours swapped: an optimal string
    alignment distance of 1.
    """
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = next(
        (index for index, (x, y) in enumerate(zip(first, second, strict=False)) if x != y),
        min(len(first), len(second)),
    )
    rest, other = first[start:], second[start:]
    if len(rest) != len(other):
        return rest[1:] == other if len(rest) > len(other) else rest == other[1:]
    return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
