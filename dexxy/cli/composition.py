"""What a command stands on, put into the environment before Django reads it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from dexxy.cli.errors import AlreadyRunningError
from dexxy.config import env
from dexxy.config.data_dir import data_dir
from dexxy.embedded import Servers, start_servers
from dexxy.embedded.locks import acquire

URLS = ("DATABASE_URL", "REDIS_URL")
# Files of the data folder.
_ADDRESS = "address"
_RUNNING = "up.lock"

_servers: Servers | None = None
_provided: set[str] = set()


def provide_servers() -> None:
    """Use the servers that the environment names, and private ones for those that it does not.

    The private ones only begin to start: who needs them calls `await_servers`.

    Raises:
        SettingError: a setting about them cannot be read.
        EmbeddedServersError: a private server does not start.
    """
    global _servers
    missing = {name for name in URLS if not env.text(name)}
    _check(env.text("DATABASE_URL"), env.queue_url("REDIS_URL"))
    if not missing:
        return
    _servers = start_servers(
        data_dir(), postgres="DATABASE_URL" in missing, valkey="REDIS_URL" in missing
    )
    for name, url in (("DATABASE_URL", _servers.database_url), ("REDIS_URL", _servers.redis_url)):
        if url is not None:
            os.environ[name] = url
            os.environ.pop(f"{name}_FILE", None)  # it is empty, or the server would be given
            _provided.add(name)
    if has_own_database() and not env.text("DEXXY_ERASURE_JOURNAL"):
        os.environ["DEXXY_ERASURE_JOURNAL"] = str(data_dir() / "erasures.jsonl")


def has_own_database() -> bool:
    """Say whether the database is a private one, and the environment names none."""
    return "DATABASE_URL" in _provided


def await_servers() -> None:
    """Wait until the private servers answer.

    It takes over from an owner that was killed, too, and is cheap when all is well: whoever lives
    long calls it again and again.

    Raises:
        EmbeddedServersError: a private server does not start.
    """
    if _servers is not None:
        _servers.ensure()


@contextmanager
def alone_in_data_folder() -> Iterator[None]:
    """Be the one Dexxy that runs everything on the private servers: of two, the newer would
    migrate the tables below the older.

    Raises:
        AlreadyRunningError: another one does.
    """
    if _servers is None:
        yield
        return
    lock = acquire(data_dir() / _RUNNING, exclusive=True)
    if lock is None:
        raise AlreadyRunningError(
            f"Dexxy runs on {data_dir()} already{_noted_address(' at ')}: open that, or stop it"
            " first, or name another folder in DEXXY_DATA_DIR."
        )
    try:
        yield
    finally:
        os.close(lock)


@contextmanager
def address_noted(url: str) -> Iterator[None]:
    """Keep in the data folder where Dexxy runs, for the commands that are run beside it."""
    if _servers is None:  # whoever runs Dexxy apart says in DEXXY_BASE_URL where
        yield
        return
    note = data_dir() / _ADDRESS
    note.write_text(url, encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def adopt_address() -> None:
    """Let this command know where the Dexxy runs that it is run beside."""
    if _servers is None or env.text("DEXXY_BASE_URL"):
        return
    if address := _noted_address():
        os.environ["DEXXY_BASE_URL"] = address


def _noted_address(before: str = "") -> str:
    """Return where the Dexxy of the data folder runs, behind BEFORE; '' if that is not known."""
    try:
        return before + (data_dir() / _ADDRESS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def disk_full() -> str:
    """Return what to do where a private server has met a full disk, or ''."""
    error = _servers and _servers.disk_full()
    return str(error) if error else ""


def release_servers() -> None:
    """Stop using the private servers and, after their last user, wait until they have stopped."""
    global _servers
    if _servers is not None:
        _servers.close()
        _servers = None
        _provided.clear()


def environment_for_children() -> dict[str, str]:
    """Return our environment, in which a child finds the private servers by itself: so it
    counts as one of their users, and they outlive us for as long as it needs them."""
    return {name: value for name, value in os.environ.items() if name not in _provided}


def _check(database_url: str, redis_url: str) -> None:
    # The libraries are imported where an address is given: else the servers start before them.
    # The addresses hold passwords, so they are not repeated.
    try:
        if database_url:
            import dj_database_url

            dj_database_url.parse(database_url)
    except ValueError:
        raise env.SettingError(
            "DATABASE_URL cannot be understood: write postgresql://user:password@host:5432/name,"
            " with special characters percent-encoded."
        ) from None
    try:
        if redis_url:
            from redis import Redis

            Redis.from_url(redis_url)
    except ValueError:
        raise env.SettingError(
            "REDIS_URL cannot be understood: write redis://host:6379/0 or unix:///path?db=0."
        ) from None
