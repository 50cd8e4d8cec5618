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

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunTrigger,
    SyncRun,
)
from dexxy.integrations.services.contributor_identity import contributors_stitch
from dexxy.integrations.services.github.access.lease import Lease, LeaseLostError, lease_taken
from dexxy.integrations.services.github.access.readable import (
    SyncNotPossibleError,
    require_connected,
)
from dexxy.integrations.services.github.access.tokens import installation_client
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.engine.due import repositories_due, repositories_marked
from dexxy.integrations.services.github.engine.marked_threads import MarkedReader
from dexxy.integrations.services.github.engine.reconcile import reconciles_do
from dexxy.integrations.services.github.engine.runs import (
    credential_pause,
    require_unpaused,
    run_fail,
    run_finish,
    run_open,
    run_pause,
    run_stop,
)
from dexxy.integrations.services.github.reading.steps import RepositoryReader

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
    ) -> None:
        self.run = run_open(repository, trigger, sweep=sweep and not goes_on)
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
        """The place in the queue for the next page: the least that is left comes first."""
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
            # A defect of ours is the failure of one repository, not of all on its credential.
            log.exception("sync crashed", repository=self.run.repository.full_name)
            crash = SyncCrashedError(
                f"Dexxy failed on {self.run.repository.full_name} ({type(error).__name__})."
                " The log says more: please report it."
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
                raise
    contributors_stitch(workspace_id=repository.source.workspace_id)
    return turn.run


def credential_work(*, credential_id: int, seconds: float) -> bool:
    """Read whatever is due with a credential, in fair turns, for one time slice.

    Returns: whether something was left when the time was up.

    Raises:
        CredentialBusyError: another process is reading with it.
    """
    credential = Credential.objects.get(pk=credential_id)
    if _is_paused(credential):
        return False
    deadline = timezone.now() + timedelta(seconds=seconds)
    try:
        with lease_taken(credential) as lease, ExitStack() as clients:
            is_unfinished = _take_turns(credential, lease, deadline, clients)
        _stitch_all(credential)
        return is_unfinished
    except LeaseLostError:
        # Whoever took over goes on.
        return False
    finally:
        Credential.objects.filter(pk=credential_id).update(woken_at=None)


def _stitch_all(credential: Credential) -> None:
    """Compare the people who are new or changed, while others may read with the credential."""
    workspaces = GitHubInstallation.objects.filter(credential=credential).values_list("workspace")
    for (workspace_id,) in workspaces.exclude(workspace=None).order_by("workspace").distinct():
        contributors_stitch(workspace_id=workspace_id)


def _take_turns(
    credential: Credential, lease: Lease, deadline: datetime, clients: ExitStack
) -> bool:
    turns: dict[int, Turn] = {}
    reader = MarkedReader(lease, clients)
    while True:
        lease.keep()
        _reconcile(credential, lease)
        _begin_turns(turns, credential, lease, clients)
        # A webhook waits for one request, not for the list of a huge repository.
        marked = repositories_marked(credential)
        waiting = _each(*marked, *reader.unfinished.values())
        _read_marked(reader, credential, [one for one in waiting if one.pk not in turns])
        if turns and not _is_paused(credential):
            with_marks = [repository.pk for repository in marked if repository.pk in turns]
            key = min(with_marks or turns, key=lambda key: turns[key].order)
            if not _goes_on(turns[key], credential):
                del turns[key]
        unfinished = list(reader.unfinished)
        if _is_paused(credential) or not (turns or marked or unfinished):
            _leave_due(unfinished)
            return False
        if timezone.now() >= deadline:
            _leave_due([*turns, *unfinished])
            return bool(turns or unfinished)


def _read_marked(
    reader: MarkedReader, credential: Credential, repositories: Iterable[GitHubRepository]
) -> None:
    """Make a request for each of REPOSITORIES, unless GitHub wants a pause."""
    if _is_paused(credential):
        return
    try:
        for repository in repositories:
            reader.read(repository)
    except errors.RateLimitedError as error:
        credential_pause(credential, error)


def _each(*repositories: GitHubRepository) -> Iterable[GitHubRepository]:
    return {repository.pk: repository for repository in repositories}.values()


def _reconcile(credential: Credential, lease: Lease) -> None:
    try:
        reconciles_do(credential, lease)
    except errors.RateLimitedError as error:
        credential_pause(credential, error)


def _begin_turns(
    turns: dict[int, Turn], credential: Credential, lease: Lease, clients: ExitStack
) -> None:
    """Give a turn to the repositories that are due, as far as there is room."""
    room = MOST_TURNS - len(turns)
    for repository in repositories_due(credential, besides=list(turns))[:room]:
        with suppress(DexxyError):  # written down as a failed run
            turn = Turn(repository, lease, RunTrigger.SCHEDULE)
            clients.enter_context(turn.client)
            turns[repository.pk] = turn


def _is_paused(credential: Credential) -> bool:
    return bool(credential.paused_until and credential.paused_until > timezone.now())


def _goes_on(turn: Turn, credential: Credential) -> bool:
    """Let a repository take its turn; its failure is its own."""
    try:
        return turn.take()
    except errors.RateLimitedError as error:
        run_pause(turn.run, credential, error)
        return False
    except LeaseLostError:
        raise
    except DexxyError:
        return False


def _leave_due(repository_ids: list[int]) -> None:
    GitHubRepository.objects.filter(pk__in=repository_ids).update(next_sync_at=timezone.now())


def _repository(repository_id: int) -> GitHubRepository:
    wanted = GitHubRepository.objects.select_related(
        "source", "installation__credential", "installation__workspace"
    )
    repository = wanted.defer("installation__access_token").get(pk=repository_id)
    require_connected(repository)
    return repository
