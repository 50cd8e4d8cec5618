"""Connect a repository by personal access token: the way to try Dexxy without an App."""

import re
from typing import Any

from django.db import transaction
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    AccountType,
    Credential,
    CredentialKind,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
)
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services.github_client import GitHubClient
from dexxy.integrations.services.github_server import GitHubServer, default_server
from dexxy.sources.models import Source, SourceKind

# https://docs.github.com/en/rest/repos/repos: letters, digits, `-`, `_` and `.`
_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-_]*/[A-Za-z0-9._-]+")


class InvalidRepositoryNameError(DexxyError):
    """It is not of the form OWNER/REPO."""

    code = "invalid_repository_name"


class RepositoryUnknownError(DexxyError):
    """The server shows no such repository to this token."""

    code = "repository_unknown"


class OtherServerError(DexxyError):
    """The workspace is connected to another GitHub server."""

    code = "other_server"


def repository_connect_by_token(
    *, workspace: Workspace, full_name: str, token: str, server: GitHubServer | None = None
) -> GitHubRepository:
    """Connect a repository to WORKSPACE, or renew its connection with TOKEN.

    Args:
        full_name: OWNER/REPO.
        server: the GitHub to ask; the one of the environment if not given.

    Raises:
        InvalidRepositoryNameError: FULL_NAME is not of that form.
        RepositoryUnknownError: the repository does not exist for this token.
        OtherServerError: the workspace is connected to another server.
        GitHubError: GitHub could not be asked.
    """
    if not _FULL_NAME.fullmatch(full_name):
        raise InvalidRepositoryNameError(
            f"{full_name} is not the name of a repository. Write OWNER/REPO, as in octocat/hello."
        )
    server = server or default_server()
    with GitHubClient(
        api_url=server.api_url, graphql_url=server.graphql_url, token=token
    ) as client:
        account = _account(client)
        repository = _repository(client, full_name)
    return _store(workspace, server, token, account, repository)


def _account(client: GitHubClient) -> dict[str, Any]:
    # https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    return _checked(client.get("user").data, {"id": int, "login": str})


def _repository(client: GitHubClient, full_name: str) -> dict[str, Any]:
    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    try:
        answer = client.get(f"repos/{full_name}")
    except errors.NotFoundError as error:
        raise RepositoryUnknownError(
            f"GitHub shows no repository {full_name} to this token."
            " Check the name, and that the token may read it."
        ) from error
    return _checked(answer.data, {"id": int, "full_name": str, "html_url": str})


def _checked(data: Any, fields: dict[str, type]) -> dict[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(data.get(f), t) for f, t in fields.items()):
        raise errors.UnexpectedAnswerError(
            "The server does not answer like GitHub's REST API. Check DEXXY_GITHUB_API_URL."
        )
    return data


@transaction.atomic
def _store(
    workspace: Workspace,
    server: GitHubServer,
    token: str,
    account: dict[str, Any],
    found: dict[str, Any],
) -> GitHubRepository:
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    installation = _installation(workspace, server, token, account)
    source, _ = Source.objects.update_or_create(
        workspace=workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=server.name,
        external_id=str(found["id"]),
        defaults={"name": found["full_name"], "url": found["html_url"], "is_archived": False},
    )
    repository, _ = GitHubRepository.objects.update_or_create(
        source=source,
        defaults={
            "installation": installation,
            "github_id": found["id"],
            "name": found["full_name"].split("/")[1],
            "full_name": found["full_name"],
            "is_archived": False,
        },
        create_defaults={
            "installation": installation,
            "github_id": found["id"],
            "name": found["full_name"].split("/")[1],
            "full_name": found["full_name"],
            "sync_status": SyncStatus.PENDING,
            "next_sync_at": timezone.now(),
        },
    )
    return repository


def _installation(
    workspace: Workspace, server: GitHubServer, token: str, account: dict[str, Any]
) -> GitHubInstallation:
    known = GitHubInstallation.objects.filter(workspace=workspace).first()
    if known and known.server != server.name:
        raise OtherServerError(
            f"Workspace {workspace.slug} is connected to {known.api_url}, not to {server.api_url}."
            " Choose another workspace with --workspace."
        )
    credential, _ = Credential.objects.get_or_create(
        server=server.name, kind=CredentialKind.USER, account_id=account["id"]
    )
    installation, _ = GitHubInstallation.objects.update_or_create(
        workspace=workspace,
        defaults={
            "credential": credential,
            "server": server.name,
            "api_url": server.api_url,
            "graphql_url": server.graphql_url,
            "web_url": server.web_url,
            "account_type": AccountType.ORGANIZATION
            if account.get("type") == "Organization"
            else AccountType.USER,
            "account_login": account["login"],
            "account_id": account["id"],
            "access_token": token,
            "is_suspended": False,
        },
    )
    return installation
