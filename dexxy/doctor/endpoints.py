"""Whether what leaves by itself arrives."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.outgoing.models import Endpoint


def endpoints() -> Iterator[Finding]:
    """Look at each endpoint that takes nothing; where there are none at all, say nothing."""
    known = Endpoint.objects.select_related("workspace").order_by("pk")
    for one in known.filter(disabled_at__isnull=False):
        yield failed(
            _("Endpoint of {slug}").format(slug=one.workspace.slug),
            _("{name} is disabled: {disabled_because}").format(
                name=one.name, disabled_because=one.disabled_because or _("It took nothing.")
            ),
            _(
                "Mend its receiver. Then an administrator of the workspace resumes it under"
                " Settings > Notifications."
            ),
        )
    failing = known.filter(disabled_at=None, is_paused=False, failing_since__isnull=False)
    for one in failing:
        yield notice(
            _("Endpoint of {slug}").format(slug=one.workspace.slug),
            ngettext(
                "{name} has taken nothing in {n} attempt.",
                "{name} has taken nothing in {n} attempts.",
                one.failures,
            ).format(name=one.name, n=one.failures),
            _("Its log under Settings > Notifications says why. What waits is tried for a day."),
        )
    total = known.count()
    if total and not failing.exists() and not known.filter(disabled_at__isnull=False).exists():
        yield well(
            _("Endpoints"),
            ngettext(
                "Whatever is sent to {n} endpoint arrives.",
                "Whatever is sent to {n} endpoints arrives.",
                total,
            ).format(n=total),
        )
