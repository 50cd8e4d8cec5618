"""Write a file that only its owner may read, whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_private(path: Path, pieces: Iterable[str]) -> None:
    """Write PIECES as UTF-8 to the file PATH, in place of the one that there may be.

    What is no regular file, such as a pipe, is written to as it is.

    Raises:
        OSError: it cannot be written. What was there before still is.
    """
    if os.path.lexists(path) and not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        return
    # Beside the file, because a file can only be renamed within its file system. Its mode is 0600.
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
