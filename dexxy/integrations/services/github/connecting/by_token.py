"""Connect a repository by personal access token: the way to try Dexxy without an App."""

import re
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import workspace_called
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubRepository, SyncStatus
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.server import GitHubServer, default_server
from dexxy.integrations.services.github.connecting.follow import repository_follow
from dexxy.integrations.services.github.connecting.token_facts import (
    TokenFacts,
    client_of,
    get_patiently,
    personal_token,
    shaped,
    token_facts,
)
from dexxy.integrations.services.github.connecting.token_taking import token_is_new, token_take
from dexxy.integrations.services.github_client import GitHubClient

# https://docs.github.com/en/rest/repos/repos: letters, digits, `-`, `_` and `.`
_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-_]*/[A-Za-z0-9._-]+")
_WELL = [SyncStatus.PENDING, SyncStatus.SYNCING, SyncStatus.ACTIVE]


class InvalidRepositoryNameError(DexxyError):
    """It is not of the form OWNER/REPO."""

    code = "invalid_repository_name"


class RepositoryUnknownError(DexxyError):
    """The server shows no such repository to this token."""

    code = "repository_unknown"


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """A repository that a token may read, as its server describes it, and the token."""

    server: GitHubServer
    token: str
    facts: TokenFacts
    repository: dict[str, Any]


def repository_connect_by_token(
    *, workspace: Workspace, full_name: str, token: str, server: GitHubServer | None = None
) -> GitHubRepository:
    """Follow a repository in WORKSPACE, and read all that WORKSPACE follows with TOKEN.

    Args:
        full_name: OWNER/REPO, or its address.
        server: the GitHub to ask; the one of the environment if not given.

    Raises:
        OtherServerError: the workspace is connected to another server.
        ConnectedByAppError: it is connected through the App.
        DexxyError: as `repository_find`.
    """
    found = repository_find(full_name=full_name, token=token, server=server)
    return repository_connect(workspace=workspace, found=found)


def repository_find(
    *, full_name: str, token: str, server: GitHubServer | None = None
) -> FoundRepository:
    """Ask GitHub for a repository and about TOKEN.

    Raises:
        InvalidRepositoryNameError: FULL_NAME is not of the form OWNER/REPO.
        InvalidTokenError: TOKEN cannot be a personal one, or GitHub does not accept it.
        RepositoryUnknownError: the repository does not exist for this token.
        GitHubError: GitHub could not be asked.
    """
    server = server or default_server()
    full_name, token = checked_name(full_name, server), personal_token(token)
    with client_of(server, token) as client:
        facts = token_facts(client)
        repository = repository_described(client, full_name)
        return FoundRepository(server, token, facts, repository)


def checked_name(full_name: str, server: GitHubServer) -> str:
    """Return OWNER/REPO of what a person wrote: that, or the address of its page.

    Raises:
        InvalidRepositoryNameError: it is neither.
    """
    name = full_name.removeprefix(f"{server.web_url}/").removesuffix("/").removesuffix(".git")
    if not _FULL_NAME.fullmatch(name):
        raise InvalidRepositoryNameError(
            _(
                "{name} is not the name of a repository. Write OWNER/REPO, as in octocat/hello."
            ).format(name=name)
        )
    return name


def repository_connected(
    *, workspace: str, full_name: str, token: str, server: GitHubServer | None = None
) -> GitHubRepository | None:
    """Return the repository if it is followed already, is read with TOKEN, and all is well with it.

    So nobody has to ask GitHub for it, and if it is gone its sync finds that out.

    Args:
        workspace: its slug, or what that was before.

    Raises:
        InvalidRepositoryNameError, InvalidTokenError: as `repository_find`.
    """
    server = server or default_server()
    full_name, token = checked_name(full_name, server), personal_token(token)
    named = workspace_called(workspace)
    if named is None:
        return None
    found = GitHubRepository.objects.followed().filter(
        full_name__iexact=full_name,
        sync_status__in=_WELL,
        access_lost_at=None,
        installation__app=None,
        installation__workspace=named,
        installation__server=server.name,
        installation__api_url=server.api_url,
    )
    known = found.select_related("installation", "source__workspace").first()
    return None if known is None or token_is_new(token, known.installation) else known


def repository_described(client: GitHubClient, full_name: str) -> dict[str, Any]:
    """Ask GitHub for a repository.

    Raises:
        RepositoryUnknownError: it does not exist for this token.
        GitHubError: GitHub could not be asked.
    """
    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    try:
        answer = get_patiently(client, f"repos/{full_name}")
    except errors.NotFoundError as error:
        raise RepositoryUnknownError(
            _(
                "GitHub shows no repository {full_name} to this token. Check the "
                "name, and that the token may read it."
            ).format(full_name=full_name)
        ) from error
    return shaped(answer.data, {"id": int, "full_name": str, "html_url": str})


@transaction.atomic
def repository_connect(*, workspace: Workspace, found: FoundRepository) -> GitHubRepository:
    """Follow what `repository_find` found in WORKSPACE, with the token that it was found with.

    Raises:
        OtherServerError: the workspace is connected to another server.
        ConnectedByAppError: it is connected through the App.
    """
    number = found.repository["id"]
    installation = token_take(
        actor=None,
        workspace=workspace,
        server=found.server,
        token=found.token,
        facts=found.facts,
        but=number,
    )
    return repository_follow(
        installation,
        actor=None,
        github_id=number,
        full_name=found.repository["full_name"],
        url=found.repository["html_url"],
    )
