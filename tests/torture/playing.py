"""Plays a history: GitHub, what lies between, and Dexxy in one process at one simulated time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from random import Random
from typing import Final
from unittest.mock import patch

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import transaction
from django.test import override_settings

from dexxy.common.errors import DexxyError
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.models import (
    DeliveryState,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    SyncPart,
    SyncProblem,
    WebhookDelivery,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.app_registration import PERMISSIONS
from dexxy.integrations.services.github.connecting.installation_link import installation_link
from dexxy.integrations.services.github.connecting.repositories import (
    repository_connect_available,
    repository_disconnect,
    repository_set_paused,
    repository_sync_now,
)
from dexxy.integrations.services.github.scheduling.schedule import interrupted_release
from dexxy.integrations.services.github.webhooks import verification
from dexxy.integrations.services.github.webhooks.delivery_log import (
    delivery_logs_due,
    delivery_logs_expire,
)
from dexxy.integrations.tasks import (
    drain_deliveries,
    read_delivery_log,
    reconcile_github_installation,
    sync_github_repository,
)
from dexxy.messages.models import Thread
from dexxy_simulator.faults import Fault
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import InstallationToken
from dexxy_simulator.webhooks.deliveries import UNREACHED, Attempt, Delivery
from dexxy_simulator.world import World
from tests.factories import make_user, make_workspace
from tests.github_app import app_known, app_registered, described
from tests.simulated import to_dexxy
from tests.torture.clock import SimulatedClock, simulated_clock
from tests.torture.events import EVENTS, WEIGHTS
from tests.torture.faults import ANSWERS, MOST_AFTER, after, drawn_fault, meanwhile
from tests.torture.history import History, Step
from tests.torture.killing import killed
from tests.truth import account_differences, differences

# Seconds between two looks of Dexxy at what is due, once GitHub is well and all is quiet. Meanwhile
# the log of deliveries is read, the installation compared, all is read and swept, profiles too.
QUIET: Final = (120, 3700)
# Then somebody resumes and connects what they had paused and disconnected.
LATER: Final = (4 * 3600, 31 * 86400, 700)
KINDS: Final = ("issues", "pull_requests", "discussions")
REFUSED: Final = Attempt("Invalid HTTP Response: 500", 500)


# It takes as long as anything else that a short run does.
_key_read = cache(load_pem_private_key)


class Outcome:
    """How a history ended: what happened in it, and what is wrong, each in a line.

    `fell` counts the requests that each kind of fault fell on, and the kills.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.wrong: list[str] = []
        self.fell = Counter[str]()


@contextmanager
def stage_of(history: History) -> Iterator["Stage"]:
    """Set a history up, and leave nothing of it in the database."""
    verification._secrets.clear()
    before = transaction.savepoint()
    try:
        with (
            simulated_clock(Random(history.seed).randrange(1000)) as clock,
            SimulatorServer(World(clock, history.dialect)) as server,
            patch.object(jwt.algorithms, "load_pem_private_key", _key_read),
            override_settings(
                DEXXY_BASE_URL="https://dexxy.example",
                DEXXY_GITHUB_API_URL=server.url,
                DEXXY_GITHUB_GRAPHQL_URL=server.graphql_url,
                DEXXY_GITHUB_WEB_URL=server.url,
            ),
        ):
            yield Stage(history, clock, server)
    finally:
        asked_to_stop.clear()
        transaction.savepoint_rollback(before)


def play(history: History) -> Outcome:
    """Play a history to its end, let all become quiet, and compare what is stored with GitHub."""
    with stage_of(history) as stage:
        for step in history.steps:
            stage.do(step)
        stage.become_quiet()
        stage.compare()
        return stage.outcome


class Stage:
    """A GitHub with two repositories that a workspace follows through an App."""

    def __init__(self, history: History, clock: SimulatedClock, server: SimulatorServer) -> None:
        self.history, self.outcome = history, Outcome()
        self._clock, self._server, self._world = clock, server, server.world
        self._server.faults.keeps_answers = True
        self._faults: list[tuple[str, Fault]] = []
        self._kill_after: int | None = None
        self.repositories = _populate(self._world)
        colony = self.repositories[0].owner
        self._app = app_registered(self._world, colony)
        self._installation = self._world.install(self._app, colony)
        self._world.webhooks.transport = to_dexxy
        self.followed = self._follow()
        delivery_logs_expire()
        for number in range(20):
            EVENTS["talk"](self._world, self.repositories[0], Random(number))
        self._world.webhooks.drop(logged=False)
        self.work()

    def _follow(self) -> list[GitHubRepository]:
        server = self._server
        github = GitHubServer(server.url, server.graphql_url, server.url)
        self._known, self._admin = app_known(self._world, self._app, github), make_user()
        self._workspace = make_workspace(admin=self._admin)
        self._link()
        # What leaves the first goes where nobody follows it, or where somebody does.
        count = 1 + (Random(f"followed in {self.history.seed}").random() < 0.3)
        return [self._connect(one) for one in self.repositories[:count]]

    def _link(self) -> None:
        """Let the workspace read with the installation, as if its admin came back from GitHub."""
        data = described(self._installation)
        installation_link(viewer=self._admin, workspace=self._workspace, app=self._known, data=data)

    def _connect(self, repository: Repository) -> GitHubRepository:
        return repository_connect_available(
            viewer=self._admin, workspace=self._workspace, github_id=repository.database_id
        )

    def do(self, step: Step) -> None:
        """Let one step happen."""
        random = Random(step.seed)
        what: object = ""
        if step.name in EVENTS:
            what = self._happen(step.name, random)
        else:
            what = getattr(self, f"_do_{step.name}")(random)
        self.outcome.told.append(f"{self._clock():%d %H:%M:%S} {step} {what or ''}")

    def _happen(self, name: str, random: Random) -> object:
        repository = random.choice((self.repositories[0], *self.repositories))
        with suppress(LookupError):  # nothing is left to which it could happen
            return EVENTS[name](self._world, repository, random)
        return None

    # What becomes of deliveries.

    def _taken(self, random: Random) -> list[Delivery]:
        """Take some of the deliveries that wait: all, or the first few."""
        waiting = len(self._world.webhooks.pending)
        count = random.choice((waiting, random.randint(0, waiting)))
        taken = (self._world.webhooks.take() for _ in range(count))
        return [one for one in taken if one is not None]

    def _send(self, deliveries: list[Delivery]) -> int:
        for delivery in deliveries:
            self._world.webhooks.send(delivery)
        return len(deliveries)

    def _do_deliver(self, random: Random) -> int:
        return self._send(self._taken(random))

    def _do_drop(self, random: Random) -> int:
        lost = self._taken(random)
        for delivery in lost:
            self._world.webhooks.record(delivery, Attempt(UNREACHED, None))
        return len(lost)

    def _do_drop_without_trace(self, random: Random) -> int:
        return len(self._taken(random))

    def _do_double(self, random: Random) -> int:
        taken = self._taken(random)
        return self._send([*taken, *taken])

    def _do_shuffle(self, random: Random) -> int:
        taken = self._taken(random)
        return self._send(random.sample(taken, len(taken)))

    def _do_refuse(self, random: Random) -> int:
        refused = self._taken(random)
        for delivery in refused:
            self._world.webhooks.record(delivery, REFUSED)
        return len(refused)

    # What becomes of answers.

    def _do_answer(self, random: Random) -> str:
        names = random.sample(list(ANSWERS), random.randint(1, 2))
        for name in names:
            self._add(name, drawn_fault(name, random))
        self._work_when_due(random)
        return ", ".join(names)

    def _add(self, name: str, fault: Fault) -> None:
        self._faults.append((name, fault))
        self._server.faults.add(fault)

    def _do_event_meanwhile(self, random: Random) -> None:
        [name] = random.choices(list(WEIGHTS), list(WEIGHTS.values()))

        def happen() -> None:
            self._happen(name, random)

        self._add("event", Fault(meanwhile(happen), on=after(random.randrange(MOST_AFTER))))
        self._work_when_due(random)

    def _do_lag_of_tokens(self, random: Random) -> None:
        self._world.token_lag = timedelta(seconds=random.randrange(4))

    def _do_revoke_tokens(self, _: Random) -> None:
        tokens = self._world.tokens.items()
        own = [key for key, one in tokens if isinstance(one, InstallationToken)]
        self._world.revoke_tokens(own)

    # What becomes of access.

    def _do_suspend(self, _: Random) -> None:
        if self._installation.suspended_at:
            self._world.unsuspend(self._installation)
        else:
            self._world.suspend(self._installation)

    def _do_select_repositories(self, random: Random) -> None:
        chosen = random.choice((None, self.repositories[:1], self.repositories[1:], []))
        self._world.select_repositories(self._installation, chosen)

    def _do_permissions(self, random: Random) -> str:
        kinds = random.sample(KINDS, random.randint(0, 3))
        self._permit({k: v for k, v in PERMISSIONS.items() if k not in KINDS or k in kinds})
        return ",".join(kinds)

    def _permit(self, permissions: dict[str, str]) -> None:
        self._world.change_app(self._app, permissions=permissions)
        self._world.accept_permissions(self._installation)

    def _do_features(self, random: Random) -> str:
        repository = random.choice(self.repositories)
        feature = random.choice(_features(repository))
        with self._world.lock:
            setattr(repository, feature, not getattr(repository, feature))
        return f"{feature}={getattr(repository, feature)}"

    def _do_uninstall(self, _: Random) -> str:
        if self._installation.database_id in self._app.installations:
            self._world.uninstall(self._installation)
            return "removed"
        self._installation = self._world.install(self._app, self._installation.account)
        self._link()
        return "installed"

    # What people do in Dexxy.

    def _do_person(self, random: Random) -> str:
        """Pause, resume, ask for a sync, disconnect or connect a repository."""
        choice = random.choice(("pause", "resume", "sync", "disconnect", "connect"))
        place = random.randrange(len(self.followed))
        admin, pk = self._admin, self.followed[place].pk
        with suppress(DexxyError):  # it is so already, or GitHub does not allow it now
            if choice in ("pause", "resume"):
                repository_set_paused(viewer=admin, repository_id=pk, paused=choice == "pause")
            elif choice == "connect":
                self._connect(self.repositories[place])
            elif choice == "sync":
                repository_sync_now(viewer=admin, repository_id=pk)
            else:
                repository_disconnect(viewer=admin, repository_id=pk)
        return choice

    # What Dexxy does, and time.

    def _do_kill(self, random: Random) -> None:
        self._kill_after = random.choice((0, 50, 150)) + random.randrange(50)
        self._work_when_due(random)

    def _do_work(self, _: Random) -> None:
        self.work()

    def _work_when_due(self, random: Random) -> None:
        """Let Dexxy work when there is something to do: a sync, or all that it does by the hour."""
        self._clock.pass_by(random.choice((620, 620, 3700)))
        self.work()

    def _do_moment(self, random: Random) -> None:
        self._clock.pass_by(random.uniform(0, 5))

    def _do_minutes(self, random: Random) -> None:
        self._clock.pass_by(random.uniform(30, 900))

    def _do_hours(self, random: Random) -> None:
        self._clock.pass_by(random.uniform(3000, 10_000))

    def _do_day(self, random: Random) -> None:
        self._clock.pass_by(random.uniform(70_000, 100_000))

    def work(self) -> None:
        """Do what the scheduler and the workers do with what is due now."""
        with killed(self._kill_after) as is_dead:
            self._work()
        self.outcome.fell["kill"] += is_dead()
        self._kill_after = None
        asked_to_stop.clear()

    def _work(self) -> None:
        drain_deliveries()
        for app_pk in delivery_logs_due():
            read_delivery_log(app_pk)
        drain_deliveries()
        interrupted_release()
        for installation in GitHubInstallation.objects.due():
            reconcile_github_installation(installation.pk)
        waiting = (GitHubRepository.objects.marked(), GitHubRepository.objects.due())
        for repository in [one for some in waiting for one in some]:
            sync_github_repository(repository.pk, only_if_due=True)

    def become_quiet(self) -> None:
        """End all faults, give back what was taken, deliver what is late, and let time go by."""
        self._server.faults.clear()
        for name, fault in self._faults:
            self.outcome.fell[name] += fault.happened
        self._world.token_lag = timedelta(0)
        if self._installation.database_id not in self._app.installations:
            self._do_uninstall(Random())
        if self._installation.suspended_at:
            self._world.unsuspend(self._installation)
        self._permit(PERMISSIONS)
        self._world.select_repositories(self._installation, None)
        for repository in self.repositories:
            for feature in _features(repository):
                setattr(repository, feature, True)
        self._world.webhooks.deliver()
        self._rest(QUIET)
        for followed, repository in zip(self.followed, self.repositories, strict=False):
            self._connect(repository)
            repository_set_paused(viewer=self._admin, repository_id=followed.pk, paused=False)
        self._rest(LATER)
        self.work()

    def _rest(self, pauses: Sequence[float]) -> None:
        for seconds in pauses:
            self.work()
            self._clock.pass_by(seconds)

    def compare(self) -> None:
        """Note what is not as it should be."""
        wrong = self.outcome.wrong
        pairs = list(zip(self.followed, self.repositories, strict=False))
        for followed, repository in pairs:
            followed.refresh_from_db()
            status = followed.sync_status, followed.sync_error
            if status != ("active", ""):
                wrong.append(f"{followed} is {status}")
            found = differences(followed.source, repository)
            wrong += [f"{followed} {key}: {fields}" for key, fields in found.items()]
            receipt = followed.runs.filter(state=RunState.DONE).latest("pk").receipt
            wrong += [
                f"{followed} has the receipt {kind}: {line}"
                for kind, line in receipt.items()
                if line["here"] != line["github"]
            ]
        accounts = account_differences([(one.source, repository) for one, repository in pairs])
        wrong += [f"{key}: {fields}" for key, fields in accounts.items()]
        wrong += [f"{what} are left: {rows}" for what, rows in _left_over() if rows]


def _left_over() -> Iterator[tuple[str, list[object]]]:
    """Return what should be empty at rest."""
    waiting = [DeliveryState.PENDING, DeliveryState.FAILED]
    deliveries = WebhookDelivery.objects.filter(state__in=waiting)
    marked = Thread.objects.filter(refetch_at__isnull=False, is_archived=False)
    yield "deliveries", list(deliveries.values_list("event", "action", "state", "error")[:5])
    yield "marks", list(marked.values_list("kind", "number", "refetch_at")[:5])
    yield "parts", list(SyncPart.objects.values()[:5])
    yield "problems", list(SyncProblem.objects.values("thread_kind", "number", "error")[:5])


def _populate(world: World) -> list[Repository]:
    """Make an organisation with two repositories, and people who use them."""
    colony = world.add_actor("colony", "Organization")
    colony.members = {world.add_actor("queen"): "admin", world.add_actor("worker"): "member"}
    for number in range(4):
        bio = f"I am {number}."
        world.add_actor(
            f"ant-{number}", name=f"Ant {number}", company="Firm", location="L", bio=bio
        )
    repositories = [world.add_repository(colony, name) for name in ("hill", "hill-elsewhere")]
    for repository in repositories:
        world.add_category(repository, "Ideas")
        world.add_category(repository, "Q&A", answerable=True)
    return repositories


def _features(repository: Repository) -> list[str]:
    return sorted(
        name for name in vars(repository) if name.startswith("has_") and name.endswith("_enabled")
    )
