"""What a workspace reads GitHub with, and what stands in the way."""

from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.integrations.models import AccountType, GitHubInstallation
from dexxy.integrations.services.github.connecting.app_registration import PERMISSIONS, is_public


@dataclass(frozen=True)
class Connection:
    """What a workspace reads GitHub with, and what stands in the way.

    Args:
        missing: permissions that the App asks for and the account has not granted.
        settings_url: where on GitHub the account's owners change what the App may read, or ''.
        has_webhooks: GitHub can tell this Dexxy at once what changes.
    """

    installation: GitHubInstallation
    missing: list[str]
    settings_url: str
    has_webhooks: bool


def github_connection(viewer: Viewer, workspace: Workspace) -> Connection | None:
    """Return what WORKSPACE reads GitHub with, or None where it is not connected.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    rows = GitHubInstallation.objects.select_related("app")
    found = rows.filter(workspace=workspace).first()
    if found is None:
        return None
    has_webhooks = is_public() and found.app is not None and bool(found.app.webhook_secret)
    missing = [name for name in PERMISSIONS if name not in found.permissions]
    return Connection(found, missing if found.is_by_app else [], _settings_url(found), has_webhooks)


def _settings_url(installation: GitHubInstallation) -> str:
    # https://docs.github.com/en/apps/using-github-apps/reviewing-and-modifying-installed-github-apps
    if not installation.is_by_app or installation.deleted_at is not None:
        return ""
    is_organization = installation.account_type == AccountType.ORGANIZATION
    owner = f"/organizations/{installation.account_login}" if is_organization else ""
    return f"{installation.web_url}{owner}/settings/installations/{installation.installation_id}"


def github_connection_for_admin(viewer: Viewer, workspace: Workspace) -> Connection | None:
    """Return what WORKSPACE reads GitHub with, to an admin.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
    """
    require_admin(viewer, workspace)
    return github_connection(viewer, workspace)
