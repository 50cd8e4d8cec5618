"""What `dexxy up` does before and after it starts the processes."""

import http.client
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rich.console import Console
from rich.text import Text

from dexxy.accounts.models import User
from dexxy.accounts.sign_in import link_make
from dexxy.cli.composition import has_own_database
from dexxy.cli.errors import DatabaseNotReadyError
from dexxy.cli.migration_state import DatabaseState, database_state, is_up_to_date

# Any number that no other program takes for its own advisory lock: "dexxy" and a serial number.
_MIGRATION_LOCK = int.from_bytes(b"dexxy", "big") * 1000 + 1
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  # nosec B104


def database_prepare() -> None:
    """Bring the tables up to date; of several processes that want to, one does.

    Raises:
        OldDataError, NewerDataError, UnfinishedRestoreError: as `database_state`.
    """
    is_up_to_date()
    with _migration_lock():
        call_command("migrate", verbosity=0, interactive=False)


def database_require(*, may_set_up: bool = False) -> None:
    """Refuse to work with tables that are not of this Dexxy, and say what to do.

    Args:
        may_set_up: make the tables where there are none at all.

    Raises:
        DatabaseNotReadyError: there are none, or they are of an older Dexxy.
        OldDataError, NewerDataError, UnfinishedRestoreError: as `database_state`.
    """
    state = database_state()
    if state is DatabaseState.BEHIND:
        raise DatabaseNotReadyError(how_to_upgrade())
    if state is DatabaseState.EMPTY:
        if not may_set_up:
            raise DatabaseNotReadyError(
                "The database is empty: `dexxy up` or `dexxy sync` sets it up."
            )
        database_prepare()


def how_to_upgrade() -> str:
    """Return what to do about a database of an older Dexxy."""
    if has_own_database():
        return (
            "The database is of an older Dexxy: run `dexxy up`, which backs it up and brings it"
            " up to date."
        )
    return (
        "The database is of an older Dexxy: run `dexxy upgrade --backup FILE`, which backs it up"
        " and brings it up to date (`dexxy upgrade --check` says how)."
    )


@contextmanager
def _migration_lock() -> Iterator[None]:
    # Held by a transaction of a second connection: a lock of the session would be lost or left
    # behind where PgBouncer hands out connections by the transaction.
    second = connection.copy()
    try:
        second.set_autocommit(False)
        with second.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_MIGRATION_LOCK])
        yield
    finally:
        second.close()


def address_of(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    if host in _WILDCARDS or host in ("127.0.0.1", "::1"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def web_answers(address: str, port: int) -> bool:
    """Say whether the web process answers at the numeric address it listens at."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104  # nosec B104
    client = http.client.HTTPConnection(target, port, timeout=2.0)
    try:
        client.request("GET", "/healthz", headers={"Host": "localhost"})
        return client.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def assistants_address(address: str, port: int) -> str:
    """Return where assistants connect on this machine; '' at the port 0, which is nowhere."""
    return f"{address_of(address, port)}/mcp" if port else ""


def announce(
    console: Console,
    what: str,
    address: str,
    user: User,
    *,
    assistants: str = "",
    descriptor: int = 1,
) -> None:
    """Print where Dexxy is and how to get in.

    Args:
        assistants: where assistants connect, if they may.
        descriptor: the file descriptor that CONSOLE writes to.
    """
    lines = Text.assemble(("\n" + what, "bold green"), " at ", (address, "bold"), "\n")
    if assistants:
        lines.append("Assistants connect (MCP) at ").append(assistants, "bold").append("\n")
    lines.append("\n")
    lines.append(_way_in(address, user, into_journal=is_journal(descriptor)))
    lines.append("\n\nCtrl-C stops everything.\n", "dim")
    console.print(lines, soft_wrap=True)  # a link that is broken into lines cannot be clicked


def _way_in(address: str, user: User, *, into_journal: bool) -> Text:
    if settings.DEXXY_DEMO_PUBLIC:
        return Text("Everybody who comes can read it, and nobody can change anything.")
    if into_journal:
        # It keeps what is printed, for many to read: a link there would open the door to them.
        return Text(f"`dexxy sign-in-link {user.email}` prints a link that signs you in, once.")
    link = link_make(user, address=address)
    return Text.assemble("This link signs you in, once:\n  ", (link, f"link {link}"))


def is_journal(descriptor: int) -> bool:
    """Say whether what is written to DESCRIPTOR goes into the journal of systemd.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
    """
    try:
        is_socket = stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    except OSError:  # the caller closed it
        return False
    # The variable alone is inherited by what writes elsewhere.
    return is_socket and "JOURNAL_STREAM" in os.environ
