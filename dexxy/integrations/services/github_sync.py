"""The sync engine: one holder a credential reads its repositories in turns.

Before each page it looks what is due, and takes the repository that has the least left: neither
a new one nor a small one waits for a huge one.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop
from structlog.contextvars import bound_contextvars

from dexxy.common.errors import DexxyError
from dexxy.common.sql import is_database_away
from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunTrigger,
    SyncRun,
)
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.integrations.services.github.access.lease import (
    CredentialBusyError,
    Lease,
    LeaseGivenUpError,
    LeaseLostError,
    lease_taken,
)
from dexxy.integrations.services.github.access.readable import (
    SyncNotPossibleError,
    require_readable,
)
from dexxy.integrations.services.github.access.repository_state import due_at_once
from dexxy.integrations.services.github.access.tokens import installation_client
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.reading.glance import Glance
from dexxy.integrations.services.github.reading.steps import RepositoryReader
from dexxy.integrations.services.github.scheduling.glances import Glances
from dexxy.integrations.services.github.scheduling.pauses import (
    credential_pause,
    require_unpaused,
)
from dexxy.integrations.services.github.scheduling.reconcile import reconciles_do
from dexxy.integrations.services.github.scheduling.refetch_turns import MarkedReader
from dexxy.integrations.services.github.scheduling.runs import (
    run_fail,
    run_finish,
    run_open,
    run_pause,
    run_stop,
)

log = structlog.get_logger()

# A huge repository gives way to all that are smaller, but not for longer than this.
LONGEST_WAIT = timedelta(seconds=60)
# Repositories that are read at the same time: each has a connection of its own.
MOST_TURNS = 20

OnPage = Callable[[SyncRun], None]


class SyncCrashedError(DexxyError):
    """A defect of Dexxy ended the run."""

    code = "sync_crashed"
    retryable = True


class Turn:
    """One repository's part in the turns: its run, and a client with its installation's token."""

    def __init__(
        self,
        repository: GitHubRepository,
        lease: Lease,
        trigger: RunTrigger,
        *,
        sweep: bool = False,
        goes_on: bool = False,
        glance: Glance | None = None,
    ) -> None:
        self.run = run_open(repository, trigger, sweep=sweep and not goes_on, glance=glance)
        self.client = installation_client(repository.installation)
        self._reader = RepositoryReader(
            client=self.client,
            repository=repository,
            run=self.run,
            lease=lease,
            sweep_pages=None if sweep else settings.DEXXY_SWEEP_PAGES,
        )
        self._lease = lease
        self._last_taken_at = timezone.now()

    @property
    def order(self) -> tuple[bool, int]:
        """Who gets the next page: whoever has waited long, then whoever has the least left."""
        has_waited = timezone.now() - self._last_taken_at > LONGEST_WAIT
        return not has_waited, self._reader.threads_left

    def take(self) -> bool:
        """Read one page. Returns whether the run goes on.

        Raises:
            RateLimitedError: GitHub wants a pause.
            LeaseLostError: another process has taken over.
            SyncNotPossibleError: a person paused or disconnected the repository meanwhile.
            DexxyError: the run failed; that is written down already.
        """
        self._last_taken_at = timezone.now()
        with bound_contextvars(workspace=self.run.repository.source.workspace_id, run=self.run.pk):
            return self._take()

    def _take(self) -> bool:
        try:
            if self._reader.step():
                return True
        except (errors.RateLimitedError, LeaseLostError):
            raise
        except SyncNotPossibleError as error:
            run_stop(self.run, error)
            raise
        except DexxyError as error:
            run_fail(self.run, error)
            raise
        except Exception as error:
            if is_database_away(error):
                raise  # Nothing can be written down, and it is no repository's fault.
            # A defect of ours is the failure of one repository, not of all on its credential.
            log.exception("sync crashed", repository=self.run.repository.full_name)
            crash = SyncCrashedError(
                gettext_noop(
                    "Dexxy failed on {repository}. The log of the worker says more: report it."
                ).format(repository=self.run.repository.full_name)
            )
            run_fail(self.run, crash)
            raise crash from error
        self._lease.renew()
        run_finish(self.run)
        return False


def repository_sync(
    *,
    repository_id: int,
    trigger: RunTrigger,
    sweep: bool = False,
    goes_on: bool = False,
    on_page: OnPage = lambda run: None,
) -> SyncRun:
    """Sync one repository to its end, here and now.

    Args:
        sweep: compare every thread with GitHub, whether a sweep is due or under way or not.
        goes_on: this is the same sync again after a pause of GitHub's: its sweep goes on.
        on_page: called after each page that was stored.

    Raises:
        SyncNotPossibleError: the repository is paused or disconnected.
        CredentialBusyError: another process is reading with the same credential.
        RateLimitedError: GitHub wants a pause; the run is paused and its credential with it.
        DexxyError: the run failed; the error is written to run and repository.
    """
    repository = _repository(repository_id)
    credential = repository.installation.credential
    assert credential is not None, "a connected installation has a credential"
    with lease_taken(credential) as lease:
        turn = Turn(repository, lease, trigger, sweep=sweep, goes_on=goes_on)
        with turn.client:
            try:
                require_unpaused(credential)
                while turn.take():
                    on_page(turn.run)
            except errors.RateLimitedError as error:
                run_pause(turn.run, credential, error)
                # It may be a longer pause than GitHub named.
                require_unpaused(credential)
                raise
    contributors_stitch(workspace_id=repository.source.workspace_id)
    return turn.run


def repository_work(*, repository_id: int, at_once: bool, seconds: float) -> bool:
    """Read a repository for one time slice, in turns with what else is due on its credential.

    Args:
        at_once: read it whether it is due or not.

    Returns: whether something was left when the time was up that nobody else reads.
    """
    repository = GitHubRepository.objects.filter(pk=repository_id)
    credential_id = repository.values_list("installation__credential_id", flat=True).first()
    if credential_id is None:
        log.info("nothing to sync: not connected", repository_id=repository_id)
        return False
    if at_once:
        due_at_once(repository)
    return _work_unless_busy(credential_id, seconds)


def installation_work(*, installation_id: int, seconds: float) -> bool:
    """Compare an installation with GitHub, in turns with what else is due on its credential.

    Args:
        installation_id: the primary key of its row.

    Returns: whether something was left when the time was up that nobody else reads.
    """
    installation = GitHubInstallation.objects.filter(pk=installation_id)
    credential_id = installation.values_list("credential_id", flat=True).first()
    return credential_id is not None and _work_unless_busy(credential_id, seconds)


def _work_unless_busy(credential_id: int, seconds: float) -> bool:
    try:
        return credential_work(credential_id=credential_id, seconds=seconds)
    except CredentialBusyError:
        # Who reads with it sees what is due, and gives it its turns.
        return False


def credential_work(*, credential_id: int, seconds: float) -> bool:
    """Read whatever is due with a credential, in fair turns, for one time slice.

    Returns: whether something was left when the time was up.

    Raises:
        CredentialBusyError: another process is reading with it.
    """
    credential = Credential.objects.get(pk=credential_id)
    if credential.is_paused:
        return False
    deadline = timezone.now() + timedelta(seconds=seconds)
    try:
        with (
            bound_contextvars(credential=credential.pk),
            lease_taken(credential) as lease,
            ExitStack() as clients,
        ):
            is_unfinished = Slice(credential, lease, clients).read_until(deadline)
        _stitch_all(credential)
        return is_unfinished
    except LeaseLostError:
        # Whoever took over goes on.
        return False
    finally:
        Credential.objects.filter(pk=credential_id).update(woken_at=None)


class Slice:
    """One time slice of the holder of a lease, who reads what is due with its credential.

    Args:
        clients: closes the connections to GitHub when the slice ends.
    """

    def __init__(self, credential: Credential, lease: Lease, clients: ExitStack) -> None:
        self._credential = credential
        self._lease = lease
        self._clients = clients
        self._turns: dict[int, Turn] = {}
        self._marked = MarkedReader(lease, clients)
        self._glances = Glances(credential, lease, clients)

    def read_until(self, deadline: datetime) -> bool:
        """Read until nothing is due any more, GitHub wants a pause, or it is DEADLINE.

        Each round reads a page of one repository, after what need not wait for a page.

        Returns: whether something is left that can be read at once.

        Raises:
            LeaseLostError: another process has taken over.
        """
        try:
            while self._round_goes_on():
                if timezone.now() >= deadline:
                    return self._leave_rest_due()
        except LeaseGivenUpError:
            self._leave_rest_due()
            return True
        return False

    def _round_goes_on(self) -> bool:
        """Do one round. Returns whether there is another."""
        self._lease.keep()
        self._reconcile()
        has_looked = self._look()
        self._begin_turns()
        marked = GitHubRepository.objects.marked().read_with(self._credential.pk).order_by("pk")
        waiting = list(marked)
        self._read_marked(waiting)
        self._take_turn(waiting)
        unfinished = self._marked.unfinished
        has_more = bool(self._turns or waiting or unfinished or has_looked)
        if self._credential.is_paused or not has_more:
            _leave_due(unfinished)
            return False
        return True

    def _leave_rest_due(self) -> bool:
        """Make due what this slice leaves. Returns whether it leaves something."""
        rest = [*self._turns, *self._marked.unfinished]
        _leave_due(rest)
        return bool(rest) or self._glances.are_due

    def _reconcile(self) -> None:
        """Compare with GitHub which installations and repositories are due for that."""
        try:
            reconciles_do(self._credential, self._lease)
        except errors.RateLimitedError as error:
            credential_pause(self._credential, error)

    def _look(self) -> bool:
        """Look which of those that time makes due have news. Returns whether there were any."""
        if self._credential.is_paused:
            return False
        try:
            return self._glances.look()
        except errors.RateLimitedError as error:
            credential_pause(self._credential, error)
            return False

    def _begin_turns(self) -> None:
        """Give a turn to the repositories that are due, as far as there is room."""
        if self._credential.is_paused:
            return
        room = MOST_TURNS - len(self._turns)
        due = GitHubRepository.objects.due().read_with(self._credential.pk)
        not_looked_at = self._glances.waiting().values("pk")
        for repository in due.exclude(pk__in=self._turns).exclude(pk__in=not_looked_at)[:room]:
            with suppress(DexxyError):  # written down as a failed run
                glance = self._glances.of(repository)
                turn = Turn(repository, self._lease, RunTrigger.SCHEDULE, glance=glance)
                self._clients.enter_context(turn.client)
                self._turns[repository.pk] = turn

    def _read_marked(self, marked: Iterable[GitHubRepository]) -> None:
        """Make a request for each repository with marked threads, or with what those left over.

        A webhook waits for one request, and not for the list of a huge repository. What has a turn
        reads its marked threads itself.
        """
        if self._credential.is_paused:
            return
        every = {one.pk: one for one in (*marked, *self._marked.unfinished.values())}
        try:
            for repository in every.values():
                if repository.pk not in self._turns:
                    self._marked.read(repository)
        except errors.RateLimitedError as error:
            credential_pause(self._credential, error)

    def _take_turn(self, marked: Iterable[GitHubRepository]) -> None:
        """Let one repository read a page: one with marked threads if there is any among them."""
        if not self._turns or self._credential.is_paused:
            return
        with_marks = [one.pk for one in marked if one.pk in self._turns]
        key = min(with_marks or self._turns, key=lambda key: self._turns[key].order)
        if not self._goes_on(self._turns[key]):
            del self._turns[key]

    def _goes_on(self, turn: Turn) -> bool:
        """Let a repository take its turn; its failure is its own."""
        try:
            return turn.take()
        except errors.RateLimitedError as error:
            run_pause(turn.run, self._credential, error)
            return False
        except LeaseLostError:
            raise
        except DexxyError:
            return False


def _leave_due(repository_ids: Iterable[int]) -> None:
    due_at_once(GitHubRepository.objects.filter(pk__in=list(repository_ids)))


def _stitch_all(credential: Credential) -> None:
    """Compare the people who are new or changed, while others may read with the credential."""
    workspaces = credential.installations.linked().values_list("workspace_id", flat=True)
    for workspace_id in workspaces.order_by("workspace_id").distinct():
        assert workspace_id is not None, "a linked installation has a workspace"
        contributors_stitch(workspace_id=workspace_id)


def _repository(repository_id: int) -> GitHubRepository:
    wanted = GitHubRepository.objects.select_related(
        "source", "installation__credential", "installation__workspace"
    )
    repository = wanted.get(pk=repository_id)
    require_readable(repository)
    return repository
