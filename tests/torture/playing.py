"""Plays a history: what happens at GitHub, what lies between, and what Dexxy does, step by step."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import Final

from dexxy.common.errors import DexxyError
from dexxy.integrations.services.github.connecting.repositories import (
    repository_disconnect,
    repository_set_paused,
    repository_sync_now,
)
from dexxy_simulator.faults import Fault, passing_gaps, passing_troubles
from dexxy_simulator.tokens import ComputeBudget, InstallationToken, Resource
from dexxy_simulator.webhooks.deliveries import UNREACHED, Attempt, Delivery
from dexxy_simulator.webhooks.oddities import drawn_oddity
from tests.torture.events import EVENTS, TELLING, WEIGHTS
from tests.torture.faults import ANSWERS, MOST_AFTER, after, drawn_fault, meanwhile
from tests.torture.history import History, Step
from tests.torture.stage import Outcome, Stage, features_of, staged

KINDS: Final = ("issues", "pull_requests", "discussions", "contents")
REFUSED: Final = Attempt("Invalid HTTP Response: 500", 500)


def play(history: History) -> Outcome:
    """Play a history to its end, let all become quiet, and compare what is stored with GitHub."""
    with staged(history, Playing) as playing:
        for place, step in enumerate(history.steps):
            playing.do(step, place)
        playing.become_quiet()
        playing.compare()
        return playing.outcome


class Playing(Stage):
    """A stage on which something happens."""

    def do(self, step: Step, place: int) -> None:
        """Let one step happen, the one at a place of its history."""
        random, what = Random(step.seed), ""
        if step.name in EVENTS:
            what = self._happen(step.name, random, step.kind)
            if step.name in TELLING:
                self.outcome.kinds[place] = what
        elif step.name == "answer":
            what = self.outcome.kinds[place] = self._answer(random, step.kind)
        elif step.name == "event_meanwhile":
            self._meet(random, step.kind, lambda kind: self.outcome.kinds.update({place: kind}))
        else:
            what = str(getattr(self, f"_do_{step.name}")(random) or "")
        self.outcome.told.append(f"{self.clock():%d %H:%M:%S} {step} {what}")

    def _happen(self, name: str, random: Random, kind: str = "") -> str:
        """Let an event happen, if it can; returns which of its kinds it was, or what it tells."""
        repository = random.choice((self.repositories[0], *self.repositories))
        given = {"what": kind} if kind else {}
        with suppress(LookupError):  # nothing is left to which it could happen
            return str(EVENTS[name](self.world, repository, random, **given) or "")
        return ""

    # What becomes of deliveries.

    def _taken(self, random: Random) -> list[Delivery]:
        """Take some of the deliveries that wait: all, or the first few."""
        waiting = len(self.world.webhooks.pending)
        count = random.choice((waiting, random.randint(0, waiting)))
        taken = (self.world.webhooks.take() for _ in range(count))
        return [one for one in taken if one is not None]

    def _send(self, deliveries: list[Delivery]) -> int:
        for delivery in deliveries:
            self.world.webhooks.send(delivery)
        return len(deliveries)

    def _do_deliver(self, random: Random) -> int:
        return self._send(self._taken(random))

    def _do_drop(self, random: Random) -> int:
        lost = self._taken(random)
        for delivery in lost:
            self.world.webhooks.record(delivery, Attempt(UNREACHED, None))
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
            self.world.webhooks.record(delivery, REFUSED)
        return len(refused)

    def _do_odd_webhooks(self, random: Random) -> str:
        """Let some of what is told from now on be of odd shapes, or no more."""
        is_odd = self.world.webhooks.oddity is not None
        self.world.webhooks.oddity = None if is_odd else drawn_oddity(random.getrandbits(32), 0.4)
        return "no more" if is_odd else ""

    # What becomes of answers.

    def _answer(self, random: Random, kinds: str = "") -> str:
        """Let some answers fail, of kinds that are drawn unless told; returns the kinds."""
        drawn = random.sample(list(ANSWERS), random.randint(1, 2))
        names, seed = kinds.split(",") if kinds else drawn, random.getrandbits(32)
        for name in names:
            self.go_wrong(name, drawn_fault(name, Random(seed)))
        self._work_when_due(random)
        return ",".join(names)

    def _meet(self, random: Random, kind: str, note: Callable[[str], None]) -> None:
        """Let an event happen between two requests.

        Args:
            kind: the event and its own kind, behind a slash; drawn unless told.
            note: is told it when it happens.
        """
        [drawn] = random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        name, _, of_event = (kind or drawn).partition("/")
        seed = random.getrandbits(32)
        note(name)

        def happen() -> None:
            happened = self._happen(name, Random(seed), of_event)
            note(f"{name}/{happened}" if name in TELLING else name)

        condition = after(random.randrange(MOST_AFTER))
        self.go_wrong("event", Fault(meanwhile(happen), on=condition))
        self._work_when_due(random)

    def _do_troubles(self, random: Random) -> str:
        """Let answers fail here and there, or keep something back, until all becomes quiet."""
        make = random.choice((passing_troubles, passing_gaps))
        self.go_wrong(make.__name__, make(random.getrandbits(32), chance=0.1))
        return make.__name__

    def _do_compute_budget(self, random: Random) -> str:
        """Let answers be too heavy for GitHub from now on, or no more."""
        weight, points = random.choice((60, 150, 400)), random.choice((1, 10, 50))
        is_set = self.world.compute_budget is not None
        self.world.compute_budget = None if is_set else ComputeBudget(weight, points)
        self._work_when_due(random)
        return "no more" if is_set else f"{weight}"

    def _do_points(self, random: Random) -> str:
        """Spend what is left of the hour, in the REST API or in GraphQL."""
        resources: tuple[Resource, ...] = ("core", "graphql")
        resource = random.choice(resources)
        for token in list(self.world.tokens.values()):
            bucket = self.world.bucket(token, resource)
            bucket.spend(bucket.limit)
        self._work_when_due(random)
        return resource

    def _do_lag_of_tokens(self, random: Random) -> None:
        self.world.token_lag = timedelta(seconds=random.randrange(4))

    def _do_revoke_tokens(self, _: Random) -> None:
        tokens = self.world.tokens.items()
        own = [key for key, one in tokens if isinstance(one, InstallationToken)]
        self.world.revoke_tokens(own)

    # What becomes of access.

    def _do_suspend(self, _: Random) -> None:
        if self.installation.suspended_at:
            self.world.unsuspend(self.installation)
        else:
            self.world.suspend(self.installation)

    def _do_select_repositories(self, random: Random) -> None:
        chosen = random.choice((None, self.repositories[:1], self.repositories[1:], []))
        self.world.select_repositories(self.installation, chosen)

    def _do_move_repository(self, random: Random) -> str:
        """Give a repository to an organisation that does not have the App, or take it back."""
        repository = random.choice(self.repositories)
        target = self.elsewhere if repository.owner is self.colony else self.colony
        self.world.transfer_repository(repository, target, target)
        return f"{repository.name} to {target.login}"

    def _do_single_sign_on(self, _: Random) -> str:
        """Let the organisation ask its members' tokens for single sign-on, or not any more."""
        self.colony.requires_sso = not self.colony.requires_sso
        return f"{self.colony.requires_sso}"

    def _do_address(self, _: Random) -> str:
        """Let the organisation show what is private to other addresses alone, or to ours, too."""
        self.colony.allows_address = not self.colony.allows_address
        return f"{self.colony.allows_address}"

    def _do_permissions(self, random: Random) -> str:
        kinds = random.sample(KINDS, random.randint(0, len(KINDS)))
        self.permit(lambda name: name not in KINDS or name in kinds)
        return ",".join(kinds)

    def _do_features(self, random: Random) -> str:
        repository = random.choice(self.repositories)
        feature = random.choice(features_of(repository))
        with self.world.lock:
            setattr(repository, feature, not getattr(repository, feature))
        return f"{feature}={getattr(repository, feature)}"

    def _do_uninstall(self, _: Random) -> str:
        if self.is_installed:
            self.world.uninstall(self.installation)
            return "removed"
        self.install()
        return "installed"

    # What people do in Dexxy.

    def _do_person(self, random: Random) -> str:
        """Pause, resume, ask for a sync, disconnect or connect a repository."""
        choice = random.choice(("pause", "resume", "sync", "disconnect", "connect"))
        place = random.randrange(len(self.followed))
        admin, pk = self.admin, self.followed[place].pk
        with suppress(DexxyError):  # it is so already, or GitHub does not allow it now
            if choice in ("pause", "resume"):
                repository_set_paused(viewer=admin, repository_id=pk, paused=choice == "pause")
            elif choice == "connect":
                self.connect(self.repositories[place])
            elif choice == "sync":
                repository_sync_now(viewer=admin, repository_id=pk)
            else:
                repository_disconnect(viewer=admin, repository_id=pk)
        return choice

    # What Dexxy does, and time.

    def _do_kill(self, random: Random) -> None:
        self.kill_after = random.choice((0, 50, 150)) + random.randrange(50)
        self._work_when_due(random)

    def _do_work(self, _: Random) -> None:
        self.work()

    def _work_when_due(self, random: Random) -> None:
        """Let Dexxy work when there is something to do: a sync, or all that it does by the hour."""
        self.clock.pass_by(random.choice((620, 620, 3700)))
        self.work()

    def _do_moment(self, random: Random) -> None:
        self.clock.pass_by(random.uniform(0, 5))

    def _do_minutes(self, random: Random) -> None:
        self.clock.pass_by(random.uniform(30, 900))

    def _do_hours(self, random: Random) -> None:
        self.clock.pass_by(random.uniform(3000, 10_000))

    def _do_day(self, random: Random) -> None:
        self.clock.pass_by(random.uniform(70_000, 100_000))
