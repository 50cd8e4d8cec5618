"""Webhooks of a simulated GitHub, written out as requests before anything is measured."""

import socket
from collections.abc import Iterator, Sequence
from threading import Lock, Thread
from time import perf_counter

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import App, Installation, Repository
from dexxy_simulator.webhooks.deliveries import Delivery
from dexxy_simulator.world import World

CONNECTIONS = 8
MANIFEST = {
    "name": "bench",
    "url": "https://dexxy.example.com",
    "hook_attributes": {"url": "https://dexxy.example.com/webhooks/github/", "active": True},
    "default_events": ["issues", "issue_comment", "pull_request", "pull_request_review"],
    "default_permissions": {"issues": "read", "pull_requests": "read"},
}


class Busy:
    """A repository of an App in which so many things happen."""

    def __init__(self, count: int) -> None:
        world = World()
        owner = world.add_actor("colony", "Organization")
        for name in ("queen", "worker", "soldier"):
            world.add_actor(name)
        self.repository: Repository = world.add_repository(owner, "hill")
        key = generate_private_key(public_exponent=65537, key_size=2048)
        self.app: App = world.register_app(owner, MANIFEST, key)
        self.installation: Installation = world.install(self.app, owner)
        world.webhooks.pending.clear()
        live = LiveActivity(world, 1, self.repository)
        while len(world.webhooks.pending) < count:
            live.step()
        self.deliveries: list[Delivery] = list(world.webhooks.pending)[:count]


def request_of(delivery: Delivery) -> bytes:
    """Write a delivery as the bytes that go over the wire."""
    path = "/webhooks/github/"
    headers = {
        "Host": "localhost:8000",
        "Content-Length": str(len(delivery.body)),
        **delivery.headers,
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + delivery.body


def send(port: int, requests: Sequence[bytes]) -> float:
    """Send REQUESTS over connections that are kept. Returns how many were accepted a second."""
    waiting, lock = iter(requests), Lock()
    accepted: list[int] = []
    begun = perf_counter()
    senders = [
        Thread(target=lambda: accepted.append(_send_some(port, waiting, lock)))
        for _ in range(CONNECTIONS)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    seconds = perf_counter() - begun
    if sum(accepted) != len(requests):
        raise SystemExit(f"{len(requests) - sum(accepted)} of {len(requests)} were refused.")
    return len(requests) / seconds


def _send_some(port: int, waiting: Iterator[bytes], lock: Lock) -> int:
    accepted = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            with lock:
                request = next(waiting, None)
            if request is None:
                return accepted
            connection.sendall(request)
            accepted += b" 202 " in _answer(connection)[:20]


def _answer(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head
