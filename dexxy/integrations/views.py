"""The addresses that GitHub, and the people whom it sends, come back to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from dexxy.accounts.first_run import first_run_is_on
from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import (
    AdminOnlyError,
    UnauthenticatedError,
    workspace_by_id,
    workspace_for,
    workspaces,
)
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.ids import parse_id
from dexxy.integrations.services.github.api.errors import GitHubError
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.integrations.services.github.connecting.installation_link import (
    Linked,
    LinkedElsewhereError,
)
from dexxy.integrations.services.github.connecting.oauth import (
    Choose,
    GoTo,
    Person,
    oauth_finish,
    oauth_give_up,
    oauth_installed,
    oauth_start,
)
from dexxy.integrations.services.github.connecting.oauth_states import StateUsedError
from dexxy.integrations.services.github.connecting.ownership import (
    NotOwnerError,
    OwnershipUnknownError,
)
from dexxy.integrations.services.github.connecting.token_taking import OtherServerError
from dexxy.integrations.services.github.scheduling.reconcile import reconcile_request
from dexxy.integrations.services.github.webhooks.receiving import TEXT, take

log = structlog.get_logger()

View = Callable[..., HttpResponse]
# What is not the address's fault; anything else is a bad request.
_STATUSES: dict[type[DexxyError], int] = {
    UnauthenticatedError: 401,
    AdminOnlyError: 403,
    NotOwnerError: 403,
    OwnershipUnknownError: 403,
    NotFoundError: 404,
    LinkedElsewhereError: 409,
    OtherServerError: 409,
    GitHubError: 502,
}
# https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-authorization-request-errors
_REASONS = {
    "application_suspended": gettext_lazy(
        "GitHub suspended the App. Its owner has to ask GitHub why."
    ),
    "redirect_uri_mismatch": gettext_lazy(
        "The App does not know this address. Whoever runs this Dexxy adds it to the App's"
        " callback URLs on GitHub, or sets DEXXY_BASE_URL to one that is there."
    ),
}


def person_of(request: HttpRequest) -> Person:
    """Return who sent REQUEST, in which session."""
    return Person(request.user, request.session.session_key)


def _explained(view: View) -> View:
    """Let VIEW end on a page that says what happened and what to do next, whatever happens."""

    @wraps(view)
    def explained(request: HttpRequest, **address: str) -> HttpResponse:
        try:
            return view(request, **address)
        except DexxyError as error:
            log.info("github not connected", code=error.code, user=request.user.pk)
            kinds = (status for kind, status in _STATUSES.items() if isinstance(error, kind))
            return error_page(request, error, next(kinds, 400))

    return never_cache(explained)


@csrf_exempt
def github_webhook(request: HttpRequest) -> HttpResponse:
    """Take a webhook of the GitHub App."""
    status, body = take(request.META, request)
    return HttpResponse(body, status=status, content_type=TEXT)


@require_safe
@_explained
def github_oauth_callback(request: HttpRequest) -> HttpResponse:
    """Take back whom GitHub sends: after a sign-in, an installation, a request, or a refusal."""
    given, person = request.GET, person_of(request)
    state, installation_id = given.get("state", ""), parse_id(given.get("installation_id", ""))
    if not state:
        return _came_by_itself(request, person, installation_id)
    if "error" in given:
        workspace, reason = oauth_give_up(person, state), given["error"]
        return _page(request, "cancelled", workspace=workspace, reason=_REASONS.get(reason))
    if given.get("setup_action") == "request":
        return _page(request, "requested", workspace=oauth_give_up(person, state))
    if "code" in given:
        return _went_on(
            request,
            oauth_finish(person, state, given["code"], installation_id=installation_id),
        )
    if installation_id is not None:
        return _went_on(request, oauth_installed(person, state, installation_id))
    return _page(request, "nothing", 400)


def _came_by_itself(
    request: HttpRequest, person: Person, installation_id: int | None
) -> HttpResponse:
    """Ask what somebody wants who came from GitHub's pages without having been sent there.

    Anybody can make anybody open this address: nothing is linked without a click of theirs.
    """
    mine = list(workspaces(person.viewer))
    if request.GET.get("setup_action") == "request":
        return _page(request, "requested")
    if installation_id is None:
        return _page(request, "nothing", 400)
    workspace = reconcile_request(mine, installation_id)
    if workspace is not None:
        return _page(request, "updated", workspace=workspace)
    return _page(request, "confirm", workspaces=mine, installation_id=installation_id)


def _went_on(request: HttpRequest, result: Linked | GoTo | Choose) -> HttpResponse:
    if isinstance(result, GoTo):
        return redirect(result.url)
    if isinstance(result, Choose):
        return _page(request, "choose", workspace=result.workspace, accounts=result.accounts)
    # The state is used up: the page that follows can be reloaded, this address cannot.
    return redirect("github_connected", result.workspace.slug, result.change)


@require_safe
@_explained
def github_connected(request: HttpRequest, slug: str, change: str) -> HttpResponse:
    """Say what a workspace is connected to now."""
    workspace = workspace_for(request.user, slug)
    connection = github_connection(request.user, workspace)
    if connection is None:
        return redirect("repositories", slug)
    return _page(
        request,
        "linked",
        workspace=workspace,
        installation=connection.installation,
        change=change,
    )


@require_POST
@_explained
def github_connect(request: HttpRequest) -> HttpResponse:
    """Send a person to GitHub to connect a workspace of theirs."""
    given, person = request.POST, person_of(request)
    workspace: Workspace = workspace_by_id(person.viewer, given.get("workspace", ""))
    url = oauth_start(
        person,
        workspace,
        installation_id=parse_id(given.get("installation_id", "")),
        elsewhere="elsewhere" in given,
    )
    return redirect(url)


def error_page(
    request: HttpRequest,
    error: DexxyError,
    status: int,
    heading: str = "",
) -> HttpResponse:
    """Show ERROR under HEADING, unless it says nothing about whether this was reached.

    Args:
        heading: that GitHub is not connected if not given.
    """
    heading = heading or _("GitHub is not connected")
    if isinstance(error, StateUsedError):
        heading = _("This was done already")
    return _page(request, "error", status, error=error, heading=heading)


def _page(request: HttpRequest, what: str, status: int = 200, **context: Any) -> HttpResponse:
    workspace = context.get("workspace")
    # Whoever came here from the first run of a workspace goes on with that.
    context["is_first_run"] = workspace is not None and first_run_is_on(request.user, workspace)
    return render(request, f"web/github/{what}.html", context, status=status)
