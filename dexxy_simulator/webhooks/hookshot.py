"""Makes deliveries of what happens, for the Apps that want to know, and hands them over."""

from __future__ import annotations

import json
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from dexxy_simulator.happening import Happening
from dexxy_simulator.model import App, Installation
from dexxy_simulator.model.apps import DEFAULT_EVENTS, EVENT_PERMISSIONS, grants
from dexxy_simulator.rest_json.urls import GITHUB, Urls
from dexxy_simulator.webhooks.deliveries import UNREACHED, Attempt, Delivery, Transport, post
from dexxy_simulator.webhooks.oddities import Oddity
from dexxy_simulator.webhooks.payloads import payload

if TYPE_CHECKING:
    from dexxy_simulator.state import WorldState

# https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries
RETENTION: Final = timedelta(days=3)
# https://docs.github.com/webhooks/webhook-events-and-payloads: nothing larger is sent at all.
LARGEST: Final = 25 * 1024 * 1024


class Hookshot:
    """The webhooks of a world.

    What is made waits in `pending` until it is delivered by hand, or by a `Sender`. `log` is
    what the Apps can read back. `transport` sends one delivery; tests put their own here.
    `oddity` changes payloads before they are sent.
    """

    def __init__(self, world: WorldState) -> None:
        self._world = world
        self.roots = GITHUB
        self.transport: Transport = post
        self.oddity: Oddity | None = None
        self.pending: deque[Delivery] = deque()
        self.log: deque[Delivery] = deque()
        world.listeners.append(self.hear)

    @property
    def urls(self) -> Urls:
        """How payloads are written."""
        dialect = self._world.dialect
        legacy = dialect.legacy_node_ids_in_webhooks
        dialect = replace(dialect, legacy_node_ids_in_rest=legacy)
        return replace(
            self.roots, dialect=dialect, shows_aliases=True, legacy_id=self._world.legacy_id
        )

    def hear(self, told: Happening) -> None:
        """Make the deliveries of something that happens. Whoever calls holds the world's lock."""
        is_deletion = told.event == "repository" and told.action == "deleted"
        if is_deletion and not self._world.dialect.repository_deletions_are_sent:
            return
        for app, installation in self._audience(told):
            if app.hook.is_active and app.hook.url:
                self._make(app, installation, told)

    def take(self) -> Delivery | None:
        """Take the delivery that is next, if there is one."""
        try:
            return self.pending.popleft()
        except IndexError:
            return None

    def send(self, delivery: Delivery) -> Delivery:
        """Hand a delivery over and log it. Nobody may hold the world's lock meanwhile."""
        self.record(delivery, self.transport(delivery))
        return delivery

    def deliver(
        self, count: int | None = None, *, shuffled: Random | None = None, times: int = 1
    ) -> list[Delivery]:
        """Deliver what waits, or so much of it, and return it.

        Args:
            shuffled: in an order that this draws, instead of that in which it was made.
            times: how often each is delivered: a receiver may get the same twice.
        """
        taken = self._taken(count)
        if shuffled is not None:
            shuffled.shuffle(taken)
        for delivery in taken:
            for _ in range(times):
                self.send(delivery)
        return taken

    def drop(self, count: int | None = None, *, logged: bool = True) -> list[Delivery]:
        """Lose what waits, or so much of it: as failed in the log, or without any trace."""
        taken = self._taken(count)
        for delivery in taken if logged else ():
            self.record(delivery, Attempt(UNREACHED, None))
        return taken

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Make a delivery anew: with the same GUID and the same body."""
        with self._world.lock:
            again = replace(
                delivery,
                database_id=self._world.ids.next("HookDelivery"),
                redelivery=True,
                made_at=self._world.now(),
                delivered_at=None,
                attempt=None,
            )
            self.pending.append(again)
            return again

    def record(self, delivery: Delivery, attempt: Attempt) -> None:
        """Log how a delivery went."""
        with self._world.lock:
            if delivery.attempt is not None:  # the same one once more: another line of the log
                number = self._world.ids.next("HookDelivery")
                delivery = replace(delivery, database_id=number)
            delivery.attempt, delivery.delivered_at = attempt, self._world.now()
            self.log.append(delivery)
            self._forget()

    def kept(self, app: App) -> list[Delivery]:
        """Return what the log still knows of an App's deliveries, the latest first."""
        with self._world.lock:
            self._forget()
            return [one for one in reversed(self.log) if one.app is app]

    def _forget(self) -> None:
        oldest = self._world.now() - RETENTION
        while self.log and (self.log[0].delivered_at or oldest) <= oldest:
            self.log.popleft()

    def _taken(self, count: int | None) -> list[Delivery]:
        with self._world.lock:
            number = len(self.pending) if count is None else count
            return [self.pending.popleft() for _ in range(min(number, len(self.pending)))]

    def _audience(self, told: Happening) -> Iterator[tuple[App, Installation | None]]:
        if told.installation is not None:
            yield told.installation.app, told.installation
        elif isinstance(told.subject, App):
            yield told.subject, None
        else:
            for app in list(self._world.apps.values()):
                repository = told.repository
                installation = app.on(repository.owner) if repository else None
                if installation is not None and _wants(installation, told):
                    yield app, installation

    def _make(self, app: App, installation: Installation | None, told: Happening) -> None:
        written = payload(self.urls, told, installation)
        if self.oddity is not None:
            self.oddity(told.event, written)
        body = json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()
        if len(body) > LARGEST:
            return
        repository = told.repository
        delivery = Delivery(
            database_id=self._world.ids.next("HookDelivery"),
            guid=str(uuid.uuid4()),
            event=told.event,
            action=told.action,
            app=app,
            installation_id=installation.database_id if installation else None,
            repository_id=repository.database_id if repository else None,
            body=body,
            made_at=self._world.now(),
        )
        self.pending.append(delivery)


def _wants(installation: Installation, told: Happening) -> bool:
    """Tell whether an installation gets an event of one of its repositories."""
    repository = told.repository
    if installation.suspended_at or repository is None or not installation.covers(repository):
        return False
    if told.event in DEFAULT_EVENTS:
        return True
    permission = EVENT_PERMISSIONS[told.event]
    return told.event in installation.events and grants(installation.permissions, permission)
