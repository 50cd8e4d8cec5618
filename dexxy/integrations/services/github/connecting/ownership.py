"""Who may let a workspace read an account: its owner, proven to us by GitHub itself.

That GitHub lists an installation to somebody proves nothing: whoever may read one repository of
it sees it, too. `installation_id` in an address proves even less.
https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/about-the-setup-url
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from django.utils.translation import gettext as _

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubApp
from dexxy.integrations.services.github.access.installations import account_login
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.scheduling.reconcile import PAGE
from dexxy.integrations.services.github_client import GitHubClient

log = structlog.get_logger()


class CodeRefusedError(DexxyError):
    """GitHub does not take the code that the browser brought back."""

    code = "oauth_code_refused"


class NotOwnerError(DexxyError):
    """The account on GitHub belongs to somebody else."""

    code = "not_account_owner"


class OwnershipUnknownError(DexxyError):
    """GitHub does not tell us whether somebody owns the organisation."""

    code = "account_ownership_unknown"


@contextmanager
def user_client(
    app: GitHubApp, *, code: str, verifier: str, callback_url: str
) -> Iterator[GitHubClient]:
    """Speak to GitHub as the person who came back with CODE, for as long as it takes to prove it.

    The person's token is never stored, and ends when this does.

    Args:
        verifier: PKCE's, or '' where nothing was sent ahead.

    Raises:
        CodeRefusedError: GitHub does not take the code.
        GitHubError: GitHub could not be asked.
    """
    token = _exchanged(app, code, verifier, callback_url)
    try:
        with GitHubClient(api_url=app.api_url, graphql_url=app.graphql_url, token=token) as client:
            yield client
    finally:
        user_token_revoke(app, token)


def _exchanged(app: GitHubApp, code: str, verifier: str, callback_url: str) -> str:
    # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
    body = {
        "client_id": app.client_id,
        "client_secret": app.client_secret.read(),
        "code": code,
        "redirect_uri": callback_url,
    }
    if verifier:
        body["code_verifier"] = verifier
    with _unsigned(app, httpx.Auth()) as client:
        answer = client.post(f"{app.web_url}/login/oauth/access_token", body).data
    with answer_shape("answer to a sign-in"):
        # Refusals have the status 200, too.
        problem, token = answer.get("error"), answer.get("access_token")
    if problem == "incorrect_client_credentials":
        raise CodeRefusedError(
            _(
                "GitHub does not accept the App's client secret. Make a new one on "
                "the App's page on GitHub, and put it into "
                "DEXXY_GITHUB_CLIENT_SECRET."
            )
        )
    if problem or not token:
        raise CodeRefusedError(
            _(
                "GitHub did not confirm the sign-in: it was used before or took "
                "longer than ten minutes. Connect GitHub once more."
            )
        )
    return str(token)


def user_token_revoke(app: GitHubApp, token: str) -> None:
    """End a person's token, which has served its purpose."""
    # https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
    try:
        with _unsigned(app, httpx.BasicAuth(app.client_id, app.client_secret.read())) as client:
            client.delete(f"applications/{app.client_id}/token", {"access_token": token})
    except errors.GitHubError as error:
        # Nobody has it any more, and it ends in eight hours.
        log.warning("a user's token was not revoked", error=str(error))


def _unsigned(app: GitHubApp, auth: httpx.Auth) -> GitHubClient:
    return GitHubClient(api_url=app.api_url, graphql_url=app.graphql_url, token=auth)


def installations_of_user(client: GitHubClient, app: GitHubApp) -> list[dict[str, Any]]:
    """Return every installation of APP that the person has to do with, owned or not.

    Raises:
        GitHubError: GitHub could not be asked.
    """
    # https://docs.github.com/en/rest/apps/installations#list-app-installations-accessible-to-the-user-access-token
    page, found = "user/installations", list[dict[str, Any]]()
    parameters: dict[str, str | int] | None = {"per_page": PAGE}
    while page:
        answer = client.get(page, parameters)
        with answer_shape("list of installations"):
            found += [one for one in answer.data["installations"] if one["app_id"] == app.app_id]
        page, parameters = answer.next_page, None
    return found


def ownership_require(client: GitHubClient, installation: dict[str, Any]) -> None:
    """Refuse whoever does not own the account of an installation.

    Raises:
        NotOwnerError: somebody else does.
        OwnershipUnknownError: GitHub does not say.
        GitHubError: GitHub could not be asked.
    """
    with answer_shape("installation"):
        account = installation["account"] or {}
        login, number, kind = account_login(installation), account.get("id"), account.get("type")
    if kind == "User":
        is_owner = client.get("user").data.get("id") == number
    elif kind == "Organization":
        is_owner = _owns_organization(client, login, number)
    else:
        is_owner = False
    if not is_owner:
        raise NotOwnerError(
            _(
                "Only an owner of {login} on GitHub can connect it here, and you "
                "are signed in there as somebody else. Ask an owner to do it."
            ).format(login=login)
        )


def _owns_organization(client: GitHubClient, login: str, number: object) -> bool:
    try:
        # https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user
        found = client.get(f"user/memberships/orgs/{quote(login, safe='')}").data
    except errors.NotFoundError:
        return False
    except errors.AccessDeniedError as error:
        raise OwnershipUnknownError(
            _(
                "GitHub does not tell Dexxy who owns {login}. Give the App the "
                "permission Organization > Members: read, let an owner accept it, "
                "and connect once more."
            ).format(login=login)
        ) from error
    with answer_shape("membership"):
        is_admin = found["role"] == "admin" and found["state"] == "active"
        # By its number: another organisation may have taken over the name.
        return bool(is_admin and found["organization"]["id"] == number)
