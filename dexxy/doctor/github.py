"""What Dexxy needs of GitHub: an App, its webhooks, and leave to read."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import (
    LEFT_OUT,
    Credential,
    DeliveryState,
    GitHubRepository,
    RefusedWebhooks,
    StreamName,
    SyncStatus,
    SyncStream,
    WebhookDelivery,
)
from dexxy.integrations.services.github.api.errors import (
    AddressNotListedError,
    SingleSignOnRequiredError,
)
from dexxy.integrations.services.github.connecting.kept_out import runs_kept_out
from dexxy.integrations.services.github.webhooks.events import is_unknown

# The inbox is drained at once; what is older than this has been waiting for somebody.
STALE = timedelta(minutes=5)
# A page of the doctor names so many repositories and counts the rest.
NAMED = 5


def inbox() -> Iterator[Finding]:
    """Look whether what GitHub delivered was worked off."""
    deliveries = WebhookDelivery.objects
    pending = deliveries.filter(state=DeliveryState.PENDING)
    oldest = pending.aggregate(at=Min("received_at"))["at"]
    is_stale = oldest is not None and timezone.now() - oldest > STALE
    if is_stale:
        yield failed(
            _("Inbox"),
            _("Waiting: {deliveries}, the oldest for {time}.").format(
                deliveries=_deliveries(pending.count()), time=timesince(oldest)
            ),
            _("Start a worker for them: `dexxy worker deliveries`."),
        )
    broken = deliveries.filter(state=DeliveryState.FAILED)
    newest = broken.order_by("-received_at").first()
    if newest is not None:
        yield failed(
            _("Inbox"),
            _("Not worked off: {deliveries}, the newest with: {error}").format(
                deliveries=_deliveries(broken.count()), error=newest.error
            ),
            _(
                "Choose them under Administration > Webhook deliveries and run them again."
                " Nothing is lost: what they said is read from GitHub with the next sync."
            ),
        )
    if not is_stale and newest is None:
        yield well(_("Inbox"), _("Every delivery was worked off."))
    yield from _unknown()


def _deliveries(count: int) -> str:
    return ngettext("{n} delivery", "{n} deliveries", count).format(n=count)


def _unknown() -> Iterator[Finding]:
    """Count what GitHub sent of late that was not there when this Dexxy was written."""
    is_noted = Q(state=DeliveryState.IGNORED) | Q(state=DeliveryState.DONE, error__gt="")
    noted = WebhookDelivery.objects.filter(is_noted)
    kinds = noted.values_list("event", "action").order_by("event", "action")
    counts = kinds.annotate(count=Count("pk"))
    unknown = [
        f"{event} {action}".rstrip() + f" ({count})"
        for event, action, count in counts
        if is_unknown(event, action)
    ]
    if unknown:
        yield notice(
            _("Webhooks of a new kind"),
            _("This Dexxy does not know: {list}.").format(list=", ".join(unknown)),
            _("Update Dexxy. Nothing is lost: what they were about is read again."),
        )


# Why the webhook door refuses a request -> how that reads.
_REFUSED = {
    "bad_signature": gettext_lazy("without the right signature"),
    "unknown_app": gettext_lazy("for an App that is not known here"),
    "header_missing": gettext_lazy("without GitHub's headers"),
    "no_json": gettext_lazy("not as JSON"),
    "length_missing": gettext_lazy("without a length"),
    "payload_too_large": gettext_lazy("larger than any webhook"),
    "payload_unreadable": gettext_lazy("with a payload that cannot be read"),
    "method_not_allowed": gettext_lazy("that only looked"),
}


def refused() -> Iterator[Finding]:
    """Say what came to the webhooks' address and was refused, so that no wrong secret hides."""
    totals = RefusedWebhooks.objects.values_list("reason").annotate(count=Sum("count"))
    by_reason = {reason: int(count) for reason, count in totals.order_by("-count", "reason")}
    if not by_reason:
        return
    kinds = [f"{count:,} {_REFUSED.get(reason, reason)!s}" for reason, count in by_reason.items()]
    yield notice(
        _("Refused at the webhooks' address"),
        _("Within the last week: {list}. Nothing of it was stored.").format(list=", ".join(kinds)),
        _(
            "Anybody can send something there. If webhooks of yours are missing, compare the App's"
            " webhook secret and content type on GitHub with what Dexxy has."
        ),
    )


def repositories() -> Iterator[Finding]:
    """Look whether every repository can be read."""
    followed = GitHubRepository.objects.followed().filter(installation__workspace__isnull=False)
    broken = followed.filter(sync_status__in=[SyncStatus.ERROR, SyncStatus.DISABLED])
    kept_out = dict(runs_kept_out(followed).values_list("repository", "error_code"))
    for repository in broken.order_by("full_name")[:NAMED]:
        says = f"{SyncStatus(repository.sync_status).label}."
        match kept_out.get(repository.pk):
            case SingleSignOnRequiredError.code:
                says = _("Its organization keeps it behind a single sign-on (SAML).")
            case AddressNotListedError.code:
                says = _("Its organization keeps it behind an IP allow list.")
        yield failed(
            _("Repository {full_name}").format(full_name=repository.full_name),
            says,
            repository.sync_error or "Sync it again.",
        )
    yield from _resting(followed)
    yield from _refused_fields(followed)
    more = broken.count() - NAMED
    if more > 0:
        yield failed(
            _("Repositories"),
            _("{more} more cannot be read.").format(more=more),
            _("See the repositories' page."),
        )
    if not broken.exists():
        yield well(_("Repositories"), _readable(followed.count()))


def _resting(followed: QuerySet[GitHubRepository]) -> Iterator[Finding]:
    """Name the lists that GitHub does not show of repositories that it shows."""
    lists = SyncStream.objects.filter(repository__in=followed, name__in=StreamName.shown())
    resting = lists.exclude(refusal__in=["", LEFT_OUT]).select_related("repository")
    for stream in resting.order_by("repository__full_name", "name")[:NAMED]:
        name = _("{list} of {repository}").format(
            list=str(StreamName(stream.name).label).capitalize(),
            repository=stream.repository.full_name,
        )
        yield notice(name, _("They are not read."), stream.refusal)


def _refused_fields(followed: QuerySet[GitHubRepository]) -> Iterator[Finding]:
    """Name the fields that want a scope which a token lacks."""
    credentials = Credential.objects.filter(installations__repositories__in=followed).distinct()
    refused = credentials.exclude(newer_fields_refused_at=None)
    names = set(chain.from_iterable(refused.values_list("refused_fields", flat=True)))
    # Those of a type; the others a server is too old for.
    if fields := sorted(name for name in names if "." in name):
        yield notice(
            _("Scopes of the token"),
            _("GitHub does not show: {fields}. All else is read.").format(fields=", ".join(fields)),
            _("Give the token the scope that they want: `read:org` for teams."),
        )


def _readable(count: int) -> str:
    if not count:
        return _("None is followed.")
    if count == 1:
        return _("The only one can be read.")
    return _("All {n} can be read.").format(n=count)
