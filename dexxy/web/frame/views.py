"""What the frame itself shows: the page More, and the health line while a page is open."""

from django.http import HttpResponse
from django.shortcuts import render

from dexxy.accounts.models import Workspace
from dexxy.integrations.health import sync_health
from dexxy.web.pages import PageRequest, workspace_page


@workspace_page
def more(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """List what the bar of a phone has no place for, and what belongs to the account."""
    return render(request, "web/frame/more.html", {"workspace": workspace, "section": "more"})


@workspace_page
def health(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Say how the sync is doing now: a page that stays open must not look alive if it is not.

    What is read aloud is sent where it is another than what the page shows alone.
    """
    context = {
        "workspace": workspace,
        "section": request.GET.get("on", ""),
        "shown": request.GET.get("shown", ""),
        "health": sync_health(request.user, workspace),
    }
    return render(request, "web/frame/health_now.html", context)
