"""Connect a repository by personal access token: the way to try Dexxy without an App."""

import re
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import workspace_called
from dexxy.common.crypto import Secret
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    AccountType,
    Credential,
    CredentialKind,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
)
from dexxy.integrations.services.github.access.repository_state import access_regained
from dexxy.integrations.services.github.access.token_ends import end_told
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.server import GitHubServer, default_server
from dexxy.integrations.services.github.connecting.follow import repository_follow
from dexxy.integrations.services.github.reading.session import RETRY_AFTER
from dexxy.integrations.services.github_client import Answer, GitHubClient

log = structlog.get_logger()

# Letters and digits; those of an installation are longer and have `.`, `_` and `-`, too.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
# https://docs.github.com/en/rest/repos/repos: letters, digits, `-`, `_` and `.`
_FULL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-_]*/[A-Za-z0-9._-]+")
# What GitHub gives to programs: to an installation, in exchange for a code, to renew another one.
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
_NOT_PERSONAL = ("ghs_", "ghu_", "ghr_", "gho_")
_USEFUL = {"repo", "public_repo", "read:user", "user:email", "read:org"}
_WELL = [SyncStatus.PENDING, SyncStatus.SYNCING, SyncStatus.ACTIVE]


class InvalidRepositoryNameError(DexxyError):
    """It is not of the form OWNER/REPO."""

    code = "invalid_repository_name"


class InvalidTokenError(DexxyError):
    """No token looks like that."""

    code = "invalid_token"


class RepositoryUnknownError(DexxyError):
    """The server shows no such repository to this token."""

    code = "repository_unknown"


class ConnectedByAppError(DexxyError):
    """The workspace reads through the GitHub App, which no personal token replaces by the way."""

    code = "connected_by_app"


class OtherServerError(DexxyError):
    """The workspace is connected to another GitHub server."""

    code = "other_server"


@dataclass(frozen=True, slots=True)
class TokenOwner:
    """Whose a personal token is, as GitHub describes the account, and until when it lasts."""

    account: dict[str, Any]
    token_ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class FoundRepository:
    """A repository that a token may read, as its server describes it and the token's owner."""

    server: GitHubServer
    token: str
    account: dict[str, Any]
    repository: dict[str, Any]
    token_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What GitHub says about a personal access token.

    Args:
        account_login: whose it is.
        expires_at: until when it lasts; None where it does not end.
        scopes: of a classic token; None of a fine-grained one, whose rights GitHub does not tell.
        requests_left: in this hour; None where GitHub does not count them.
    """

    account_login: str
    expires_at: datetime | None
    scopes: list[str] | None
    requests_left: int | None

    @property
    def reads_private(self) -> bool | None:
        """Whether it reads private repositories; None where only reading them would tell."""
        return None if self.scopes is None else "repo" in self.scopes

    @property
    def needless(self) -> list[str]:
        """The scopes of it that Dexxy makes no use of."""
        return [scope for scope in self.scopes or () if scope not in _USEFUL]


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
    """Ask GitHub for a repository and for the owner of TOKEN.

    Raises:
        InvalidRepositoryNameError: FULL_NAME is not of the form OWNER/REPO.
        InvalidTokenError: TOKEN cannot be one.
        RepositoryUnknownError: the repository does not exist for this token.
        GitHubError: GitHub could not be asked.
    """
    server = server or default_server()
    full_name, token = checked_name(full_name, server), checked_token(token)
    with GitHubClient(
        api_url=server.api_url, graphql_url=server.graphql_url, token=token
    ) as client:
        owner = owner_of(client)
        repository = repository_described(client, full_name)
        return FoundRepository(server, token, owner.account, repository, owner.token_ends_at)


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


def checked_token(token: str) -> str:
    """Return a token without what surrounds it.

    Raises:
        InvalidTokenError: it cannot be one.
    """
    token = token.strip()
    if not _TOKEN.fullmatch(token):
        raise InvalidTokenError(
            _("The token has characters that no token has. Copy it once more, as a whole.")
        )
    return token


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
    full_name, token = checked_name(full_name, server), checked_token(token)
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
    return None if known is None or _is_new(token, known.installation) else known


def _get(client: GitHubClient, path: str) -> Answer:
    """Ask for PATH, as often as a sync would."""
    for wait in RETRY_AFTER:
        try:
            return client.get(path)
        except (errors.GitHubUnreachableError, errors.GitHubServerError) as error:
            log.info("asking GitHub again", error=str(error), seconds=wait)
            sleep(wait)
    return client.get(path)


def owner_of(client: GitHubClient) -> TokenOwner:
    """Ask GitHub whose token CLIENT sends, and until when it lasts.

    Raises:
        GitHubError: GitHub could not be asked, or does not accept the token.
    """
    # https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    answer = _get(client, "user")
    account = _checked(answer.data, {"id": int, "login": str})
    return TokenOwner(account, end_told(answer.headers))


def require_personal(token: str) -> None:
    """Refuse what GitHub gives to programs: nobody can make another one when it ends.

    Raises:
        InvalidTokenError: TOKEN is of such a kind.
    """
    if token.startswith(_NOT_PERSONAL):
        raise InvalidTokenError(
            _(
                "This is no personal access token: programs are given such tokens, and they end"
                " soon. A personal one begins with github_pat_ or ghp_."
            )
        )


def token_facts(server: GitHubServer, token: str) -> TokenFacts:
    """Ask GitHub whose TOKEN is, until when it lasts, and what it may read.

    Args:
        token: as `checked_token` returns it.

    Raises:
        InvalidTokenError: it is of another kind than people make, or GitHub does not accept it.
        GitHubError: GitHub could not be asked.
    """
    require_personal(token)
    urls = {"api_url": server.api_url, "graphql_url": server.graphql_url}
    try:
        with GitHubClient(**urls, token=token) as client:
            answer = _get(client, "user")
    except errors.BadCredentialsError as error:
        raise InvalidTokenError(
            _("GitHub does not accept this token. Check that it is whole and has not expired.")
        ) from error
    account = _checked(answer.data, {"id": int, "login": str})
    scopes = answer.headers.get("x-oauth-scopes")
    return TokenFacts(
        account_login=account["login"],
        expires_at=end_told(answer.headers),
        scopes=None if scopes is None else sorted(filter(None, scopes.replace(" ", "").split(","))),
        requests_left=_number(answer.headers.get("x-ratelimit-remaining", "")),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def repository_described(client: GitHubClient, full_name: str) -> dict[str, Any]:
    """Ask GitHub for a repository.

    Raises:
        RepositoryUnknownError: it does not exist for this token.
        GitHubError: GitHub could not be asked.
    """
    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    try:
        answer = _get(client, f"repos/{full_name}")
    except errors.NotFoundError as error:
        raise RepositoryUnknownError(
            _(
                "GitHub shows no repository {full_name} to this token. Check the "
                "name, and that the token may read it."
            ).format(full_name=full_name)
        ) from error
    return _checked(answer.data, {"id": int, "full_name": str, "html_url": str})


def _checked(data: Any, fields: dict[str, type]) -> dict[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(data.get(f), t) for f, t in fields.items()):
        raise errors.UnexpectedAnswerError(
            _("The server does not answer like GitHub's REST API. Check DEXXY_GITHUB_API_URL.")
        )
    return data


@transaction.atomic
def repository_connect(*, workspace: Workspace, found: FoundRepository) -> GitHubRepository:
    """Follow what `repository_find` found in WORKSPACE, with the token that it was found with.

    Raises:
        OtherServerError: the workspace is connected to another server.
        ConnectedByAppError: it is connected through the App.
    """
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    known = GitHubInstallation.objects.filter(workspace=workspace).first()
    if known is not None:
        refuse_conflicts(workspace, known, found.server)
    installation = known or GitHubInstallation(workspace=workspace)
    owner = TokenOwner(found.account, found.token_ends_at)
    installation_fill(installation, found.server, owner, found.token)
    # Whatever the last token could not read, or had lost, this one may: it is tried.
    others = installation.repositories.exclude(github_id=found.repository["id"])
    access_regained(others.filter(access_lost_at__isnull=False))
    return repository_follow(
        installation,
        actor=None,
        github_id=found.repository["id"],
        full_name=found.repository["full_name"],
        url=found.repository["html_url"],
    )


def refuse_conflicts(workspace: Workspace, known: GitHubInstallation, server: GitHubServer) -> None:
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


def installation_fill(
    installation: GitHubInstallation, server: GitHubServer, owner: TokenOwner, token: str
) -> None:
    """Let an installation stand for a personal token, whatever it was before."""
    account = owner.account
    credential, _ = Credential.objects.get_or_create(
        server=server.name, kind=CredentialKind.USER, account_id=account["id"]
    )
    if not credential.shows_emails and _is_new(token, installation):
        # It may have a scope that the one before had not.
        credential.shows_emails = True
        credential.save(update_fields=["shows_emails", "updated_at"])
    is_organization = account.get("type") == "Organization"
    fields: dict[str, Any] = {
        "app": None,
        "installation_id": None,
        "deleted_at": None,
        "token_expires_at": owner.token_ends_at,
        "permissions": {},
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


def _is_new(token: str, installation: GitHubInstallation) -> bool:
    known: Secret = installation.access_token
    return not known.is_readable or known.read() != token
