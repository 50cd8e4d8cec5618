"""Register a GitHub App in one step: a manifest goes to GitHub with the browser, secrets come back.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import ipaddress
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from dexxy.accounts.models import Role, Workspace
from dexxy.accounts.selectors import AdminOnlyError, Viewer, signed_in
from dexxy.common.errors import BadInputError, DexxyError
from dexxy.integrations.models import GitHubApp, StatePurpose
from dexxy.integrations.services.github.access.app import app_store
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.server import default_server
from dexxy.integrations.services.github.connecting.oauth import Person, callback_url
from dexxy.integrations.services.github.connecting.oauth_states import state_create, state_take
from dexxy.integrations.services.github_client import GitHubClient

log = structlog.get_logger()

WEBHOOK_PATH = "/webhooks/github/"
REGISTERED_PATH = "/setup/github/registered/"
# What Dexxy reads, and nothing that it could write. Members: who owns an organisation.
PERMISSIONS = {
    "metadata": "read",
    "issues": "read",
    "pull_requests": "read",
    "discussions": "read",
    "members": "read",
}
# What signing in by GitHub needs beside that: whose addresses are proven, told by each person's own
# sign-in and of no account that has the App.
EMAILS = "emails"
SIGN_IN_PATH = "/accounts/github/login/callback/"
# Those of the App itself (installation, ...) come by themselves. `release` and `fork` need the
# permission to read contents, which is all code (docs/adr/0035).
EVENTS = [
    "issues",
    "issue_comment",
    "sub_issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "discussion",
    "discussion_comment",
    "label",
    "milestone",
    "repository",
    "star",
]
LONGEST_NAME = 34


def name_on_github(name: str) -> str:
    """Return how a permission or an event is called on GitHub's pages.

    https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
    """
    return name.replace("_", " ").capitalize()


# https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,200}")


class AppOfEnvironmentError(DexxyError):
    """The environment names the App, so the pages cannot change it."""

    code = "app_of_environment"


class RegistrationCodeError(DexxyError):
    """GitHub does not take the code that the browser brought back."""

    code = "registration_code_refused"


@dataclass(frozen=True, slots=True)
class Registration:
    """A form that registers an App: it is posted to GitHub by the browser.

    Args:
        action: where to.
        manifest: the one field of the form.
    """

    action: str
    manifest: str


def may_register(viewer: Viewer) -> bool:
    """Say whether VIEWER may register the App that all workspaces connect with.

    Whoever owns the App can read with it whatever any workspace connects. So it is for those who
    run this Dexxy; and, for the first one, for who is admin of everything there is anyway.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    is_first = not GitHubApp.objects.exists()
    return signed_in(viewer).is_staff or (is_first and runs_everything(viewer))


def runs_everything(viewer: Viewer) -> bool:
    """Say whether VIEWER runs this Dexxy, or is admin of everything there is.

    Raises:
        UnauthenticatedError: nobody is signed in.
    """
    user = signed_in(viewer)
    others = Workspace.objects.exclude(memberships__in=user.memberships.filter(role=Role.ADMIN))
    is_admin = user.memberships.filter(role=Role.ADMIN).exists()
    return user.is_staff or (is_admin and not others.exists())


def registration_begin(person: Person, *, organization: str = "") -> Registration:
    """Write the manifest of our App, and where the browser posts it.

    Args:
        organization: the login of the organisation that shall own the App; the person's own
            account if ''.

    Raises:
        UnauthenticatedError, AdminOnlyError, AppOfEnvironmentError: the person may not.
        BadInputError: ORGANIZATION cannot be a login.
    """
    _require(person.viewer)
    if organization and not _LOGIN.fullmatch(organization):
        raise BadInputError(
            _("{organization} is not the name of an organisation on GitHub.").format(
                organization=organization
            )
        )
    state, _url = state_create(person.viewer, person.session_key, StatePurpose.REGISTER)
    owner = f"/organizations/{organization}" if organization else ""
    web_url = default_server().web_url
    return Registration(
        action=f"{web_url}{owner}/settings/apps/new?{urlencode({'state': state})}",
        manifest=json.dumps(manifest()),
    )


def registration_finish(person: Person, *, state: str, code: str) -> GitHubApp:
    """Fetch and store the secrets of an App that was just registered.

    Raises:
        UnauthenticatedError, AdminOnlyError, AppOfEnvironmentError: the person may not.
        StateError: the person did not begin this.
        RegistrationCodeError: GitHub does not take CODE.
        GitHubError: GitHub could not be asked.
    """
    _require(person.viewer)
    state_take(person.viewer, person.session_key, state, [StatePurpose.REGISTER])
    server = default_server()
    refusal = RegistrationCodeError(
        _(
            "GitHub does not hand out the App's secrets any more: the page was opened twice, or an"
            " hour ago. Delete the App on GitHub, and register it once more."
        )
    )
    if not _CODE.fullmatch(code):
        raise refusal
    # Nobody has to prove anything here: the code is the secret.
    with GitHubClient(
        api_url=server.api_url, graphql_url=server.graphql_url, token=httpx.Auth()
    ) as client:
        try:
            converted = client.post(f"app-manifests/{code}/conversions").data
        except errors.NotFoundError as error:
            raise refusal from error
    app = app_store(server, converted)
    log.info("github app registered", app=app.slug, by=signed_in(person.viewer).pk)
    return app


def _require(viewer: Viewer) -> None:
    if not may_register(viewer):
        raise AdminOnlyError(_("Only who runs this Dexxy may register its GitHub App."))
    if settings.DEXXY_GITHUB_APP is not None:
        raise AppOfEnvironmentError(
            _("The environment names the GitHub App (DEXXY_GITHUB_APP_ID): change it there.")
        )


def manifest() -> dict[str, Any]:
    """Return what our App shall be.

    An App that GitHub cannot send webhooks to has none: GitHub refuses addresses that only this
    machine knows, and an address that is missing from `hook_attributes`, even of an inactive hook.
    """
    base_url = settings.DEXXY_BASE_URL
    host = str(urlsplit(base_url).hostname)
    found: dict[str, Any] = {
        "name": _name(host),
        "url": base_url,
        "description": "Reads issues, pull requests and discussions for Dexxy.",
        "public": False,
        "redirect_url": f"{base_url}{REGISTERED_PATH}",
        "callback_urls": [callback_url(), f"{base_url}{SIGN_IN_PATH}"],
        "setup_url": callback_url(),
        "setup_on_update": True,
        # The sign-in that follows an installation carries no proof of who began it: ours does.
        "request_oauth_on_install": False,
        "default_permissions": dict(PERMISSIONS),
    }
    if settings.DEXXY_SIGN_IN_GITHUB:
        found["default_permissions"][EMAILS] = "read"
    if is_public():
        found["hook_attributes"] = {"url": f"{base_url}{WEBHOOK_PATH}", "active": True}
        found["default_events"] = EVENTS
    return found


def _name(host: str) -> str:
    """Propose a name: they are unique on all of GitHub, and many a Dexxy is at `localhost`."""
    ending = f" {secrets.token_hex(2)}"
    return f"Dexxy {host}"[: LONGEST_NAME - len(ending)].rstrip("-. ") + ending


def is_public() -> bool:
    """Say whether others than this machine can reach DEXXY_BASE_URL, as far as its name tells."""
    host = str(urlsplit(settings.DEXXY_BASE_URL).hostname)
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal", ".test")):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    # A server in the same house may reach a private address; github.com never does.
    is_ours = default_server().name != "github" and not address.is_loopback
    return address.is_global or is_ours
