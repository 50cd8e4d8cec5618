"""What the templates need to show how repositories are read."""

from django import template

from dexxy.integrations.models import RunTrigger, StreamName, SyncRun
from dexxy.integrations.receipts import Receipt
from dexxy.integrations.selectors import RepositoryOverview
from dexxy.integrations.sync_phase import SyncPhase
from dexxy.web import sync_wording

register = template.Library()


@register.filter
def status_words(overview: RepositoryOverview) -> str:
    """Say in a few words how the sync of a repository is doing."""
    return sync_wording.status_words(overview)


@register.filter
def status_look(overview: RepositoryOverview) -> str:
    """Name the look of the dot beside a repository."""
    return sync_wording.status_look(overview)


@register.filter
def fault(overview: RepositoryOverview) -> sync_wording.Fault | None:
    """Return why a repository is not read."""
    return sync_wording.fault_of(overview)


@register.filter
def next_words(overview: RepositoryOverview) -> str:
    """Say when a repository is read next."""
    return sync_wording.next_words(overview)


@register.filter
def against_github(receipt: Receipt) -> str:
    """Say in a few words what a receipt shows."""
    return sync_wording.against_github(receipt)


@register.filter
def phase_label(phase: SyncPhase) -> str:
    """Name a phase of a sync."""
    return str(sync_wording.PHASE_LABELS[phase])


@register.filter
def stream_label(name: str) -> str:
    """Name a list that is read."""
    return str(sync_wording.STREAM_LABELS[StreamName(name)])


@register.filter
def run_look(run: SyncRun) -> str:
    """Name the look of the dot beside a run."""
    return sync_wording.run_look(run)


@register.filter
def run_result(run: SyncRun) -> str:
    """Say in a line what came of a run."""
    return sync_wording.run_result(run)


@register.filter
def run_took(run: SyncRun) -> str:
    """Say how long a run took, or takes so far."""
    return sync_wording.run_took(run)


@register.filter
def run_trigger(run: SyncRun) -> str:
    """Say what started a run."""
    return str(sync_wording.TRIGGER_LABELS[RunTrigger(run.trigger)])


@register.filter
def thread_count(overview: RepositoryOverview) -> int:
    """Return how many threads of a repository are here."""
    return sync_wording.thread_count(overview)
