"""What the templates need to show how repositories are read."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from dexxy.integrations.models import GitHubRepository, RunTrigger, StreamName, SyncRun
from dexxy.integrations.receipts import Receipt
from dexxy.integrations.selectors import RepositoryOverview
from dexxy.integrations.services.github.api.refusals import authorization_page
from dexxy.integrations.sync_phase import SyncPhase
from dexxy.web.wording import sync as sync_words
from dexxy.web.wording.stored import told

register = template.Library()


@register.filter
def status_words(overview: RepositoryOverview) -> str:
    """Say in a few words how the sync of a repository is doing."""
    return sync_words.status_words(overview)


@register.filter
def status_look(overview: RepositoryOverview) -> str:
    """Name the look of the dot beside a repository."""
    return sync_words.status_look(overview)


@register.filter
def fault(overview: RepositoryOverview) -> sync_words.Fault | None:
    """Return why a repository is not read."""
    return sync_words.fault_of(overview.repository, overview.run)


@register.filter
def fault_told(run: SyncRun) -> sync_words.Fault | None:
    """Return why the repository of a run is not read, as that run was told."""
    return sync_words.fault_of(run.repository, run)


@register.filter
def authorize_url(told: str, repository: GitHubRepository) -> str:
    """Return GitHub's page that authorizes the token, where what was stored names it."""
    return authorization_page(told, repository.installation.web_url)


@register.filter
def next_words(overview: RepositoryOverview) -> str:
    """Say when a repository is read next."""
    return sync_words.next_words(overview)


@register.filter
def against_github(receipt: Receipt) -> str:
    """Say in a few words what a receipt shows."""
    return sync_words.against_github(receipt)


@register.filter
def as_stored(text: str) -> SafeString:
    """Show what was stored in English: a sentence of ours in the reader's language."""
    shown = told(text)
    language = get_language() if shown != text else "en"
    return format_html('<span lang="{}">{}</span>', language, shown)


@register.filter
def phase_label(phase: SyncPhase) -> str:
    """Name a phase of a sync."""
    return str(sync_words.PHASE_LABELS[phase])


@register.filter
def stream_label(name: str) -> str:
    """Name a list that is read."""
    return str(sync_words.STREAM_LABELS[StreamName(name)])


@register.filter
def run_look(run: SyncRun) -> str:
    """Name the look of the dot beside a run."""
    return sync_words.run_look(run)


@register.filter
def run_result(run: SyncRun) -> str:
    """Say in a line what came of a run."""
    return sync_words.run_result(run)


@register.filter
def run_took(run: SyncRun) -> str:
    """Say how long a run took, or takes so far."""
    return sync_words.run_took(run)


@register.filter
def run_trigger(run: SyncRun) -> str:
    """Say what started a run."""
    return str(sync_words.TRIGGER_LABELS[RunTrigger(run.trigger)])


@register.filter
def thread_count(overview: RepositoryOverview) -> int:
    """Return how many threads of a repository are here."""
    return sync_words.thread_count(overview)
