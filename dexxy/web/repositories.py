"""The repositories of a workspace: how their sync is doing, and what people do with them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_htmx.http import HttpResponseClientRedirect

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin, require_admin
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.ids import parse_id
from dexxy.integrations.activity import sync_runs
from dexxy.integrations.selectors import (
    check_intervals,
    repository_followed_in,
    repository_overviews,
)
from dexxy.integrations.services.github.access.app import app_is_known
from dexxy.integrations.services.github.connecting.app_registration import is_public, may_register
from dexxy.integrations.services.github.connecting.available import available_repositories
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy.integrations.services.github.connecting.repositories import (
    repositories_connect_available,
    repositories_sync_now,
    repository_disconnect,
    repository_set_paused,
    repository_sync_now,
)
from dexxy.sources.selectors import fed_sources
from dexxy.web.pages import (
    PageRequest,
    attempt,
    back,
    wants_part,
    workspace_action,
    workspace_form,
    workspace_page,
)
from dexxy.web.wording.sync import fault_of, thread_count

# Syncs below the list.
_LATEST = 6


@workspace_page
def repositories(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show each repository with its progress, its receipt and what is wrong with it."""
    context = _list(request, workspace)
    if wants_part(request, "repositories"):
        return render(request, "web/repository_list.html", context)
    is_known = app_is_known()
    context |= {
        "app_is_known": is_known,
        "may_register": not is_known and may_register(request.user),
        "is_public": is_public(),
    }
    return render(request, "web/repositories.html", context)


def _list(request: PageRequest, workspace: Workspace) -> dict[str, Any]:
    overviews = repository_overviews(request.user, workspace)
    failing = [one for one in overviews if fault_of(one.repository, one.run)]
    needs_you = request.GET.get("show") == "failing"
    return {
        "workspace": workspace,
        "section": "repositories",
        "overviews": failing if needs_you else overviews,
        "all": len(overviews),
        "failing": len(failing),
        "needs_you": needs_you,
        "threads": sum(thread_count(one) for one in overviews),
        "message_total": sum(one.messages or 0 for one in overviews),
        "fed": [] if needs_you else fed_sources(request.user, workspace),
        "latest": None if needs_you else sync_runs(request.user, workspace, first=_LATEST),
        "is_moving": any(overview.is_moving for overview in overviews),
        "intervals": check_intervals(),
        "connection": github_connection(request.user, workspace),
        "is_admin": is_admin(request.user, workspace),
    }


@workspace_form
def repositories_add(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Let an admin choose from all repositories that the connection reaches."""
    require_admin(request.user, workspace)
    if request.method == "POST":
        sent = [parse_id(text) for text in request.POST.getlist("repository")]
        chosen = {number for number in sent if number is not None}
        if chosen:
            return _connect(request, workspace, chosen)
        messages.error(request, _("None is chosen. Choose the repositories to add."))
    context: dict[str, Any] = {"workspace": workspace, "section": "repositories"}
    try:
        found = available_repositories(viewer=request.user, workspace=workspace)
        context["available"], context["kept_back"] = found.repositories, found.kept_back
    except DexxyError as error:
        context["error"] = error
    connection = github_connection(request.user, workspace)
    if connection:
        context["settings_url"] = connection.settings_url
        context["tokens_url"] = f"{connection.installation.web_url}/settings/tokens"
    return render(request, "web/repositories_add.html", context)


def _connect(request: PageRequest, workspace: Workspace, chosen: set[int]) -> HttpResponse:
    added = ngettext(
        "{number} repository is added. Its first sync started.",
        "{number} repositories are added. Their first syncs started.",
        len(chosen),
    )
    attempt(
        request,
        partial(
            repositories_connect_available,
            viewer=request.user,
            workspace=workspace,
            github_ids=chosen,
        ),
        added.format(number=len(chosen)),
    )
    return redirect("repositories", workspace.slug)


def _pause(request: PageRequest, pk: int) -> str:
    gone = repository_set_paused(viewer=request.user, repository_id=pk, paused=True)
    return _("{repository} is paused.").format(repository=gone.full_name)


def _resume(request: PageRequest, pk: int) -> str:
    going = repository_set_paused(viewer=request.user, repository_id=pk, paused=False)
    return _("{repository} goes on.").format(repository=going.full_name)


def _sync(request: PageRequest, pk: int) -> str:
    asked = repository_sync_now(viewer=request.user, repository_id=pk)
    return _("Sync started: {repository}.").format(repository=asked.full_name)


# Each says what it did.
_ACTIONS: dict[str, Callable[[PageRequest, int], str]] = {
    "pause": _pause,
    "resume": _resume,
    "sync": _sync,
}


@workspace_action
def repository_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Pause, resume or sync a repository."""
    if action not in _ACTIONS:
        raise Http404("There is no such action.")
    # This address is of a workspace, as well: another's repository is not found here.
    repository = repository_followed_in(request.user, workspace, pk)
    try:
        messages.success(request, _ACTIONS[action](request, repository.pk))
    except NotFoundError:
        raise
    except DexxyError as error:
        messages.error(request, str(error))
        if request.htmx:
            # An error stands at the top of the page, and stays.
            return HttpResponseClientRedirect(reverse("repositories", args=[workspace.slug]))
    if wants_part(request, "repositories"):
        return render(request, "web/repository_list.html", _list(request, workspace))
    return back(request, "repositories", workspace.slug, row=f"r{repository.pk}")


@workspace_action
def repositories_sync(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Sync all repositories that can be."""
    number = repositories_sync_now(viewer=request.user, workspace=workspace)
    started = ngettext(
        "Sync started: {number} repository.", "Sync started: {number} repositories.", number
    )
    nothing = _("No repository can be synced now: see what each says.")
    if number:
        messages.success(request, started.format(number=number))
    else:
        messages.error(request, nothing)
    if number and wants_part(request, "repositories"):
        return render(request, "web/repository_list.html", _list(request, workspace))
    return back(request, "repositories", workspace.slug)


@workspace_form
def repository_disconnect_page(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask an admin whether a repository shall be followed no more, and do it."""
    require_admin(request.user, workspace)
    repository = repository_followed_in(request.user, workspace, pk)
    if request.method == "POST":
        gone = repository_disconnect(viewer=request.user, repository_id=repository.pk)
        done = _("{repository} is disconnected. What was read stays.")
        messages.success(request, done.format(repository=gone.full_name))
        return redirect("repositories", workspace.slug)
    context = {"workspace": workspace, "section": "repositories", "repository": repository}
    return render(request, "web/repository_disconnect.html", context)


@workspace_form
def github_disconnect_page(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Ask an admin whether GitHub shall be disconnected, and do it."""
    require_admin(request.user, workspace)
    if request.method == "POST":
        disconnect = partial(installation_disconnect, viewer=request.user, workspace=workspace)
        attempt(request, disconnect, _("GitHub is disconnected. What was read stays."))
        return redirect("repositories", workspace.slug)
    connection = github_connection(request.user, workspace)
    if connection is None:
        return redirect("repositories", workspace.slug)
    context = {"workspace": workspace, "section": "repositories", "connection": connection}
    return render(request, "web/github/disconnect.html", context)
