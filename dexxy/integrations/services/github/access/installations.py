"""What can become of an installation, and with it of its repositories.

Nothing here asks the network: a webhook, a reconcile, a refused request or a person says what
happened, and each of them may say it twice.
"""

from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.integrations.models import AccountType, GitHubApp, GitHubInstallation
from dexxy.integrations.services.github.access.repository_state import (
    access_lost,
    access_regained,
)

log = structlog.get_logger()

# What is wiped when a token must not be used any more.
NO_TOKEN = {"access_token": "", "token_expires_at": None, "token_refreshing_since": None}


def app_lock(app: GitHubApp) -> None:
    """Let nobody else add an installation of APP until the caller's transaction ends.

    It comes before the locks of installations. Webhooks go on coming in meanwhile.
    """
    GitHubApp.objects.select_for_update(no_key=True).only("pk").get(pk=app.pk)


def installation_of(app: GitHubApp, installation_id: int) -> GitHubInstallation | None:
    """Return the installation of APP with GitHub's number, locked for the caller's transaction."""
    found = GitHubInstallation.objects.select_for_update(of=("self",))
    return found.filter(app=app, installation_id=installation_id).first()


def installation_fields(app: GitHubApp, data: dict[str, Any]) -> dict[str, Any]:
    """Read what an installation is from GitHub's own words.

    Args:
        data: https://docs.github.com/en/rest/apps/apps#get-an-installation-for-the-authenticated-app
    """
    account = data["account"] or {}
    is_organization = account.get("type") == "Organization"
    return {
        "app": app,
        "server": app.server,
        "api_url": app.api_url,
        "graphql_url": app.graphql_url,
        "web_url": app.web_url,
        "installation_id": int(data["id"]),
        "account_type": AccountType.ORGANIZATION if is_organization else AccountType.USER,
        "account_login": account_login(data),
        "account_id": int(account.get("id") or 0),
        "permissions": data.get("permissions") or {},
        "is_suspended": data.get("suspended_at") is not None,
        "deleted_at": None,
    }


def account_login(data: dict[str, Any]) -> str:
    """Return the name of the account of an installation, as GitHub describes that.

    An enterprise has a slug in place of a login; nobody can connect one here.
    """
    account = data["account"] or {}
    return account.get("login") or account.get("slug") or ""


def installation_changed(installation: GitHubInstallation, fields: dict[str, Any]) -> None:
    """Store what GitHub says of an installation now, and what follows for its repositories."""
    was_suspended = installation.is_suspended
    for name, value in fields.items():
        setattr(installation, name, value)
    installation.save(update_fields=[*fields, "updated_at"])
    if was_suspended and not installation.is_suspended:
        installation_unsuspend(installation)
    elif installation.is_suspended and not was_suspended:
        installation_suspend(installation)


@transaction.atomic
def installation_suspend(installation: GitHubInstallation) -> None:
    """Stop reading an account that suspended the App.

    https://docs.github.com/en/apps/maintaining-github-apps/suspending-a-github-app-installation
    """
    _update(installation, is_suspended=True, **NO_TOKEN)
    access_lost(
        installation.repositories.followed(),
        gettext_noop(
            "GitHub suspended Dexxy's access to {account}."
            " Whoever suspended it ends that on GitHub, in the App's settings."
        ).format(account=installation.account_login),
    )
    log.warning("installation suspended", account=installation.account_login)


@transaction.atomic
def installation_unsuspend(installation: GitHubInstallation) -> None:
    """Read an account again, all of it: what happened meanwhile came by no webhook."""
    # Tokens from before the suspension are not good any more.
    _update(installation, is_suspended=False, **NO_TOKEN)
    access_regained(installation.repositories.followed())


@transaction.atomic
def installation_delete(installation: GitHubInstallation) -> None:
    """Stop reading an account from which the App was removed; everything read stays."""
    deleted_at = installation.deleted_at or timezone.now()
    _update(installation, deleted_at=deleted_at, reconcile_at=None, **NO_TOKEN)
    access_lost(
        installation.repositories.followed(),
        gettext_noop(
            "The GitHub App was removed from {account}."
            " Connect GitHub again to go on where this stopped."
        ).format(account=installation.account_login),
    )
    log.warning("installation deleted", account=installation.account_login)


def _update(installation: GitHubInstallation, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(installation, name, value)
    installation.save(update_fields=[*fields, "updated_at"])
