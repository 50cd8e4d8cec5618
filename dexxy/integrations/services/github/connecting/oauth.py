"""From "Connect GitHub" to a connected workspace, by way of GitHub's own pages.

    start -> install the App ---(setup URL: installation, no proof)---> authorize
    start -> authorize (where the App may be installed already)
    authorize ---(callback URL: code)---> prove who it is, prove they own it, link

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.integrations.models import GitHubApp, GitHubInstallation, OAuthState, StatePurpose
from dexxy.integrations.services.github.access.app import app_current, app_page
from dexxy.integrations.services.github.access.installations import account_login
from dexxy.integrations.services.github.connecting.installation_link import (
    Linked,
    installation_link,
)
from dexxy.integrations.services.github.connecting.oauth_states import (
    challenge_of,
    state_create,
    state_take,
)
from dexxy.integrations.services.github.connecting.ownership import (
    NotOwnerError,
    installations_of_user,
    ownership_require,
    user_client,
)
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github_client import GitHubClient

CALLBACK_PATH = "/integrations/github/callback/"
_COMEBACKS = [StatePurpose.INSTALL, StatePurpose.AUTHORIZE]


@dataclass(frozen=True, slots=True)
class Person:
    """Who goes to GitHub and back.

    Args:
        session_key: of the browser's session, or None where there is none.
    """

    viewer: Viewer
    session_key: str | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account on GitHub that the App is installed on."""

    installation_id: int
    login: str
    kind: str


@dataclass(frozen=True, slots=True)
class GoTo:
    """The flow goes on at this address of GitHub's."""

    url: str


@dataclass(frozen=True, slots=True)
class Choose:
    """The person has to say which account is meant."""

    workspace: Workspace
    accounts: list[Account]


def callback_url() -> str:
    """Return the address that GitHub sends people back to."""
    return f"{settings.DEXXY_BASE_URL}{CALLBACK_PATH}"


def oauth_start(
    person: Person,
    workspace: Workspace,
    *,
    installation_id: int | None = None,
    elsewhere: bool = False,
) -> str:
    """Begin to connect WORKSPACE. Returns the address of GitHub's to go to.

    Args:
        installation_id: the installation that is meant, as far as somebody said.
        elsewhere: an account is meant that the App is not installed on yet.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: the person is not in WORKSPACE.
        NoAppError: no App is registered.
        GitHubError: GitHub could not be asked where the App is.
    """
    require_membership(person.viewer, workspace)
    app = app_current()
    if elsewhere or (installation_id is None and not _may_be_installed(app, workspace)):
        return _to_install(person, workspace, app)
    return _to_authorize(person, workspace, app, installation_id)


def _may_be_installed(app: GitHubApp, workspace: Workspace) -> bool:
    """Say whether the App is somewhere where it can be connected: then it need not be installed."""
    known = GitHubInstallation.objects.filter(app=app, deleted_at=None)
    known = known.exclude(installation_id=None)
    return known.filter(Q(workspace=None) | Q(workspace=workspace)).exists()


def _to_install(person: Person, workspace: Workspace, app: GitHubApp) -> str:
    page = app_page(app)
    state, _ = state_create(
        person.viewer, person.session_key, StatePurpose.INSTALL, workspace=workspace, app=app
    )
    return f"{page}/installations/new?{urlencode({'state': state})}"


def _to_authorize(
    person: Person, workspace: Workspace, app: GitHubApp, installation_id: int | None
) -> str:
    verifier = secrets.token_urlsafe(48)
    state, _ = state_create(
        person.viewer,
        person.session_key,
        StatePurpose.AUTHORIZE,
        workspace=workspace,
        app=app,
        installation_id=installation_id,
        code_verifier=verifier,
    )
    query = {
        "client_id": app.client_id,
        "redirect_uri": callback_url(),
        "state": state,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    return f"{app.web_url}/login/oauth/authorize?{urlencode(query)}"


def oauth_give_up(person: Person, state: str) -> Workspace:
    """End a flow that brought nothing: refused, or an owner has to install the App first.

    Returns: the workspace that it was for.

    Raises:
        UnauthenticatedError, StateError, WorkspaceNotFoundError: it was not this person's.
    """
    return _taken(person, state)[1]


def oauth_installed(person: Person, state: str, installation_id: int) -> GoTo:
    """Go on after the App was installed: GitHub has not said yet by whom.

    Raises:
        UnauthenticatedError, StateError, WorkspaceNotFoundError: it was not this person's.
    """
    _, workspace, app = _taken(person, state)
    return GoTo(_to_authorize(person, workspace, app, installation_id))


def oauth_finish(
    person: Person, state: str, code: str, installation_id: int | None = None
) -> Linked | GoTo | Choose:
    """Link what the person has proven to own on GitHub, or say what is needed first.

    Args:
        installation_id: as GitHub's address named it.

    Raises:
        UnauthenticatedError, StateError, WorkspaceNotFoundError: it was not this person's.
        CodeRefusedError, NotOwnerError, OwnershipUnknownError: the proof failed.
        DexxyError: as `installation_link`.
        GitHubError: GitHub could not be asked.
    """
    taken, workspace, app = _taken(person, state)
    wanted = taken.installation_id or installation_id
    with user_client(
        app, code=code, verifier=taken.code_verifier.read(), callback_url=callback_url()
    ) as client:
        found = installations_of_user(client, app)
        data = _meant(client, found, wanted)
    if data is None:
        return _what_next(person, workspace, app, found)
    linked = installation_link(viewer=person.viewer, workspace=workspace, app=app, data=data)
    enqueue_due()
    return linked


def _taken(person: Person, state: str) -> tuple[OAuthState, Workspace, GitHubApp]:
    taken = state_take(person.viewer, person.session_key, state, _COMEBACKS)
    assert taken.workspace is not None, "only an App is registered for no workspace"
    assert taken.app is not None
    # The person may have left the workspace while they were on GitHub.
    require_membership(person.viewer, taken.workspace)
    return taken, taken.workspace, taken.app


def _what_next(
    person: Person, workspace: Workspace, app: GitHubApp, found: list[dict[str, Any]]
) -> GoTo | Choose:
    if not found:
        return GoTo(_to_install(person, workspace, app))
    accounts = [
        Account(one["id"], account_login(one), (one["account"] or {}).get("type") or "")
        for one in found
    ]
    return Choose(workspace, sorted(accounts, key=lambda one: one.login.lower()))


def _meant(
    client: GitHubClient, found: list[dict[str, Any]], wanted: int | None
) -> dict[str, Any] | None:
    """Return the installation that is meant, once it is sure that the person owns its account.

    Returns None where they have not said which they mean, and it is not the only one that could be.

    Raises:
        NotOwnerError, OwnershipUnknownError: they may not link the one that they named.
    """
    if wanted is None:
        try:
            return _proven(client, found[0]) if len(found) == 1 else None
        except NotOwnerError:  # They may mean an account that the App is not installed on yet.
            return None
    named = next((one for one in found if one["id"] == wanted), None)
    if named is None:
        raise NotOwnerError(
            _(
                "GitHub does not show you this installation of the App. Sign in to "
                "GitHub as an owner of the account that it is installed on, and "
                "connect once more."
            )
        )
    return _proven(client, named)


def _proven(client: GitHubClient, data: dict[str, Any]) -> dict[str, Any]:
    ownership_require(client, data)
    return data
