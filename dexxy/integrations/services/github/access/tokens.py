"""The token that an installation is read with: a personal one, or the App's, renewed in time.

Tokens of the App end after an hour. One process at a time asks for the next: it sets
`token_refreshing_since` by a conditional UPDATE, asks GitHub with no transaction open, and
stores the token only if that is still there. The others go on with the old one, or wait.
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-an-installation-access-token-for-a-github-app
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic, sleep

import httpx
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dexxy.common.errors import DexxyError
from dexxy.common.sql import fetch_all
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services.github.access.app import (
    app_client,
    app_refused,
    installation_described,
)
from dexxy.integrations.services.github.access.installations import (
    installation_delete,
    installation_suspend,
)
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.refusals import is_rate_limit, message_of
from dexxy.integrations.services.github_client import GitHubClient

LIFETIME = timedelta(hours=1)
REFRESH_BEFORE = timedelta(minutes=5)
# A token that ends sooner is not given to anybody.
LEAST_LEFT = timedelta(seconds=30)
# Seconds after which a process that asks for a token is taken for dead; asking takes 40 at most.
CLAIM_SECONDS = 90
# Seconds between two looks for what another process gets, and how long to look.
LOOK_AGAIN, LOOK_AT_MOST = 0.2, 100.0
# Seconds before each new try with a token that GitHub's replicas may not know yet, and how long
# after it was made that is believed of it. What they do not know they refuse with 401; 403 was only
# ever reported of tokens with a part of the permissions, which are not asked for here:
# https://github.com/octokit/auth-app.js/issues/589
RETRY_AFTER = (1.0, 2.0, 4.0)
YOUNG = timedelta(seconds=15)
# How a 403 names a permission that was not granted: the token is known, and the next has no more.
# https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible
NOT_GRANTED = "resource not accessible by integration"

_CLAIM = """
UPDATE integrations_githubinstallation SET token_refreshing_since = clock_timestamp()
WHERE id = %(id)s AND token_expires_at IS NOT DISTINCT FROM %(expires_at)s
  AND (token_refreshing_since IS NULL
       OR token_refreshing_since < clock_timestamp() - make_interval(secs => %(seconds)s))
RETURNING token_refreshing_since
"""


class NotConnectedError(DexxyError):
    """No workspace reads with this installation any more."""

    code = "not_connected"


class TokenBusyError(DexxyError):
    """Another process is asking for the token, and does not get it."""

    code = "token_busy"
    retryable = True


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and when the next one is asked for: None for a personal one, which has no next."""

    value: str = field(repr=False)
    expires_at: datetime | None

    def lasts(self, span: timedelta) -> bool:
        return self.expires_at is None or self.expires_at > timezone.now() + span

    @property
    def is_young(self) -> bool:
        return self.expires_at is not None and self.lasts(LIFETIME - YOUNG)


def installation_token(installation: GitHubInstallation) -> str:
    """Return a token to read INSTALLATION with, good for half a minute or longer.

    Raises:
        DexxyError: as `token_of`.
    """
    return token_of(installation.pk).value


def installation_client(installation: GitHubInstallation) -> GitHubClient:
    """Return a connection that reads with INSTALLATION for as long as is wanted.

    Its requests raise what `token_of` raises, too.
    """
    return GitHubClient(
        api_url=installation.api_url,
        graphql_url=installation.graphql_url,
        token=InstallationAuth(installation.pk),
    )


class InstallationAuth(httpx.Auth):
    """Signs each request with an installation's token, and survives its end.

    A new token is unknown to some of GitHub's replicas for a few seconds; an old one may have
    been revoked before its time.
    """

    def __init__(self, installation_pk: int) -> None:
        self._pk = installation_pk
        self._token = Token("", timezone.now())

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request, and again where GitHub does not know the token yet or any more."""
        if not self._token.lasts(REFRESH_BEFORE):
            self._token = token_of(self._pk)
        response = yield from self._signed(request)
        for seconds in RETRY_AFTER:
            if not (self._token.is_young and _may_be_unknown(response)):
                break
            sleep(seconds)
            response = yield from self._signed(request)
        if response.status_code == 401 and self._token.expires_at is not None:
            self._token = token_of(self._pk, refused=self._token.value)
            yield from self._signed(request)

    def _signed(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
        request.headers["Authorization"] = f"Bearer {self._token.value}"
        response = yield request
        # A limit may be told in the body alone. Any other answer may be too large to read here.
        if response.is_error:
            response.read()
        return response


def _may_be_unknown(response: httpx.Response) -> bool:
    """Say whether a server may not know the token yet; else it refuses what was asked for."""
    if response.status_code != 403:
        return response.status_code == 401
    message = message_of(response)
    is_limit = is_rate_limit(response.headers, message, response.status_code)
    return not is_limit and NOT_GRANTED not in message.lower()


def token_of(installation_pk: int, *, refused: str = "") -> Token:
    """Return the token of an installation; GitHub is asked for one where the last has ended.

    Args:
        refused: one that GitHub did not take, and that is no answer therefore.

    Raises:
        NotConnectedError, InstallationSuspendedError, InstallationDeletedError: there is none.
        UndecryptableSecretError: it cannot be decrypted.
        TokenBusyError: another process has been asking for too long.
        AppRefusedError: GitHub does not know us as the App.
        GitHubError: GitHub could not be asked.
    """
    deadline = monotonic() + LOOK_AT_MOST
    while True:
        installation = _usable(installation_pk)
        # A personal one is used until GitHub refuses it: nobody can ask for another.
        ends = installation.token_expires_at if installation.is_by_app else None
        stored = Token(installation.access_token.read(), ends)
        is_good = bool(stored.value) and stored.value != refused
        if is_good and stored.lasts(REFRESH_BEFORE):
            return stored
        token = _renewed(installation)
        if token is not None:
            return token
        if is_good and stored.lasts(LEAST_LEFT):
            return stored
        if monotonic() > deadline:
            raise TokenBusyError(
                _("Another process is asking GitHub for a token. Try again later.")
            )
        sleep(LOOK_AGAIN)


def installation_require(installation: GitHubInstallation) -> None:
    """Refuse to read with an installation that GitHub does not let us use.

    Raises:
        InstallationSuspendedError, InstallationDeletedError: it is none any more.
    """
    if installation.deleted_at is not None:
        raise _deleted(installation)
    if installation.is_suspended:
        raise _suspended(installation)


def _usable(installation_pk: int) -> GitHubInstallation:
    installation = GitHubInstallation.objects.select_related("app").get(pk=installation_pk)
    installation_require(installation)
    is_personal = not installation.is_by_app
    if installation.workspace_id is None or (is_personal and not installation.access_token):
        raise NotConnectedError(_("GitHub is not connected any more. Connect it again."))
    return installation


def _renewed(installation: GitHubInstallation) -> Token | None:
    """Ask GitHub for a token, unless another process does or just did."""
    params = {
        "id": installation.pk,
        "expires_at": installation.token_expires_at,
        "seconds": CLAIM_SECONDS,
    }
    claimed = fetch_all(_CLAIM, params)
    if not claimed:
        return None
    mine = GitHubInstallation.objects.filter(
        pk=installation.pk, token_refreshing_since=claimed[0][0]
    )
    try:
        token, permissions = _minted(installation)
    except BaseException:
        mine.update(token_refreshing_since=None)
        raise
    stored = mine.update(
        access_token=token.value,
        token_expires_at=token.expires_at,
        permissions=permissions,
        token_refreshing_since=None,
    )
    # Whoever was disconnected or suspended meanwhile gets no token.
    return token if stored else None


def _minted(installation: GitHubInstallation) -> tuple[Token, dict[str, str]]:
    assert installation.app is not None, "a personal token is never renewed"
    try:
        with app_client(installation.app) as client:
            # https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
            path = f"app/installations/{installation.installation_id}/access_tokens"
            data = client.post(path).data
    except errors.BadCredentialsError as error:
        raise app_refused(error) from error
    except (errors.AccessDeniedError, errors.NotFoundError) as error:
        raise _why_refused(installation, error) from error
    with answer_shape("installation token"):
        ends = datetime.fromisoformat(data["expires_at"])
        return Token(data["token"], ends), dict(data.get("permissions") or {})


def _why_refused(installation: GitHubInstallation, error: errors.GitHubError) -> errors.GitHubError:
    """Find out why there is no token, and remember it: GitHub must not be asked on and on."""
    assert installation.app is not None
    assert installation.installation_id is not None
    found = installation_described(installation.app, installation.installation_id)
    if found is None:
        installation_delete(installation)
        return _deleted(installation)
    if found.get("suspended_at") is not None:
        installation_suspend(installation)
        return _suspended(installation)
    return error


def _suspended(installation: GitHubInstallation) -> errors.InstallationSuspendedError:
    return errors.InstallationSuspendedError(
        gettext_noop(
            "GitHub suspended Dexxy's access to {account}."
            " Whoever suspended it ends that on GitHub, in the App's settings."
        ).format(account=installation.account_login)
    )


def _deleted(installation: GitHubInstallation) -> errors.InstallationDeletedError:
    return errors.InstallationDeletedError(
        gettext_noop("The GitHub App was removed from {account}. Connect GitHub again.").format(
            account=installation.account_login
        )
    )
