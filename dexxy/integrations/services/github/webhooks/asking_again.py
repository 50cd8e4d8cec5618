"""Ask GitHub to send a webhook once more that failed here, or was of no use.

`applying_again.py` applies what is kept of one; this tries the whole way from GitHub to here anew.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import Viewer, require_admin
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError
from dexxy.integrations.activity import delivery_of
from dexxy.integrations.models import DeliveryState, GitHubApp, WebhookDelivery
from dexxy.integrations.services.github.access.app import app_client, app_refused
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.webhooks.applying_again import DeliveryAppliedError
from dexxy.integrations.services.github.webhooks.delivery_log import (
    KEPT_BY_GITHUB,
    PATH,
    delivery_number,
)

# Pages of GitHub's log, each of a hundred, in which one is looked for.
_PAGES = 20
# Of one workspace within an hour: its App is everybody's.
MOST_AN_HOUR = 20
_ACTION = "webhook_delivery.asked_for"


class DeliveryNotLoggedError(DexxyError):
    """GitHub does not have the webhook in its log any more."""

    code = "delivery_not_logged"


class DeliveriesAskedForError(DexxyError):
    """GitHub was asked for many webhooks within the hour."""

    code = "deliveries_asked_for"
    retryable = True


def delivery_ask_again(
    *, viewer: Viewer, workspace: Workspace, delivery_id: int
) -> WebhookDelivery:
    """Ask GitHub to send a webhook once more; it comes by the door, as any other. For admins.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        DeliveryNotFoundError: WORKSPACE has no such delivery.
        DeliveryAppliedError: it was applied, or still waits for its turn.
        DeliveryNotLoggedError: GitHub has it no more.
        DeliveriesAskedForError: it was asked for too many within the hour.
        AppRefusedError: GitHub does not know us as the App.
        GitHubError: GitHub could not be asked.
    """
    actor = require_admin(viewer, workspace)
    delivery = delivery_of(viewer, workspace, delivery_id)
    if delivery.state == DeliveryState.DONE:
        raise DeliveryAppliedError(_("This webhook was applied already."))
    if delivery.state == DeliveryState.PENDING:
        raise DeliveryAppliedError(_("This webhook waits for its turn: it is applied soon."))
    if delivery.received_at < timezone.now() - KEPT_BY_GITHUB:
        raise _gone()
    _note(actor, workspace, delivery)
    app = GitHubApp.objects.get(pk=delivery.app_id)
    try:
        with app_client(app) as client:
            number = delivery_number(client, delivery.guid, pages=_PAGES)
            if number is None:
                raise _gone()
            # https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook
            client.ask_for(f"{PATH}/{number}/attempts")
    except errors.BadCredentialsError as error:
        raise app_refused(error) from error
    except errors.NotFoundError as error:
        raise _gone() from error
    return delivery


@transaction.atomic
def _note(actor: User, workspace: Workspace, delivery: WebhookDelivery) -> None:
    """Write down that GitHub is asked, before it is: what is written is what is counted."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    lately = AuditEntry.objects.filter(
        workspace=workspace, action=_ACTION, created_at__gt=timezone.now() - timedelta(hours=1)
    )
    if lately.count() >= MOST_AN_HOUR:
        raise DeliveriesAskedForError(
            _(
                "GitHub was asked for {count} webhooks within the hour. Wait, or apply this one "
                "from what is kept of it."
            ).format(count=MOST_AN_HOUR)
        )
    audit(workspace, actor, _ACTION, delivery, event=delivery.event, guid=delivery.guid)


def _gone() -> DeliveryNotLoggedError:
    return DeliveryNotLoggedError(
        _(
            "GitHub does not have this webhook in its log any more, which goes back for three "
            "days. Apply it from what is kept of it."
        )
    )
