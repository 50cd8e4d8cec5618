"""Let a workspace read with a personal access token, whichever door it came through."""

from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.services import audit
from dexxy.common.crypto import Secret
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    AccountType,
    Credential,
    CredentialKind,
    GitHubInstallation,
)
from dexxy.integrations.services.github.access.repository_state import (
    access_regained,
    sync_asked_for,
)
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.token_facts import TokenFacts
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due

log = structlog.get_logger()


class ConnectedByAppError(DexxyError):
    """The workspace reads through the GitHub App, which no personal token replaces by the way."""

    code = "connected_by_app"


class OtherServerError(DexxyError):
    """The workspace is connected to another GitHub server."""

    code = "other_server"


@transaction.atomic
def token_take(
    *,
    actor: User | None,
    workspace: Workspace,
    server: GitHubServer,
    token: str,
    facts: TokenFacts,
    but: int = 0,
) -> GitHubInstallation:
    """Read all that WORKSPACE follows with TOKEN from now on.

    What the last token could not read, or had lost, this one may: it is tried. A token that was
    stored already changes nothing else.

    Args:
        actor: who gives it; None for a command.
        facts: what GitHub says about it.
        but: GitHub's number of a repository that the caller follows anew.

    Raises:
        OtherServerError: the workspace is connected to another server.
        ConnectedByAppError: it is connected through the App.
    """
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    known = GitHubInstallation.objects.filter(workspace=workspace).first()
    if known is not None:
        _refuse_conflicts(workspace, known, server)
    installation = known or GitHubInstallation(workspace=workspace)
    is_new = token_is_new(token, installation)
    _fill(installation, server, facts, token, is_new=is_new)
    repositories = installation.repositories.followed().exclude(github_id=but)
    access_regained(repositories.filter(access_lost_at__isnull=False))
    if is_new:
        sync_asked_for(repositories.unpaused())
        action, login = "github_installation.token_connected", installation.account_login
        audit(workspace, actor, action, installation, account=login)
        log.info("token connected", workspace=workspace.slug, account=login)
    if repositories.exists():
        transaction.on_commit(enqueue_due)
    return installation


def token_is_new(token: str, installation: GitHubInstallation) -> bool:
    """Say whether INSTALLATION reads with another token than TOKEN, or with one that is lost."""
    known: Secret = installation.access_token
    return not known.is_readable or known.read() != token


def _refuse_conflicts(
    workspace: Workspace, known: GitHubInstallation, server: GitHubServer
) -> None:
    """Refuse a personal token for a workspace that is connected in another way.

    Raises:
        OtherServerError: it is connected to another server.
        ConnectedByAppError: it is connected through the App.
    """
    if known.server != server.name:
        raise OtherServerError(
            _(
                "Workspace {slug} is connected to {known}, not to {asked}. "
                "Choose another workspace with --workspace."
            ).format(slug=workspace.slug, known=known.api_url, asked=server.api_url)
        )
    if known.is_by_app and known.deleted_at is None:
        raise ConnectedByAppError(
            _(
                "Workspace {slug} reads {account_login} through the GitHub App. "
                "Add the repository on its page, or choose another workspace with "
                "--workspace."
            ).format(slug=workspace.slug, account_login=known.account_login)
        )


def _fill(
    installation: GitHubInstallation,
    server: GitHubServer,
    facts: TokenFacts,
    token: str,
    *,
    is_new: bool,
) -> None:
    """Let an installation stand for a personal token, whatever it was before."""
    account = facts.account
    credential, _made = Credential.objects.get_or_create(
        server=server.name, kind=CredentialKind.USER, account_id=account["id"]
    )
    if is_new:
        # It may have a scope that the one before had not.
        credential.shows_emails, credential.newer_fields_refused_at = True, None
        credential.save(update_fields=["shows_emails", "newer_fields_refused_at", "updated_at"])
    is_organization = account.get("type") == "Organization"
    fields: dict[str, Any] = {
        "app": None,
        "installation_id": None,
        "deleted_at": None,
        "token_expires_at": facts.expires_at,
        "permissions": {"scopes": facts.scopes},
        "credential": credential,
        "server": server.name,
        "api_url": server.api_url,
        "graphql_url": server.graphql_url,
        "web_url": server.web_url,
        "account_type": AccountType.ORGANIZATION if is_organization else AccountType.USER,
        "account_login": account["login"],
        "account_id": account["id"],
        "access_token": token,
        "is_suspended": False,
    }
    for name, value in fields.items():
        setattr(installation, name, value)
    installation.save(update_fields=[*fields, "updated_at"] if installation.pk else None)
