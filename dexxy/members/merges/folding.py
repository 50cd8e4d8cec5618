"""What people write about themselves, folded so that spellings of one thing become equal."""

import re
from collections.abc import Sequence

from anyascii import anyascii

# Nobody's name is longer; the rest of what is, is not compared.
_LONGEST = 200
_WORD = re.compile(r"[a-z0-9]+")
_AFFIXES = re.compile(r"^(?:the|mr|real|its|iam)(?=.{5})|(?:dev|hq|code|official|\d+)$")
# Spellings of one sound: Schäfer is Shafer, Tsvetaev is Cvetaev.
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
    """Return the words of TEXT in lower-case Latin letters, whatever script they are in."""
    latin = text if text.isascii() else anyascii(text[:_LONGEST])
    return tuple(_WORD.findall(latin[:_LONGEST].lower().replace("'", "")))


def letters(name: Sequence[str]) -> str:
    """Return the letters of a name in one order, so that neither word order nor spaces matter.

    李小明, Xiaoming Li and Li Xiao-Ming are one.
    """
    return "".join(sorted("".join(name)))


def sounds(name: Sequence[str]) -> str:
    """Return the consonants of a name in one order: what most transliterations agree on."""
    return "".join(sorted("".join(map(_skeleton, name))))


def _skeleton(word: str) -> str:
    heard = _SOUND.sub(lambda found: _SOUNDS[found[0]], word)
    return _DOUBLED.sub(r"\1", _SILENT.sub("", heard))


def handle(text: str) -> str:
    """Return a username without what only fills it: ada-lovelace and Ada.Lovelace are one."""
    return "".join(words(text))


def stem(text: str) -> str:
    """Return a handle without the numbers and additions of those who came too late."""
    return _AFFIXES.sub("", handle(text))


def is_one_slip(first: str, second: str) -> bool:
    """Tell whether one missing, added, wrong or swapped character makes FIRST into SECOND."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = next(
        (at for at, (x, y) in enumerate(zip(first, second, strict=False)) if x != y),
        min(len(first), len(second)),
    )
    rest, other = first[start:], second[start:]
    if len(rest) != len(other):
        return rest[1:] == other if len(rest) > len(other) else rest == other[1:]
    return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
