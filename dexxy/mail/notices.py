"""Tell the admins of a workspace that an endpoint was disabled: each of them once, for each time.

There is no choice of it: who administers a workspace is the only one who can mend it.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from dexxy.accounts.models import Membership, Role, User
from dexxy.accounts.services import FIRST_ADMIN_EMAIL
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.outgoing.models import Endpoint

# What is longer ago is told by pages alone, as to who became an admin since.
LOOKS_BACK = timedelta(days=7)


def notices_queue() -> int:
    """Make a mail for each admin who was not told yet of an endpoint that was disabled.

    Returns: how many.
    """
    made = 0
    for endpoint, admin in _untold():
        _mail, is_new = OutgoingMail.objects.get_or_create(
            workspace=endpoint.workspace,
            user=admin,
            kind=MailKind.DISABLED,
            period=_period(endpoint),
        )
        made += is_new
    return made


def notices_are_due() -> bool:
    """Say whether an admin is to be told of an endpoint."""
    return next(_untold(), None) is not None


def endpoint_of(mail: OutgoingMail) -> Endpoint | None:
    """Return the endpoint of which a notice tells; None where it was resumed or is gone."""
    found = Endpoint.objects.filter(workspace=mail.workspace, disabled_at__isnull=False)
    endpoint = found.filter(pk=mail.period.partition(" ")[0]).first()
    return endpoint if endpoint is not None and _period(endpoint) == mail.period else None


def _untold() -> Iterator[tuple[Endpoint, User]]:
    lately = Endpoint.objects.filter(disabled_at__gt=timezone.now() - LOOKS_BACK)
    for endpoint in lately.select_related("workspace").order_by("pk"):
        told = OutgoingMail.objects.filter(
            workspace=endpoint.workspace, kind=MailKind.DISABLED, period=_period(endpoint)
        )
        admins = Membership.objects.filter(
            workspace=endpoint.workspace, role=Role.ADMIN, user__is_active=True
        )
        # The account that Dexxy made has an address at which nobody is.
        reached = admins.exclude(user__email=FIRST_ADMIN_EMAIL)
        for one in reached.exclude(user__in=told.values("user")).select_related("user"):
            yield endpoint, one.user


def _period(endpoint: Endpoint) -> str:
    """Name one time that an endpoint was disabled."""
    return f"{endpoint.pk} {endpoint.disabled_at:%Y%m%d%H%M%S%f}"
