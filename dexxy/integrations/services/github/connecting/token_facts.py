"""What GitHub says about a personal access token, and what it may read, before it is stored."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any

import structlog
from django.utils.translation import gettext as _

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import StreamName
from dexxy.integrations.services.github.access.token_ends import end_told, scopes_told
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT, sizes_document
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.reading.scans import THREAD_LISTS
from dexxy.integrations.services.github.reading.session import RETRY_AFTER
from dexxy.integrations.services.github.scheduling.reconcile import PAGE, listed
from dexxy.integrations.services.github_client import Answer, GitHubClient

log = structlog.get_logger()

# Letters and digits; those of an installation are longer and have `.`, `_` and `-`, too.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
# What GitHub gives to programs: to an installation, in exchange for a code, to renew another one.
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
_NOT_PERSONAL = ("ghs_", "ghu_", "ghr_", "gho_")
# What is pasted by mistake, and would tell GitHub a secret of another service.
_OF_OTHERS = {"dxy_": "Dexxy", "whsec_": "a webhook", "glpat-": "GitLab", "xox": "Slack"}
_USEFUL = {"repo", "public_repo", "read:user", "user:email", "read:org"}


class InvalidTokenError(DexxyError):
    """No token looks like that, people make no such token, or GitHub does not accept it."""

    code = "invalid_token"


class TokenRefusedError(InvalidTokenError):
    """GitHub does not accept the token."""


@dataclass(frozen=True, slots=True)
class TriedRepository:
    """A repository that a token was tried with.

    Args:
        is_shown: whether GitHub shows it to the token at all.
        refused: its lists that the token may not read; where GitHub refuses one, it may not say
            what else it would.
    """

    full_name: str
    is_shown: bool
    refused: Sequence[StreamName]


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What GitHub says about a personal access token.

    Args:
        account: whose it is, as GitHub describes the account.
        expires_at: until when it lasts; None where it does not end.
        scopes: of a classic token; None of a fine-grained one, whose rights GitHub does not tell.
        requests_left: in this hour; None where GitHub does not count them.
        tried: those that are followed already, or one that the token was made for.
    """

    account: Mapping[str, Any]
    expires_at: datetime | None
    scopes: list[str] | None
    requests_left: int | None
    tried: Sequence[TriedRepository] = ()

    @property
    def account_login(self) -> str:
        """What the account is called that it belongs to."""
        return str(self.account["login"])

    @property
    def reads_private(self) -> bool | None:
        """Whether it reads private repositories; None where only reading them would tell."""
        return None if self.scopes is None else "repo" in self.scopes

    @property
    def needless(self) -> list[str]:
        """The scopes of it that Dexxy makes no use of."""
        return [scope for scope in self.scopes or () if scope not in _USEFUL]

    @property
    def unread(self) -> list[str]:
        """Which of the repositories that were tried it does not read at all."""
        return [one.full_name for one in self.tried if not one.is_shown]

    @property
    def in_part(self) -> list[TriedRepository]:
        """Which of them it reads, but for a list."""
        return [one for one in self.tried if one.is_shown and one.refused]

    @property
    def whole(self) -> list[str]:
        """Which of them it reads with all lists."""
        return [one.full_name for one in self.tried if one.is_shown and not one.refused]


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


def personal_token(token: str) -> str:
    """Return a token as `checked_token` does, if people make such: programs' ones end soon.

    Raises:
        InvalidTokenError: it cannot be one, is given to programs, or is none of GitHub's.
    """
    token = checked_token(token)
    for begin, whose in _OF_OTHERS.items():
        if token.startswith(begin):
            raise InvalidTokenError(
                _(
                    "This is a token of {whose}, and none of GitHub’s: it was not sent there."
                    " One of GitHub’s begins with github_pat_ or ghp_."
                ).format(whose=whose)
            )
    if token.startswith(_NOT_PERSONAL):
        raise InvalidTokenError(
            _(
                "This is no personal access token: programs are given such tokens, and they end"
                " soon. A personal one begins with github_pat_ or ghp_."
            )
        )
    return token


def client_of(server: GitHubServer, token: str) -> GitHubClient:
    """Return a connection to SERVER with TOKEN."""
    return GitHubClient(api_url=server.api_url, graphql_url=server.graphql_url, token=token)


def token_facts(client: GitHubClient, followed: Mapping[str, str] | None = None) -> TokenFacts:
    """Ask GitHub whose the token is that CLIENT sends, until when it lasts, and what it may read.

    Args:
        followed: node id -> name of the repositories to try it with; an empty one tries a
            fine-grained token with one that it was made for, None tries nothing.

    Raises:
        TokenRefusedError: GitHub does not accept it.
        GitHubError: GitHub could not be asked.
    """
    try:
        # https://docs.github.com/en/rest/users/users#get-the-authenticated-user
        answer = get_patiently(client, "user")
    except errors.BadCredentialsError as error:
        raise TokenRefusedError(
            _("GitHub does not accept this token. Check that it is whole and has not expired.")
        ) from error
    account = shaped(answer.data, {"id": int, "login": str})
    scopes = scopes_told(answer.headers)
    if followed == {} and scopes is None:
        followed = _one_of(client)
    return TokenFacts(
        account=account,
        expires_at=end_told(answer.headers),
        scopes=scopes,
        requests_left=_number(answer.headers.get("x-ratelimit-remaining", "")),
        tried=_tried(client, followed or {}),
    )


def _one_of(client: GitHubClient) -> dict[str, str]:
    """Return a repository that the token was made for, a private one if there is any: what is
    public can be read without a right."""
    # https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user
    answer = get_patiently(client, "user/repos", {"per_page": PAGE, "sort": "full_name"})
    with answer_shape("list of repositories"):
        rows = [listed(one) for one in answer.data]
    chosen = sorted(rows, key=lambda row: not row.is_private)[:1]
    return {row.node_id: row.full_name for row in chosen if row.node_id}


def _tried(client: GitHubClient, wanted: Mapping[str, str]) -> list[TriedRepository]:
    ids = list(wanted)[:PAGE_LIMIT]
    if not ids:
        return []
    answer = client.query(sizes_document(), {"ids": ids}, may_lack=["nodes.*"])
    with answer_shape("repositories"):
        nodes = list(answer.data["nodes"])
    tried = []
    for index, (pk, node) in enumerate(zip(ids, nodes, strict=True)):
        refused = [
            name
            for name, kind in THREAD_LISTS.items()
            if f"nodes.{index}.{kind}" in answer.gaps.refused
        ]
        # A list that is refused takes its repository along: it is shown all the same.
        tried.append(TriedRepository(wanted[pk], node is not None or bool(refused), refused))
    return tried


def get_patiently(
    client: GitHubClient, path: str, parameters: Mapping[str, str | int] | None = None
) -> Answer:
    """Ask for PATH, as often as a sync would.

    Raises:
        GitHubError: GitHub could not be asked.
    """
    for wait in RETRY_AFTER:
        try:
            return client.get(path, parameters)
        except (errors.GitHubUnreachableError, errors.GitHubServerError) as error:
            log.info("asking GitHub again", error=str(error), seconds=wait)
            sleep(wait)
    return client.get(path, parameters)


def shaped(data: Any, fields: Mapping[str, type]) -> dict[str, Any]:
    """Return DATA as an object with FIELDS.

    Raises:
        UnexpectedAnswerError: it is none.
    """
    if not isinstance(data, dict) or not all(isinstance(data.get(f), t) for f, t in fields.items()):
        raise errors.UnexpectedAnswerError(
            _("The server does not answer like GitHub's REST API. Check DEXXY_GITHUB_API_URL.")
        )
    return data


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
