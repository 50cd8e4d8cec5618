"""Which workspace reads with which installation.

A workspace has one connection, and it keeps its row: whether it moves from a personal access
token to the App, is reinstalled or connected again, its repositories, cursors and history stay.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership, signed_in
from dexxy.accounts.services import audit
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    CredentialKind,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
)
from dexxy.integrations.services.github.access.installations import (
    NO_TOKEN,
    app_lock,
    installation_fields,
    installation_of,
)
from dexxy.integrations.services.github.access.repository_state import (
    access_regained,
    repositories_archive,
)
from dexxy.integrations.services.github.access.tokens import NotConnectedError
from dexxy.integrations.services.github.connecting.token_taking import OtherServerError

log = structlog.get_logger()


class LinkedElsewhereError(DexxyError):
    """Another workspace reads with this installation."""

    code = "installation_linked_elsewhere"


class Change(StrEnum):
    """What a connection was before it became what it is."""

    NEW = "new"
    RENEWED = "renewed"
    REINSTALLED = "reinstalled"
    RECONNECTED = "reconnected"
    FROM_TOKEN = "from_token"  # noqa: S105
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Linked:
    """A workspace that reads with an installation now."""

    workspace: Workspace
    installation: GitHubInstallation
    change: Change


@transaction.atomic
def installation_link(
    *, viewer: Viewer, workspace: Workspace, app: GitHubApp, data: dict[str, Any]
) -> Linked:
    """Let WORKSPACE read with an installation of APP; its repositories are carried over.

    Whether VIEWER may speak for the account on GitHub was proven before.

    Args:
        data: the installation, as GitHub describes it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER is not in WORKSPACE.
        AdminOnlyError: it would replace a connection, and VIEWER is no admin.
        LinkedElsewhereError: another workspace has it.
        OtherServerError: WORKSPACE is connected to another server.
    """
    require_membership(viewer, workspace)
    fields = installation_fields(app, data)
    app_lock(app)
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    own = connection_of(workspace)
    if own and not _is_renewal(own, fields):
        require_admin(viewer, workspace)
    holder = installation_of(app, fields["installation_id"])
    _refuse_conflicts(workspace, own, holder, app)
    earlier = own or _earlier(workspace, app)
    change = _change(earlier, fields)
    row = earlier or _unused(holder) or GitHubInstallation()
    _give_up_number(holder, row)
    _fill(row, workspace, fields)
    _carry_over(workspace, row)
    _write_down(signed_in(viewer), workspace, row, "connected", change=change)
    return Linked(workspace, row, change)


def connection_of(workspace: Workspace) -> GitHubInstallation | None:
    """Return what WORKSPACE reads with, locked for the caller's transaction."""
    found = GitHubInstallation.objects.select_for_update()
    return found.filter(workspace=workspace).first()


def _is_renewal(own: GitHubInstallation, fields: dict[str, Any]) -> bool:
    """Say whether it is the same connection once more, and not another in its place."""
    if own.installation_id == fields["installation_id"]:
        return True
    return own.deleted_at is not None and own.account_id == fields["account_id"]


def _change(earlier: GitHubInstallation | None, fields: dict[str, Any]) -> Change:
    if earlier is None:
        return Change.NEW
    if earlier.workspace_id is None:
        return Change.RECONNECTED
    if not earlier.is_by_app:
        return Change.FROM_TOKEN
    if earlier.installation_id == fields["installation_id"]:
        return Change.RENEWED
    same_account = earlier.account_id == fields["account_id"]
    return Change.REINSTALLED if same_account else Change.REPLACED


def _refuse_conflicts(
    workspace: Workspace,
    own: GitHubInstallation | None,
    holder: GitHubInstallation | None,
    app: GitHubApp,
) -> None:
    if holder and holder.workspace_id not in {None, workspace.pk}:
        raise LinkedElsewhereError(
            _(
                "Another workspace is connected to {account_login}. One of its "
                "administrators has to disconnect it first."
            ).format(account_login=holder.account_login)
        )
    if own and own.server != app.server:
        raise OtherServerError(
            _(
                "The workspace is connected to {web_url}. Disconnect that first, "
                "or connect another workspace."
            ).format(web_url=own.web_url)
        )


def _earlier(workspace: Workspace, app: GitHubApp) -> GitHubInstallation | None:
    """Return what WORKSPACE read with before it was disconnected."""
    rows = GitHubInstallation.objects.filter(
        workspace=None, server=app.server, repositories__source__workspace=workspace
    )
    return rows.order_by("-updated_at").first()


def _unused(holder: GitHubInstallation | None) -> GitHubInstallation | None:
    """Return HOLDER if it is no workspace's past: its repositories belong to who read them."""
    return holder if holder and not holder.repositories.exists() else None


def _give_up_number(holder: GitHubInstallation | None, row: GitHubInstallation) -> None:
    if holder is None or holder.pk == row.pk:
        return
    if _unused(holder):
        holder.delete()
        return
    holder.installation_id = None
    holder.save(update_fields=["installation_id", "updated_at"])


def _fill(row: GitHubInstallation, workspace: Workspace, fields: dict[str, Any]) -> None:
    credential, _ = Credential.objects.get_or_create(
        server=fields["server"],
        kind=CredentialKind.INSTALLATION,
        account_id=fields["installation_id"],
    )
    more = {"workspace": workspace, "credential": credential, "reconcile_at": timezone.now()}
    changes = {**fields, **more, **NO_TOKEN}
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=[*changes, "updated_at"] if row.pk else None)


def _carry_over(workspace: Workspace, row: GitHubInstallation) -> None:
    """Put under ROW what the workspace followed on its server, and try again what had stopped.

    What the installation does not reach is found by the reconcile, which is due.
    """
    followed = GitHubRepository.objects.of_workspace(workspace).filter(source__server=row.server)
    followed.exclude(installation=row).update(installation=row)
    lost = ~Q(access_lost_at=None)
    access_regained(row.repositories.followed().filter(lost | Q(sync_status=SyncStatus.ERROR)))


@transaction.atomic
def installation_disconnect(*, viewer: Viewer, workspace: Workspace) -> GitHubInstallation:
    """Stop reading GitHub for WORKSPACE: the tokens are wiped, and what was read stays.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
        NotConnectedError: it is not connected.
    """
    actor: User = require_admin(viewer, workspace)
    row = connection_end(workspace)
    if row is None:
        raise NotConnectedError(_("GitHub is not connected to this workspace."))
    _write_down(actor, workspace, row, "disconnected")
    return row


def connection_end(workspace: Workspace) -> GitHubInstallation | None:
    """Stop reading GitHub for WORKSPACE, inside the caller's transaction, who knows who may.

    Returns: what it was read with; None where it was not connected.
    """
    row = connection_of(workspace)
    if row is None:
        return None
    # Whoever reads with it this very moment finds its lease gone, and stops before it stores. It
    # comes first, as in every page that is stored: the run's row is locked behind it.
    Credential.objects.filter(installations=row).update(lease_token=None, lease_until=None)
    repositories_archive(row.repositories.followed())
    changes = {"workspace": None, "reconcile_at": None, **NO_TOKEN}
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=[*changes, "updated_at"])
    return row


def _write_down(
    actor: User, workspace: Workspace, row: GitHubInstallation, what: str, **more: str
) -> None:
    account = row.account_login
    audit(
        workspace,
        actor,
        f"github_installation.{what}",
        row,
        account=account,
        installation_id=row.installation_id,
        **more,
    )
    log.info(f"github {what}", workspace=workspace.slug, account=account)
