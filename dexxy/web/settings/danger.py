"""What cannot be undone, or not for long: to leave, to disconnect, to delete the workspace."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.ending import GRACE, workspace_delete, workspace_restore
from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin, own_membership, require_admin
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.web.pages import PageRequest, attempt, workspace_form


@workspace_form
def danger(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Offer what ends something, and let an admin delete the workspace or take that back."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings"}
    status = 200
    if request.method == "POST":
        require_admin(request.user, workspace)
        asked: dict[str, Any] = {"viewer": request.user, "workspace": workspace}
        if "restore" in request.POST:
            attempt(request, partial(workspace_restore, **asked), _("The workspace stays."))
            return redirect("settings_danger", workspace.slug)
        # A slip of the hand types no name.
        if request.POST.get("name", "").strip() == workspace.name:
            done = _("The workspace is deleted in {n} days. Until then you can keep it.")
            attempt(request, partial(workspace_delete, **asked), done.format(n=GRACE.days))
            return redirect("settings_danger", workspace.slug)
        context["error"] = _("This is not the name of the workspace.")
        status = 422
    context |= {
        "days": GRACE.days,
        "is_admin": is_admin(request.user, workspace),
        "own": own_membership(request.user, workspace),
        "connection": github_connection(request.user, workspace),
    }
    return render(request, "web/settings/danger.html", context, status=status)
