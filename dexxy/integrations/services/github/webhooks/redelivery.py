"""Apply a webhook again that failed or was of no use, for an admin of its workspace."""

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError
from dexxy.integrations.activity import delivery_of
from dexxy.integrations.models import DeliveryState, WebhookDelivery
from dexxy.integrations.services.github.webhooks.inbox import deliveries_retry


class DeliveryAppliedError(DexxyError):
    """The webhook was applied already: once more would change nothing."""

    code = "delivery_applied"


@transaction.atomic
def delivery_redeliver(
    *, viewer: Viewer, workspace: Workspace, delivery_id: int
) -> WebhookDelivery:
    """Apply a webhook again, from what is kept of it: GitHub is not asked. For admins.

    One that still waits for its turn stays as it is.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        DeliveryNotFoundError: WORKSPACE has no such delivery.
        DeliveryAppliedError: it was applied.
    """
    actor = require_admin(viewer, workspace)
    delivery = delivery_of(viewer, workspace, delivery_id)
    if delivery.state == DeliveryState.DONE:
        raise DeliveryAppliedError(_("This webhook was applied already."))
    if deliveries_retry(delivery_ids=[delivery.pk]):
        details = {"event": delivery.event, "guid": delivery.guid}
        audit(workspace, actor, "webhook_delivery.redelivered", delivery, **details)
        delivery.refresh_from_db()
    return delivery
