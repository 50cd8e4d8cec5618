"""Whether what leaves by itself arrives."""

from collections.abc import Iterator

from django.template.defaultfilters import pluralize

from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.outgoing.models import Endpoint

_NAME = "Endpoint of {slug}"


def endpoints() -> Iterator[Finding]:
    """Look at each endpoint that takes nothing; where there are none at all, say nothing."""
    known = Endpoint.objects.select_related("workspace").order_by("pk")
    for one in known.filter(disabled_at__isnull=False):
        yield failed(
            _NAME.format(slug=one.workspace.slug),
            f"{one.name} is disabled: {one.disabled_because or 'it took nothing.'}",
            "Mend its receiver. Then an administrator of the workspace resumes it under"
            " Settings > Notifications.",
        )
    failing = known.filter(disabled_at=None, is_paused=False, failing_since__isnull=False)
    for one in failing:
        yield notice(
            _NAME.format(slug=one.workspace.slug),
            f"{one.name} has taken nothing in {one.failures} attempt{pluralize(one.failures)}.",
            "Its log under Settings > Notifications says why. What waits is tried for a day.",
        )
    total = known.count()
    if total and not failing.exists() and not known.filter(disabled_at__isnull=False).exists():
        yield well("Endpoints", f"Whatever is sent to {total} endpoint{pluralize(total)} arrives.")
