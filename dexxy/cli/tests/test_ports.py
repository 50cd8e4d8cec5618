"""A port is claimed by one process, from before it listens."""

import socket

import pytest

from dexxy.cli.errors import PortUnavailableError
from dexxy.cli.ports import claim_port, usable_port
from dexxy.cli.tests.running import free_port

HOST = "127.0.0.1"


def test_of_two_that_want_a_port_at_once_one_gets_it() -> None:
    port = free_port()
    claim = claim_port(HOST, port)

    with pytest.raises(PortUnavailableError, match=f"Port {port} is in use: .* with --port"):
        claim_port(HOST, port)

    claim.release()
    claim_port(HOST, port).release()


def test_a_port_that_another_program_listens_at_is_in_use() -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortUnavailableError, match=f"Port {port} is in use"):
            claim_port(HOST, port)
        assert usable_port(HOST, port) is None

    claim_port(HOST, port).release()


def test_a_port_whose_last_connection_has_only_just_closed_is_usable() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection((HOST, port)):
            accepted, _ = server.accept()
            accepted.close()  # we close first, so the connection lingers on our side

    claim_port(HOST, port).release()
