"""One repository with all that is known about its sync, and what was read when."""

from django.http import HttpResponse
from django.shortcuts import render

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.common.ids import parse_id
from dexxy.integrations.activity import sync_runs
from dexxy.integrations.selectors import (
    repository_followed_in,
    repository_overview,
    repository_problems,
)
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.web.pages import PageRequest, wants_part, workspace_page

_LATEST = 10


@workspace_page
def repository(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show the lists, the receipt, the problems and the latest runs of a repository."""
    followed = repository_followed_in(request.user, workspace, pk)
    context = {
        "workspace": workspace,
        "section": "repositories",
        "overview": repository_overview(request.user, followed),
        "problems": repository_problems(request.user, followed, request.GET.get("after")),
        "runs": sync_runs(request.user, workspace, followed.pk, _LATEST),
        "connection": github_connection(request.user, workspace),
        "is_admin": is_admin(request.user, workspace),
    }
    part = wants_part(request, "repository")
    return render(request, f"web/repository_{'state' if part else 'page'}.html", context)


@workspace_page
def history(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """List what was read when, of all repositories or of one."""
    pk = parse_id(request.GET.get("repository", ""))
    after = request.GET.get("after")
    context = {
        "workspace": workspace,
        "section": "repositories",
        "repository": None if pk is None else repository_followed_in(request.user, workspace, pk),
        "runs": sync_runs(request.user, workspace, pk, after=after),
    }
    return render(request, "web/repository_history.html", context)
