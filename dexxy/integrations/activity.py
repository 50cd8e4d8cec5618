"""What was read from GitHub when, and what GitHub sent by itself."""

from django.db.models import OuterRef, QuerySet, Subquery, TextField
from django.db.models.functions import Cast, Left
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.common.errors import NotFoundError
from dexxy.common.pages import PAGE, Page, page_by_key
from dexxy.common.sql import time_limit
from dexxy.integrations.models import (
    DeliveryState,
    GitHubInstallation,
    GitHubRepository,
    SyncRun,
    WebhookDelivery,
)

# Signs of a webhook that are shown; a page of megabytes is no help.
LONGEST_SHOWN = 200_000


class DeliveryNotFoundError(NotFoundError):
    """There is no such webhook, or it is of another workspace."""


def sync_runs(
    viewer: Viewer,
    workspace: Workspace,
    repository_id: int | None = None,
    first: int = PAGE,
    after: str | None = None,
) -> Page[SyncRun]:
    """Return FIRST runs behind the cursor AFTER, the newest first.

    Args:
        repository_id: the one whose runs to return; all of the workspace's without it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return page_by_key(_runs(workspace, repository_id), first, after)


def sync_run_total(viewer: Viewer, workspace: Workspace, repository_id: int | None) -> int:
    """Count all that `sync_runs` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return _runs(workspace, repository_id).count()


def deliveries(
    viewer: Viewer,
    workspace: Workspace,
    state: DeliveryState | None = None,
    first: int = PAGE,
    after: str | None = None,
) -> Page[WebhookDelivery]:
    """Return FIRST deliveries of the workspace's installation behind AFTER, the newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    require_admin(viewer, workspace)
    with time_limit():
        return page_by_key(_deliveries(workspace, state), first, after)


def delivery_of(viewer: Viewer, workspace: Workspace, pk: int) -> WebhookDelivery:
    """Return one delivery of the workspace's installation, without what GitHub sent.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        DeliveryNotFoundError: there is none.
    """
    require_admin(viewer, workspace)
    found = _deliveries(workspace, None).filter(pk=pk).first()
    if found is None:
        raise DeliveryNotFoundError(_("There is no such webhook, or not any more."))
    return found


def delivery_sent(viewer: Viewer, workspace: Workspace, pk: int) -> str:
    """Return what GitHub sent with a delivery, as JSON; of a long one its beginning.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
        DeliveryNotFoundError: there is none.
    """
    delivery = delivery_of(viewer, workspace, pk)
    sent = Left(Cast("payload", TextField()), LONGEST_SHOWN)
    sent_of = WebhookDelivery.objects.values_list(sent, flat=True)
    return str(sent_of.get(pk=delivery.pk))


def delivery_total(viewer: Viewer, workspace: Workspace, state: DeliveryState | None) -> int:
    """Count all that `deliveries` lists.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError: VIEWER is in it as a member.
    """
    require_admin(viewer, workspace)
    with time_limit():
        return _deliveries(workspace, state).count()


def _runs(workspace: Workspace, repository_id: int | None) -> QuerySet[SyncRun]:
    runs = SyncRun.objects.filter(repository__source__workspace=workspace)
    runs = runs.select_related("repository")
    return runs if repository_id is None else runs.filter(repository=repository_id)


def _deliveries(workspace: Workspace, state: DeliveryState | None) -> QuerySet[WebhookDelivery]:
    installation = (
        GitHubInstallation.objects.filter(workspace=workspace)
        .values_list("app", "installation_id")
        .first()
    )
    # Without a number it is a personal access token, to which GitHub sends nothing.
    if installation is None or None in installation:
        return WebhookDelivery.objects.none()
    app, number = installation
    known = GitHubRepository.objects.of_workspace(workspace)
    named = known.filter(github_id=OuterRef("repository_id")).values("full_name")[:1]
    # What people wrote is in the feed; a list of deliveries is about how they fared.
    found = WebhookDelivery.objects.filter(app=app, installation_id=number).defer("payload")
    found = found.annotate(repository_name=Subquery(named))
    return found if state is None else found.filter(state=state)
