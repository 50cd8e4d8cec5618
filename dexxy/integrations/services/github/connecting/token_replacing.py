"""Let a workspace read with another personal access token, or with its first one."""

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, in_person, require_admin
from dexxy.accounts.services import audit
from dexxy.integrations.models import GitHubInstallation, SyncStatus
from dexxy.integrations.services.github.access.repository_state import (
    access_regained,
    sync_asked_for,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.server import GitHubServer, default_server
from dexxy.integrations.services.github.connecting.by_token import (
    InvalidTokenError,
    TokenFacts,
    TokenOwner,
    checked_token,
    installation_fill,
    owner_of,
    refuse_conflicts,
    require_personal,
    token_facts,
)
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github_client import GitHubClient

log = structlog.get_logger()


def token_connect(
    *, viewer: Viewer, workspace: Workspace, token: str, server: GitHubServer | None = None
) -> GitHubInstallation:
    """Read all that WORKSPACE follows with TOKEN from now on. For admins.

    The token is tried first: GitHub says whose it is.

    Args:
        server: the GitHub to ask; the one of the environment if not given.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError, SessionNeededError: VIEWER is no admin there, or came by a token of ours.
        InvalidTokenError: TOKEN cannot be a personal one, or GitHub does not accept it.
        OtherServerError, ConnectedByAppError: WORKSPACE is connected in another way.
        GitHubError: GitHub could not be asked.
    """
    require_admin(viewer, workspace)
    actor, token = in_person(viewer), checked_token(token)
    require_personal(token)
    server = server or default_server()
    owner = _owner_behind(server, token)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        known = GitHubInstallation.objects.filter(workspace=workspace).first()
        if known is not None:
            refuse_conflicts(workspace, known, server)
        installation = known or GitHubInstallation(workspace=workspace)
        installation_fill(installation, server, owner, token)
        repositories = installation.repositories.filter(is_archived=False)
        access_regained(repositories.filter(access_lost_at__isnull=False))
        sync_asked_for(repositories.exclude(sync_status=SyncStatus.PAUSED))
        login = installation.account_login
        action = "github_installation.token_connected"
        audit(workspace, actor, action, installation, account=login)
        transaction.on_commit(enqueue_due)
    log.info("token connected", workspace=workspace.slug, account=login)
    return installation


def token_check(
    *, viewer: Viewer, workspace: Workspace, token: str, server: GitHubServer | None = None
) -> TokenFacts:
    """Ask GitHub about TOKEN, and store nothing. For admins.

    Args:
        server: the GitHub to ask; the one of the environment if not given.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        AdminOnlyError, SessionNeededError: VIEWER is no admin there, or came by a token of ours.
        InvalidTokenError: TOKEN cannot be a personal one, or GitHub does not accept it.
        GitHubError: GitHub could not be asked.
    """
    require_admin(viewer, workspace)
    in_person(viewer)
    return token_facts(server or default_server(), checked_token(token))


def _owner_behind(server: GitHubServer, token: str) -> TokenOwner:
    """Ask GitHub whose TOKEN is."""
    urls = {"api_url": server.api_url, "graphql_url": server.graphql_url}
    try:
        with GitHubClient(**urls, token=token) as client:
            return owner_of(client)
    except errors.BadCredentialsError as error:
        raise InvalidTokenError(
            _("GitHub does not accept this token. Check that it is whole and has not expired.")
        ) from error
