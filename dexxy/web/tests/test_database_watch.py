"""A database that swallows what is sent to it is found out in time."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from threading import Thread
from time import monotonic

import pytest
from django.db import OperationalError, connection

from dexxy.config.postgresql.base import is_away
from dexxy.web.database_watch import CONNECT_SECONDS, DatabaseWatch, Lack


@pytest.fixture
def swallowed(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the address of the database be one that answers no knock, as behind a firewall."""
    with ExitStack() as stack:
        deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(8):  # those that nobody takes fill its queue
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        host, port = deaf.getsockname()
        options = {**connection.settings_dict["OPTIONS"], "connect_timeout": CONNECT_SECONDS}
        for name, value in (("HOST", host), ("PORT", port), ("OPTIONS", options)):
            monkeypatch.setitem(connection.settings_dict, name, value)
        yield
    is_away.clear()


@pytest.mark.usefixtures("swallowed")
def test_an_address_that_swallows_everything_is_found_out_within_two_seconds() -> None:
    watch, began = DatabaseWatch(), monotonic()

    lack = watch.look()

    assert lack is Lack.DATABASE
    assert 1 < monotonic() - began < 2.0


@pytest.mark.usefixtures("swallowed")
def test_a_request_that_needs_a_new_connection_there_ends_when_that_is_found_out() -> None:
    finding_out, began = Thread(target=DatabaseWatch().look), monotonic()

    finding_out.start()
    with pytest.raises(OperationalError):
        connection.copy().ensure_connection()

    assert 1 < monotonic() - began < 1.8
    finding_out.join()
