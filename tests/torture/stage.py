"""A GitHub, what lies between, and Dexxy in one process at one simulated time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from random import Random
from typing import Final, TypeVar
from unittest.mock import patch

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.db import transaction
from django.test import override_settings

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
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.connecting.installation_link import installation_link
from dexxy.integrations.services.github.connecting.repositories import (
    repository_connect_available,
    repository_set_paused,
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
from dexxy_simulator.graph.scopes import TYPES
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN, covered
from dexxy_simulator.world import World
from tests.factories import make_user, make_workspace
from tests.github_app import app_known, app_registered, described
from tests.simulated import to_dexxy
from tests.torture.clock import SimulatedClock, simulated_clock
from tests.torture.events import EVENTS
from tests.torture.history import History
from tests.torture.killing import killed
from tests.truth import account_differences, differences
from tests.truth_beside_threads import Shown, differences_beside

# Seconds between two looks of Dexxy at what is due, once GitHub is well and all is quiet. Meanwhile
# the log of deliveries is read, the installation compared, all is read and swept, profiles too.
QUIET: Final = (120, 3700)
# Then somebody resumes and connects what they had paused and disconnected.
LATER: Final = (4 * 3600, 31 * 86400, 700)
# What the App needs for these webhooks it asks for in no manifest.
MORE_EVENTS: Final = ("release", "fork")
StageT = TypeVar("StageT", bound="Stage")


# It takes as long as anything else that a short run does.
_key_read = cache(load_pem_private_key)


class Outcome:
    """How a history ended: what happened in it, and what is wrong, each in a line.

    `fell` counts the requests that each kind of fault fell on, and the kills. `kinds` has what the
    steps turned out to be that may be of several kinds, by their places.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.wrong: list[str] = []
        self.fell = Counter[str]()
        self.kinds: dict[int, str] = {}


@contextmanager
def staged(history: History, make: Callable[..., StageT]) -> Iterator[StageT]:
    """Set a history up, and leave nothing of it in the database.

    Args:
        make: of a history, a clock and a server.
    """
    verification._secrets.clear()
    before = transaction.savepoint()
    try:
        with (
            simulated_clock(history.setting.milliseconds) as clock,
            SimulatorServer(World(clock, history.dialect)) as server,
            patch.object(jwt.algorithms, "load_pem_private_key", _key_read),
            override_settings(
                DEXXY_BASE_URL="https://dexxy.example",
                DEXXY_GITHUB_API_URL=server.url,
                DEXXY_GITHUB_GRAPHQL_URL=server.graphql_url,
                DEXXY_GITHUB_WEB_URL=server.url,
            ),
        ):
            yield make(history, clock, server)
    finally:
        asked_to_stop.clear()
        transaction.savepoint_rollback(before)


class Stage:
    """A GitHub with two repositories, and a workspace that follows one or both."""

    def __init__(self, history: History, clock: SimulatedClock, server: SimulatorServer) -> None:
        self.setting, self.outcome = history.setting, Outcome()
        self.clock, self._server, self.world = clock, server, server.world
        self._server.faults.keeps_answers = True
        self._faults: list[tuple[str, Fault]] = []
        self.kill_after: int | None = None
        self.repositories = _populate(self.world)
        self.colony = self.repositories[0].owner
        self.elsewhere = self.world.add_actor("elsewhere", "Organization")
        self._register()
        self.followed = self._follow()
        delivery_logs_expire()
        for number in range(20):
            EVENTS["talk"](self.world, self.repositories[0], Random(number))
        self.world.webhooks.drop(logged=False)
        self.work()

    def _register(self) -> None:
        """Register the App as our manifest says, or with the permission to read contents, too."""
        self._permissions = dict(PERMISSIONS)
        self._app = app_registered(self.world, self.colony)
        if self.setting.reads_contents:
            self._permissions["contents"] = "read"
            events = {*self._app.events, *MORE_EVENTS}
            self.world.change_app(self._app, permissions=self._permissions, events=events)
        self.installation = self.world.install(self._app, self.colony)
        self.world.webhooks.transport = to_dexxy

    def _follow(self) -> list[GitHubRepository]:
        server = self._server
        self._github = GitHubServer(server.url, server.graphql_url, server.url)
        self._known, self.admin = app_known(self.world, self._app, self._github), make_user()
        self._workspace = make_workspace(admin=self.admin)
        self._link()
        count = 2 if self.setting.follows == "both" else 1
        return [self.connect(one) for one in self.repositories[:count]]

    @property
    def _is_by_token(self) -> bool:
        return self.setting.follows == "one by a token"

    def _link(self) -> None:
        """Let the workspace read with the installation, as if its admin came back from GitHub."""
        if not self._is_by_token:
            data = described(self.installation)
            installation_link(
                viewer=self.admin, workspace=self._workspace, app=self._known, data=data
            )

    def connect(self, repository: Repository) -> GitHubRepository:
        """Follow a repository, maybe again."""
        if self._is_by_token:
            return repository_connect_by_token(
                workspace=self._workspace,
                full_name=repository.name_with_owner,
                token=DEMO_TOKEN,
                server=self._github,
            )
        return repository_connect_available(
            viewer=self.admin, workspace=self._workspace, github_id=repository.database_id
        )

    @property
    def is_installed(self) -> bool:
        """Whether the organisation has the App."""
        return self.installation.database_id in self._app.installations

    def install(self) -> None:
        """Install the App anew, and let the workspace read with it."""
        self.installation = self.world.install(self._app, self.colony)
        self._link()

    def permit(self, keeps: Callable[[str], bool]) -> None:
        """Let the App have those of its permissions that it keeps."""
        kept = {name: level for name, level in self._permissions.items() if keeps(name)}
        self.world.change_app(self._app, permissions=kept)
        self.world.accept_permissions(self.installation)

    def go_wrong(self, name: str, fault: Fault) -> None:
        """Let a fault fall on the next requests, and count them by its name."""
        self._faults.append((name, fault))
        self._server.faults.add(fault)

    def work(self) -> None:
        """Do what the scheduler and the workers do with what is due now."""
        with killed(self.kill_after) as is_dead:
            self._work()
        self.outcome.fell["kill"] += is_dead()
        self.kill_after = None
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
        self._give_back()
        self.world.webhooks.deliver()
        self._rest(QUIET)
        for followed, repository in zip(self.followed, self.repositories, strict=False):
            self.connect(repository)
            repository_set_paused(viewer=self.admin, repository_id=followed.pk, paused=False)
        self._rest(LATER)
        self.work()

    def _give_back(self) -> None:
        """Let GitHub be as it was: nothing that it keeps back is true of what is stored."""
        self.world.token_lag, self.world.compute_budget = timedelta(0), None
        self.world.webhooks.oddity = None
        self.colony.requires_sso, self.colony.allows_address = False, True
        for repository in self.repositories:
            if repository.owner is not self.colony:
                self.world.transfer_repository(repository, self.colony, self.colony)
            for feature in features_of(repository):
                setattr(repository, feature, True)
        if not self.is_installed:
            self.install()
        if self.installation.suspended_at:
            self.world.unsuspend(self.installation)
        self.permit(lambda _: True)
        self.world.select_repositories(self.installation, None)

    def _rest(self, pauses: Sequence[float]) -> None:
        for seconds in pauses:
            self.work()
            self.clock.pass_by(seconds)

    def compare(self) -> None:
        """Note what is not as it should be."""
        wrong = self.outcome.wrong
        pairs = list(zip(self.followed, self.repositories, strict=False))
        for followed, repository in pairs:
            followed.refresh_from_db()
            status = followed.sync_status, followed.sync_error
            if status != ("active", ""):
                wrong.append(f"{followed} is {status}")
            found = differences(followed.source, repository, shows_teams=self._shows_teams)
            found |= differences_beside(followed.source, repository, self._shown(repository))
            wrong += [f"{followed} {key}: {fields}" for key, fields in found.items()]
            receipt = followed.runs.filter(state=RunState.DONE).latest("pk").receipt
            wrong += [
                f"{followed} has the receipt {kind}: {line}"
                for kind, line in receipt.items()
                if line["here"] != line["github"]
            ]
        sources = [(one.source, repository) for one, repository in pairs]
        accounts = account_differences(sources, shows_emails=self._shows_emails)
        wrong += [f"{key}: {fields}" for key, fields in accounts.items()]
        wrong += [f"{what} are left: {rows}" for what, rows in _left_over() if rows]

    def _shown(self, repository: Repository) -> Shown:
        """Return what GitHub shows of a repository now beside its threads."""
        dialect = self.world.dialect
        is_open = self._is_by_token or self.setting.reads_contents
        needs = repository.is_private or dialect.graphql_needs_permissions_for_public
        return Shown(
            releases=is_open or not needs,
            commits=is_open or not needs or not dialect.commits_need_contents,
        )

    @property
    def _shows_teams(self) -> bool:
        granted = self.world.scopes_of(self.world.tokens[DEMO_TOKEN])
        return not self._is_by_token or granted is None or covered(TYPES["Team"], granted)

    @property
    def _shows_emails(self) -> bool:
        return self._is_by_token or self.world.dialect.apps_read_emails == "shown"


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
    queen = world.add_actor("queen")
    colony.members = {queen: "admin", world.add_actor("worker"): "member"}
    world.add_token(DEMO_TOKEN, queen)
    for number in range(4):
        bio = f"I am {number}: https://example.com/of/{number}."
        world.add_actor(
            f"ant-{number}", name=f"Ant {number}", company="Firm", location="L", bio=bio
        )
    repositories = [world.add_repository(colony, name) for name in ("hill", "hill-elsewhere")]
    for repository in repositories:
        world.add_category(repository, "Ideas")
        world.add_category(repository, "Q&A", answerable=True)
    return repositories


def features_of(repository: Repository) -> list[str]:
    """Return what of a repository can be switched off."""
    return sorted(
        name for name in vars(repository) if name.startswith("has_") and name.endswith("_enabled")
    )
