"""Whether workspaces whose time is over are gone."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.accounts.models import Workspace
from dexxy.doctor.finding import Finding, failed

# The scheduler lets a worker look once an hour.
OVERDUE = timedelta(hours=2)


def workspaces() -> Iterator[Finding]:
    """Look for workspaces that should be gone; where there are none, say nothing."""
    now = timezone.now()
    overdue = Workspace.objects.filter(delete_at__lte=now - OVERDUE).order_by("delete_at", "pk")
    for workspace in overdue:
        assert workspace.delete_at is not None
        hours = (now - workspace.delete_at) // timedelta(hours=1)
        yield failed(
            _("Deletion of {slug}").format(slug=workspace.slug),
            ngettext(
                "It should have been gone for {n} hour, and is still there.",
                "It should have been gone for {n} hours, and is still there.",
                hours,
            ).format(n=hours),
            _(
                "See that `dexxy scheduler` and `dexxy worker sync` run. If they do, the worker's"
                " log says why, at `workspace not deleted`: report that. It is tried every hour."
            ),
        )
