"""The one error of the embedded servers."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class EmbeddedServersError(Exception):
    """A private server cannot run; the message is one line that says what to do about it."""


class ServerKilledError(EmbeddedServersError):
    """A server was killed while it started."""


class DiskFullError(EmbeddedServersError):
    """The disk that holds the data folder is full."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The disk that holds {path} is full: free some space there and start again."
        )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says about the data folder into one line for its user."""
    try:
        yield
    except OSError as error:
        raise _explanation(path, error) from error


def _explanation(path: Path, error: OSError) -> EmbeddedServersError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(path)
    what = error.strerror or str(error)
    where = error.filename or path
    return EmbeddedServersError(
        f"The data folder {path} cannot be used ({where}: {what}): "
        "make it writable for this user, or name another one in DEXXY_DATA_DIR."
    )
