"""How the sync of a repository reads: how it is doing, what is wrong, and what mends that."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.integrations.models import (
    GitHubRepository,
    RunState,
    RunTrigger,
    StreamName,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.receipts import Receipt
from dexxy.integrations.selectors import RepositoryOverview
from dexxy.integrations.services.github.api.errors import (
    AddressNotListedError,
    SingleSignOnRequiredError,
)
from dexxy.integrations.services.github.api.refusals import authorization_page
from dexxy.integrations.services.github.connecting.kept_out import why_kept_out
from dexxy.integrations.sync_phase import SyncPhase
from dexxy.web.wording.times import lasting

STATUS_LABELS = {
    SyncStatus.PENDING: gettext_lazy("Waiting to be synced"),
    SyncStatus.SYNCING: gettext_lazy("Syncing"),
    SyncStatus.ACTIVE: gettext_lazy("Up to date"),
    SyncStatus.ERROR: gettext_lazy("Failed"),
    SyncStatus.PAUSED: gettext_lazy("Paused"),
    SyncStatus.DISABLED: gettext_lazy("Access lost"),
}
# The same where an organization keeps Dexxy out.
_KEPT_OUT_LABELS = {
    SingleSignOnRequiredError.code: gettext_lazy("Behind a single sign-on (SAML)"),
    AddressNotListedError.code: gettext_lazy("Behind an IP allow list"),
}
# The look of its dot: bad needs a person.
_LOOKS = {
    SyncStatus.PENDING: "busy",
    SyncStatus.SYNCING: "busy",
    SyncStatus.ACTIVE: "good",
    SyncStatus.ERROR: "bad",
    SyncStatus.PAUSED: "off",
    SyncStatus.DISABLED: "bad",
}
PHASE_LABELS = {
    SyncPhase.THREADS: gettext_lazy("Reading threads"),
    SyncPhase.EDITS: gettext_lazy("Looking for edited comments"),
    SyncPhase.PEOPLE: gettext_lazy("Reading profiles"),
    SyncPhase.RELEASES: gettext_lazy("Reading releases"),
    SyncPhase.COMMITS: gettext_lazy("Reading who wrote commits"),
    SyncPhase.SWEEP: gettext_lazy("Comparing all threads with GitHub"),
    SyncPhase.RECEIPT: gettext_lazy("Counting against GitHub"),
}
STREAM_LABELS = {
    StreamName.ISSUES: gettext_lazy("Issues"),
    StreamName.PULL_REQUESTS: gettext_lazy("Pull requests"),
    StreamName.DISCUSSIONS: gettext_lazy("Discussions"),
    StreamName.COMMENT_EDITS: gettext_lazy("Edited comments"),
    StreamName.REVIEW_COMMENT_EDITS: gettext_lazy("Edited comments on code"),
    StreamName.SWEEP_ISSUES: gettext_lazy("Comparison of issues"),
    StreamName.SWEEP_PULL_REQUESTS: gettext_lazy("Comparison of pull requests"),
    StreamName.SWEEP_DISCUSSIONS: gettext_lazy("Comparison of discussions"),
    StreamName.RELEASES: gettext_lazy("Releases"),
    StreamName.COMMITS: gettext_lazy("Commits of merged pull requests"),
}
TRIGGER_LABELS = {
    RunTrigger.COMMAND: gettext_lazy("Command"),
    RunTrigger.MANUAL: gettext_lazy("Somebody"),
    RunTrigger.SCHEDULE: gettext_lazy("Schedule"),
}
_RUN_LOOKS = {
    RunState.RUNNING: "busy",
    RunState.PAUSED: "warn",
    RunState.DONE: "good",
    RunState.FAILED: "bad",
    RunState.STOPPED: "off",
}


class Fix(StrEnum):
    """What mends a fault, and so which button stands beside it."""

    RETRY = "retry"
    TOKEN = "token"  # noqa: S105
    AUTHORIZE = "authorize"
    GRANT = "grant"
    RECONNECT = "reconnect"
    DISCONNECT = "disconnect"


@dataclass(frozen=True)
class Fault:
    """Why a repository is not read: what happened, what it means, and what to do.

    Args:
        original: how GitHub or Dexxy put it at that time, for whoever wants to know more.
        authorize_url: GitHub's page that authorizes the token, where that mends it.
    """

    title: str
    meaning: str
    fix: Fix
    original: str
    authorize_url: str = ""


def fault_of(repository: GitHubRepository, run: SyncRun | None) -> Fault | None:
    """Return why a repository is not read; None where it is.

    Args:
        run: its newest.
    """
    if repository.sync_status not in {SyncStatus.ERROR, SyncStatus.DISABLED}:
        return None
    code = run.error_code if run and run.state == RunState.FAILED else ""
    original = repository.sync_error or (run.error if run else "")
    if kept_out := why_kept_out(repository, run):
        return _kept_out(repository, kept_out)
    is_lost = repository.sync_status == SyncStatus.DISABLED
    title, meaning, fix = _lost(repository) if is_lost else _failed(repository, code)
    return Fault(title, meaning, fix, original)


def _kept_out(repository: GitHubRepository, code: str) -> Fault:
    installation, told = repository.installation, repository.sync_error
    organization = repository.full_name.partition("/")[0]
    goes_on = _("What was read stays. Dexxy looks again every hour, and goes on by itself.")
    if code == AddressNotListedError.code:
        title = _("{organization} lets only the addresses of its IP allow list in.")
        meaning = _("An owner of {organization} adds that of this Dexxy to it, on GitHub.")
        fix, page = Fix.RETRY, ""
    else:
        title = _("{organization} wants the token authorized by its single sign-on (SAML).")
        meaning = _("{account} does that on GitHub: the token is theirs.")
        fix, page = Fix.AUTHORIZE, authorization_page(told, installation.web_url)
        page = page or f"{installation.web_url}/settings/tokens"
    names = {"organization": organization, "account": installation.account_login}
    meaning = meaning.format(**names)
    return Fault(title.format(**names), f"{meaning} {goes_on}", fix, told, page)


def _lost(repository: GitHubRepository) -> tuple[str, str, Fix]:
    installation, name = repository.installation, repository.full_name
    stays = _("What was read stays. The rest is read as soon as Dexxy has access again.")
    if installation.deleted_at:
        title = _("The GitHub App was removed from {account}.")
        return title.format(account=installation.account_login), stays, Fix.RECONNECT
    if installation.is_suspended:
        title = _("GitHub suspended the App’s access to {account}.")
        return title.format(account=installation.account_login), stays, Fix.GRANT
    if installation.is_by_app:
        title = _("The GitHub App may no longer read {repository}.")
        return title.format(repository=name), stays, Fix.GRANT
    title = _("The token may no longer read {repository}, or it is gone from GitHub.")
    return title.format(repository=name), stays, Fix.TOKEN


def _failed(repository: GitHubRepository, code: str) -> tuple[str, str, Fix]:
    waits = _("Nothing is lost. Dexxy tries again by itself.")
    if code == "bad_credentials" and not repository.installation.is_by_app:
        return (
            _("GitHub does not accept the token any more."),
            _("It has expired or was revoked. What was read stays; a new token reads the rest."),
            Fix.TOKEN,
        )
    if code in {"github_unreachable", "github_server_error", "query_too_heavy"}:
        return _("GitHub did not answer."), waits, Fix.RETRY
    if code in {"github_app_refused", "no_github_app", "bad_credentials", "undecryptable_secret"}:
        tells = _("Whoever runs this Dexxy finds out why on the page Doctor.")
        return _("GitHub refuses the App of this Dexxy."), f"{waits} {tells}", Fix.RETRY
    if code == "repository_replaced":
        return (
            _("Another repository has this name now."),
            _("What was read stays. Disconnect this one and add the other one, if you want it."),
            Fix.DISCONNECT,
        )
    reports = _("If it stays so, report it.")
    return _("Dexxy could not read GitHub’s answer."), f"{waits} {reports}", Fix.RETRY


def status_words(overview: RepositoryOverview) -> str:
    """Say in a few words how the sync of a repository is doing."""
    repository, percent = overview.repository, overview.progress.percent
    phase = overview.phase
    if phase is not None:
        words = str(PHASE_LABELS[phase])
        if phase == SyncPhase.THREADS and percent is not None and repository.last_synced_at is None:
            return _("First sync, {percent}%").format(percent=percent)
        return words
    if overview.is_starting:
        return _("Starting…")
    if kept_out := why_kept_out(repository, overview.run):
        return str(_KEPT_OUT_LABELS[kept_out])
    return str(STATUS_LABELS[SyncStatus(repository.sync_status)])


def status_look(overview: RepositoryOverview) -> str:
    """Name the look of the dot beside a repository."""
    if overview.paused_until is not None:
        return "warn"
    if overview.is_starting:
        return "busy"
    return _LOOKS[SyncStatus(overview.repository.sync_status)]


def against_github(receipt: Receipt) -> str:
    """Say in a few words what a receipt shows."""
    if receipt.agrees:
        return _("Complete")
    threads, messages = receipt.missing
    if threads:
        words = ngettext("{number} thread missing", "{number} threads missing", threads)
        return words.format(number=intcomma(threads))
    if messages:
        words = ngettext("{number} message missing", "{number} messages missing", messages)
        return words.format(number=intcomma(messages))
    return _("More here than on GitHub")


def next_words(overview: RepositoryOverview) -> str:
    """Say when a repository is read next."""
    repository = overview.repository
    if overview.paused_until is not None or overview.is_moving:
        return ""
    if repository.sync_status == SyncStatus.PAUSED:
        return _("when resumed")
    if repository.next_sync_at is None:
        return _("with access")
    left = repository.next_sync_at - timezone.now()
    if left <= timedelta(0):
        return _("now")
    return _("in {time}").format(time=lasting(left))


def run_look(run: SyncRun) -> str:
    """Name the look of the dot beside a run."""
    return _RUN_LOOKS[RunState(run.state)]


def run_result(run: SyncRun) -> str:
    """Say in a line what came of a run."""
    read = _read_by(run)
    match RunState(run.state):
        case RunState.RUNNING:
            return _("Running: {read} so far").format(read=read) if read else _("Running")
        case RunState.PAUSED:
            return _("Paused")
        case RunState.STOPPED:
            return _("Stopped")
        case RunState.FAILED:
            return _("Failed")
        case _other:
            return _("Done: {read}").format(read=read or _("nothing new"))


def _read_by(run: SyncRun) -> str:
    parts = []
    if threads := run.counts.get("threads", 0) + run.counts.get("refetched", 0):
        words = ngettext("{number} thread", "{number} threads", threads)
        parts.append(words.format(number=intcomma(threads)))
    if messages := run.counts.get("messages", 0):
        words = ngettext("{number} message", "{number} messages", messages)
        parts.append(words.format(number=intcomma(messages)))
    if people := run.counts.get("people", 0):
        words = ngettext("{number} profile", "{number} profiles", people)
        parts.append(words.format(number=intcomma(people)))
    if "sweep_pages" in run.counts:
        parts.append(_("compared with GitHub"))
    return ", ".join(parts)


def run_took(run: SyncRun) -> str:
    """Say how long a run took, or takes so far."""
    return lasting((run.finished_at or timezone.now()) - run.started_at)


def thread_count(overview: RepositoryOverview) -> int:
    """Return how many threads of a repository are here, as far as is known without counting."""
    receipt = overview.receipt
    return receipt.threads if receipt and not overview.is_moving else overview.progress.done
