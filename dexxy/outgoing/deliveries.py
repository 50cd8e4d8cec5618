"""The log of what was sent to an endpoint, and sending something of it once more."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, memberships_of, require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import NotFoundError
from dexxy.common.pages import PAGE, Page, page_by_key
from dexxy.outgoing.endpoints import EndpointError, endpoint_with
from dexxy.outgoing.models import Delivery, DeliveryState, Endpoint
from dexxy.outgoing.waking import outgoing_wake


class EndpointDeliveryNotFoundError(NotFoundError):
    """There is no such delivery any more, or not for this viewer."""


def endpoint_deliveries(
    viewer: Viewer,
    workspace: Workspace,
    first: int = PAGE,
    after: str | None = None,
    *,
    endpoint: Endpoint | None = None,
) -> Page[Delivery]:
    """Return what was sent from WORKSPACE, or waits to be, the newest first.

    Args:
        endpoint: the one that it was sent to; any where it is None.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not see it.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_admin(viewer, workspace)
    of = {} if endpoint is None else {"endpoint": endpoint}
    rows = Delivery.objects.filter(endpoint__workspace=workspace, **of)
    return page_by_key(rows.select_related("endpoint"), first, after)


def endpoint_delivery_total(viewer: Viewer, workspace: Workspace) -> int:
    """Count all that was sent from WORKSPACE, as far as it is kept.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not see it.
    """
    require_admin(viewer, workspace)
    return Delivery.objects.filter(endpoint__workspace=workspace).count()


@transaction.atomic
def endpoint_redeliver(
    *, viewer: Viewer, delivery_id: int, workspace: Workspace | None = None
) -> Delivery:
    """Send something once more, under the same `webhook-id`, with all attempts again.

    Args:
        workspace: the one that it must be of; any of VIEWER's where it is None.

    Raises:
        UnauthenticatedError: nobody is signed in.
        EndpointDeliveryNotFoundError: there is none, or VIEWER is not in its workspace.
        AdminOnlyError: VIEWER is in it as a member.
        EndpointError: its endpoint is paused or disabled, or it names somebody who was erased.
    """
    inside = memberships_of(viewer).values("workspace")
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("endpoint__workspace")
    of = {} if workspace is None else {"endpoint__workspace": workspace}
    found = rows.filter(endpoint__workspace__in=inside, pk=delivery_id, **of).first()
    if found is None:
        raise EndpointDeliveryNotFoundError(_("There is no such delivery any more."))
    endpoint = endpoint_with(viewer, found.endpoint_id)
    actor = require_admin(viewer, endpoint.workspace)
    if not endpoint.is_listening:
        raise EndpointError(_("Nothing is sent there now: resume it first."))
    if not found.payload:
        raise EndpointError(_("What it said is gone: it named somebody who was erased."))
    found.state, found.attempts, found.ended_at = DeliveryState.PENDING, 0, None
    found.next_attempt_at = timezone.now()
    found.save(update_fields=["state", "attempts", "ended_at", "next_attempt_at"])
    Endpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    audit(endpoint.workspace, actor, "endpoint.redelivered", endpoint, webhook=found.webhook_id)
    transaction.on_commit(outgoing_wake)
    return found
