"""Read what is kept in pieces like one file, from any byte of it on."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dexxy.kept.files import file_read

_ASKED = re.compile(r"bytes=(\d{1,18})?-(\d{1,18})?", re.ASCII)


class OutOfRangeError(ValueError):
    """Somebody asks for bytes behind the end."""


@dataclass(frozen=True)
class Part:
    """Bytes of something: from FIRST on, LENGTH of them."""

    first: int
    length: int


def part_asked(header: str, size: int) -> Part | None:
    """Read a Range header; None where it asks for the whole, or for more than one part.

    https://www.rfc-editor.org/rfc/rfc9110#name-range

    Args:
        size: bytes of the whole.

    Raises:
        OutOfRangeError: there are no such bytes.
    """
    found = _ASKED.fullmatch(header.strip())
    if found is None or found.groups() == (None, None):
        return None
    begin, end = (None if text is None else int(text) for text in found.groups())
    if begin is not None and end is not None and end < begin:
        return None
    if begin is None:
        first, last = max(0, size - (end or 0)), size - 1
    else:
        first, last = begin, size - 1 if end is None else min(end, size - 1)
    if first > last:
        raise OutOfRangeError
    return Part(first, last - first + 1)


class Pieces:
    """A file that is kept in pieces; it can be read once, from the first byte of a part on.

    Args:
        pieces: the name and the size of each, in their order.
        part: which bytes to read.
        before: called before each piece that is read.
        after: called when it is closed.
    """

    def __init__(
        self,
        pieces: Sequence[tuple[str, int]],
        part: Part,
        *,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._skipped, self._left = part.first, part.length
        while pieces and self._skipped >= pieces[0][1] > 0:
            self._skipped -= pieces[0][1]
            pieces = pieces[1:]
        self._names = [name for name, _ in reversed(pieces)]
        self._before, self._after = before, after
        self._here = b""

    def read(self, size: int) -> bytes:
        """Return the next bytes, SIZE at most; b"" at the end.

        Raises:
            FileNotFoundError: it expired meanwhile.
        """
        if not self._here and self._left and self._names:
            self._before()
            self._here = file_read(self._names.pop())[self._skipped :][: self._left]
            self._skipped = 0
        taken, self._here = self._here[:size], self._here[size:]
        self._left -= len(taken)
        return taken

    def close(self) -> None:
        """End it."""
        self._here, self._names = b"", []
        self._after()
