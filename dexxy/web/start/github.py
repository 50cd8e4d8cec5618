"""The pages that connect GitHub: by the App or a token, which repositories, and the first sync."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.ids import parse_id
from dexxy.integrations.selectors import repository_overviews
from dexxy.integrations.services.github.access.app import app_is_known
from dexxy.integrations.services.github.connecting.app_registration import is_public, may_register
from dexxy.integrations.services.github.connecting.available import available_repositories
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.integrations.services.github.connecting.repositories import (
    repositories_connect_available,
)
from dexxy.integrations.services.github.connecting.sizes import repository_sizes
from dexxy.integrations.services.github.connecting.token_replacing import token_connect
from dexxy.web.github_token import token_page, token_tried, token_try
from dexxy.web.pages import PageRequest, wants_part
from dexxy.web.start.pages import show, start_address, start_page
from dexxy.web.wording.stored import told
from dexxy.web.wording.sync import thread_count


@start_page
def connect(request: PageRequest, workspace: Workspace | None) -> HttpResponse:
    """Try a token before it is used, lead to the App, and then choose repositories."""
    if workspace is None:
        return redirect("start_workspace")
    context: dict[str, Any] = {}
    status = 200
    if request.method == "POST":
        try:
            done = _DEEDS[request.POST.get("do", "")](request, workspace, context)
            if done is not None:
                return done
        except KeyError:
            context["error"], status = _("There is no such action."), 400
        except (NotFoundError, AdminOnlyError):
            raise
        except DexxyError as error:
            context["error"], status = told(str(error)), 422
    context |= _offered(request, workspace)
    if wants_part(request, "sizes"):
        return render(request, "web/start/sizes.html", context)
    return show(request, workspace, "start_connect", status, **context)


def _try(request: PageRequest, workspace: Workspace, context: dict[str, Any]) -> None:
    context["facts"] = token_try(request, workspace)


def _use(request: PageRequest, workspace: Workspace, context: dict[str, Any]) -> HttpResponse:
    token = token_tried(request, workspace)
    token_connect(viewer=request.user, workspace=workspace, token=token)
    return redirect(start_address("start_connect", workspace))


def _choose(
    request: PageRequest, workspace: Workspace, context: dict[str, Any]
) -> HttpResponse | None:
    sent = {parse_id(text) for text in request.POST.getlist("repository")} - {None}
    chosen = {number for number in sent if number is not None}
    if not chosen:
        context["error"] = _("None is chosen. Choose the repositories to add.")
        return None
    repositories_connect_available(viewer=request.user, workspace=workspace, github_ids=chosen)
    return redirect(start_address("start_sync", workspace))


_DEEDS = {"try": _try, "use": _use, "choose": _choose}


def _offered(request: PageRequest, workspace: Workspace) -> dict[str, Any]:
    """Return what can be done now: connect, or choose from what the connection reaches."""
    connection = github_connection(request.user, workspace)
    if connection is None or connection.installation.deleted_at is not None:
        is_known = app_is_known()
        return {
            "token_page": token_page(),
            "app_is_known": is_known,
            "may_register": not is_known and may_register(request.user),
            "is_public": is_public(),
        }
    tokens_url = f"{connection.installation.web_url}/settings/tokens"
    offered: dict[str, Any] = {"connection": connection, "tokens_url": tokens_url}
    try:
        found = available_repositories(viewer=request.user, workspace=workspace)
        offered["available"], offered["kept_back"] = found.repositories, found.kept_back
        # GitHub is asked once more for them, which the list of names need not wait for.
        if "sizes" in request.GET:
            offered["sizes"] = repository_sizes(
                viewer=request.user, workspace=workspace, repositories=found.repositories
            )
    except DexxyError as error:
        offered["unreachable"] = told(str(error))
    return offered


@start_page
def sync(request: PageRequest, workspace: Workspace | None) -> HttpResponse:
    """Show how far the first sync is; nobody needs to wait for it."""
    if workspace is None:
        return redirect("start_workspace")
    overviews = repository_overviews(request.user, workspace)
    context: dict[str, Any] = {
        "overviews": overviews,
        "threads": sum(thread_count(one) for one in overviews),
        "message_total": sum(one.messages or 0 for one in overviews),
        "is_moving": any(one.is_moving for one in overviews),
        "is_over": bool(overviews) and all(one.repository.last_synced_at for one in overviews),
    }
    if wants_part(request, "sync"):
        return render(request, "web/start/sync_state.html", {**context, "place": workspace})
    return show(request, workspace, "start_sync", **context)
