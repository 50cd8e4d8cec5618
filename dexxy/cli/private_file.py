"""Write a file that only its owner may read, whole or not at all."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def written_atomically(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that only we may read, and that appears when it is whole.

    A link stays, and the file that it points to is written. What is no regular file, such as a
    pipe, is written to as it is.

    Raises:
        OSError: it cannot be written. What was there before still is.
    """
    is_there = os.access(path, os.F_OK)
    if is_there and not path.is_file():
        with path.open("wb") as output:
            yield output
        return
    target = Path(os.path.realpath(path))
    with _draft_beside(target) as draft:
        try:
            yield draft
            draft.flush()
            os.fsync(draft.fileno())
            os.replace(draft.name, target)
        except BaseException:
            os.unlink(draft.name)
            raise


def _draft_beside(target: Path) -> IO[bytes]:
    """Make an empty file with the mode 0600, beside TARGET: a file can only be renamed within its
    file system."""
    # Of a name as long as a name can be, there is no longer one.
    prefix = f".{target.name}."[:200]
    try:
        return NamedTemporaryFile(dir=target.parent, prefix=prefix, delete=False)
    except OSError as error:  # which names a file that nobody has heard of
        raise OSError(error.errno, error.strerror, str(target)) from error


def write_private(path: Path, pieces: Iterable[str]) -> None:
    """Write PIECES as UTF-8 to the file PATH, as `written_atomically`.

    Raises:
        OSError: it cannot be written. What was there before still is.
    """
    with written_atomically(path) as output:
        output.writelines(piece.encode() for piece in pieces)
