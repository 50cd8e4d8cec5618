"""The life of a run: every sync is a row that says how it went."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dexxy.common.counts import counts
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    LEFT_OUT,
    Credential,
    GitHubRepository,
    RunState,
    RunTrigger,
    StreamName,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.access.readable import (
    SyncNotPossibleError,
    require_readable,
)
from dexxy.integrations.services.github.access.repository_state import (
    run_done,
    run_failed,
    run_opened,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.reading.budgets import sweep_room
from dexxy.integrations.services.github.reading.edited_comments import EDITS
from dexxy.integrations.services.github.reading.glance import Glance
from dexxy.integrations.services.github.reading.receipt import is_sweep_wanted, receipt_write
from dexxy.integrations.services.github.reading.releases import DAILY, daily_lists_due
from dexxy.integrations.services.github.reading.request_sizes import suspicions_forget
from dexxy.integrations.services.github.reading.scans import (
    SWEEPS,
    THREAD_LISTS,
    streams_ensure,
)
from dexxy.integrations.services.github.scheduling.intervals import at_most_as_set, next_look
from dexxy.integrations.services.github.scheduling.pauses import credential_pause
from dexxy.integrations.services.github.scheduling.run_history import runs_prune
from dexxy.messages.ingest.recount import identities_recount
from dexxy.messages.models import ThreadKind

log = structlog.get_logger()

# How long to leave a repository alone after something that may pass by itself.
RETRY_LATER = timedelta(minutes=2)
# The same after what hardly passes by itself.
RETRY_UNLIKELY = timedelta(minutes=10)
# How often to look whether access that was lost has come back.
LOOK_FOR_LOST = timedelta(hours=1)


@transaction.atomic
def run_open(
    repository: GitHubRepository,
    trigger: RunTrigger,
    *,
    sweep: bool = False,
    glance: Glance | None = None,
) -> SyncRun:
    """Go on with the repository's open run, or start one.

    Args:
        trigger: why it is read now; a person who asked for it is the better reason than a schedule.
        sweep: begin a sweep, whether it is due or under way or not.
        glance: what has just shown that nothing changed in the lists of threads: a new run leaves
            them out.

    Raises:
        SyncNotPossibleError: the repository is paused or disconnected.
    """
    if run_opened(repository) and trigger == RunTrigger.SCHEDULE:
        trigger = RunTrigger.MANUAL
    # A person may have paused it since it was chosen: then all of this is rolled back.
    require_readable(repository)
    run, is_new = SyncRun.objects.get_or_create(
        repository=repository,
        state__in=[RunState.RUNNING, RunState.PAUSED],
        defaults={"state": RunState.RUNNING, "trigger": trigger, "started_at": timezone.now()},
    )
    if is_new:
        streams_ensure(repository, (*THREAD_LISTS, *EDITS, *DAILY))
        run.receipt = glance.receipt if glance else {}
        lists = [name for name, kind in THREAD_LISTS.items() if kind not in run.receipt]
        repository.streams.filter(name__in=[*lists, *EDITS]).update(is_done=False)
        daily_lists_due(repository)
    if sweep or is_sweep_due(repository):
        _sweep_begin(repository, anew=sweep)
    _leave_out(repository)
    run.state = RunState.RUNNING
    run.save()
    return run


def _leave_out(repository: GitHubRepository) -> None:
    """Let the lists rest of threads that the workspace does not take in."""
    workspace = repository.installation.workspace
    if workspace is None or workspace.thread_kinds is None:
        return
    left = StreamName.of_kinds(set(ThreadKind.values) - set(workspace.thread_kinds))
    repository.streams.filter(name__in=left).update(is_done=True, refusal=LEFT_OUT)


def is_sweep_due(repository: GitHubRepository) -> bool:
    """Say whether it is time for a sweep, and sweeps may spend points now."""
    due = repository.next_sweep_at is not None and repository.next_sweep_at <= timezone.now()
    return due and sweep_room(repository.installation.credential_id) > 0


def _sweep_begin(repository: GitHubRepository, *, anew: bool) -> None:
    """Begin a sweep; unless ANEW, one that is under way goes on."""
    streams_ensure(repository, SWEEPS, is_done=True)
    sweeps = repository.streams.filter(name__in=SWEEPS)
    if anew or not sweeps.filter(is_done=False).exists():
        repository.parts.exclude(sweep=None).update(sweep=None)
        sweeps.update(
            is_done=False,
            cursor="",
            scan_started_at=None,
            read=0,
            swept_until=None,
            swept_numbers=[],
            met={},
        )
        repository.sweep_began_at = timezone.now()
    repository.next_sweep_at = None
    repository.save(update_fields=["next_sweep_at", "sweep_began_at", "updated_at"])


def run_pause(run: SyncRun, credential: Credential, error: errors.RateLimitedError) -> None:
    """Leave GitHub alone as `credential_pause` does, and pause RUN whatever state it is in."""
    with transaction.atomic():
        credential_pause(credential, error)
        run.state = RunState.PAUSED
        run.save()


def run_stop(run: SyncRun, error: SyncNotPossibleError) -> None:
    """End a run because a person wants it; where they only paused it, it can go on later."""
    if not SyncRun.objects.filter(pk=run.pk, finished_at=None).exists():
        return  # Who disconnected the repository has said why.
    paused = GitHubRepository.objects.filter(pk=run.repository_id, sync_status=SyncStatus.PAUSED)
    if paused.exists():
        run.state = RunState.PAUSED
    else:
        run.state, run.finished_at = RunState.STOPPED, timezone.now()
        run.error, run.error_code = str(error), error.code
    run.save()
    log.info("sync stopped", repository=run.repository.full_name, reason=str(error))


def run_fail(run: SyncRun, error: DexxyError) -> None:
    """Write down why a run ended; the next one goes on where it was."""
    lost = isinstance(error, (errors.NotFoundError, errors.AccessDeniedError))
    is_down = isinstance(error, (errors.GitHubUnreachableError, errors.GitHubServerError))
    next_sync_at = _look_for_lost(run.repository) if lost else _retry_at(error)
    with transaction.atomic():
        run_failed(run.repository, str(error), next_sync_at=next_sync_at, is_refused=lost)
        if is_down and not isinstance(error, errors.QueryTooHeavyError):
            suspicions_forget(run.repository)
        run.state, run.finished_at = RunState.FAILED, timezone.now()
        run.error, run.error_code = str(error), error.code
        run.save()
        runs_prune(run.repository_id)
    counts.add("errors", where="run", code=error.code)
    log.warning("sync failed", error=str(error), code=error.code, **_spent(run))


def _retry_at(error: DexxyError) -> datetime:
    later = RETRY_LATER if error.retryable else at_most_as_set(RETRY_UNLIKELY)
    return timezone.now() + later


def _look_for_lost(repository: GitHubRepository) -> datetime | None:
    """Say when to try a repository that was lost: never, where the App's list says it is back."""
    return None if repository.installation.is_by_app else timezone.now() + LOOK_FOR_LOST


def run_finish(run: SyncRun) -> SyncRun:
    """Close a run whose streams have all been read, with its receipt."""
    now = timezone.now()
    repository = run.repository
    with transaction.atomic():
        has_news = any(run.counts.get(name) for name in ("threads", "messages", "refetched"))
        if has_news:
            identities_recount(workspace_id=repository.source.workspace_id)
        repository.source.last_activity_at = receipt_write(run, has_news=has_news)
        repository.source.name = repository.full_name
        next_sweep_at = _next_sweep_at(run, now)
        is_swept = "sweep_pages" in run.counts and next_sweep_at is not None
        run_done(
            repository,
            done_at=now,
            next_sync_at=next_look(
                repository, is_wanted_soon=next_sweep_at is None or next_sweep_at <= now
            ),
            next_sweep_at=next_sweep_at,
            swept_at=now if is_swept else repository.swept_at,
        )
        repository.source.save(update_fields=["last_activity_at", "name", "updated_at"])
        run.state, run.finished_at = RunState.DONE, now
        run.save()
        runs_prune(repository.pk)
    log.info("sync done", **_spent(run))
    return run


def _spent(run: SyncRun) -> dict[str, object]:
    """Return what the log says of a run that ended."""
    assert run.finished_at is not None
    seconds = round((run.finished_at - run.started_at).total_seconds(), 1)
    return {
        "repository": run.repository.full_name,
        "run": run.pk,
        "seconds": seconds,
        "requests": run.requests,
        "points": run.points,
        "messages": run.counts.get("messages", 0),
    }


def _next_sweep_at(run: SyncRun, now: datetime) -> datetime | None:
    """Say when the next sweep is due: at once where the receipt differs as it did not before."""
    repository = run.repository
    if repository.streams.filter(name__in=SWEEPS, is_done=False).exists():
        return None  # One is under way.
    if "sweep_pages" in run.counts or repository.next_sweep_at is None:
        regular = now + timedelta(seconds=settings.DEXXY_SWEEP_INTERVAL)
    else:
        regular = repository.next_sweep_at
    return now if is_sweep_wanted(run) else regular
