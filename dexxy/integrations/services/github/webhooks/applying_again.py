"""Apply a webhook again that failed or was of no use, or find those that never arrived."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError
from dexxy.integrations.activity import delivery_of
from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    GitHubInstallation,
    WebhookDelivery,
)
from dexxy.integrations.services.github.webhooks.delivery_log import delivery_logs_enqueue
from dexxy.integrations.services.github.webhooks.inbox import deliveries_retry


class DeliveryAppliedError(DexxyError):
    """The webhook was applied already: once more would change nothing."""

    code = "delivery_applied"


class NoWebhooksError(DexxyError):
    """GitHub sends nothing here."""

    code = "no_webhooks"


@transaction.atomic
def deliveries_recover(*, viewer: Viewer, workspace: Workspace) -> datetime:
    """Let GitHub's log of webhooks be read now: what never arrived is taken from there. For admins.

    It is read by itself, too, every so often; asked for twice it is read once.

    Returns: from when on it is due.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        NoWebhooksError: it is not connected by an App that gets webhooks.
    """
    actor = require_admin(viewer, workspace)
    installation = (
        GitHubInstallation.objects.live().filter(workspace=workspace).select_related("app").first()
    )
    app = installation.app if installation else None
    if app is None or not app.webhook_secret:
        raise NoWebhooksError(
            _("GitHub sends no webhooks here: this needs a GitHub App with a webhook secret.")
        )
    now = timezone.now()
    GitHubApp.objects.filter(pk=app.pk).update(log_due_at=now)
    audit(workspace, actor, "webhook_delivery.recovered", app, name=app.slug)
    transaction.on_commit(delivery_logs_enqueue)
    return now


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
