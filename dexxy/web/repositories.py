"""How the sync of each repository is doing."""

from django.http import HttpResponse
from django.shortcuts import render

from dexxy.accounts.models import Workspace
from dexxy.integrations.selectors import check_interval, repository_overviews
from dexxy.web.pages import PageRequest, wants_part, workspace_page


@workspace_page
def repositories(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show each repository with its progress, its receipt and what is wrong with it."""
    overviews = repository_overviews(request.user, workspace)
    context = {
        "workspace": workspace,
        "section": "repositories",
        "overviews": overviews,
        "is_moving": any(overview.is_moving for overview in overviews),
        "interval": check_interval(),
    }
    part = wants_part(request, "repositories")
    return render(request, "web/repository_list.html" if part else "web/repositories.html", context)
