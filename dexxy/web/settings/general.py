"""What a workspace is called, and whose days and language its pages have."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.reader import ChoiceError, languages, zones_by_region
from dexxy.accounts.selectors import is_admin
from dexxy.accounts.services import WorkspaceError, workspace_update
from dexxy.web.pages import PageRequest, workspace_form


@workspace_form
def general(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show how the workspace is set up, and let its admins change it."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings", "given": workspace}
    status = 200
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in ("name", "time_zone", "language")}
        try:
            workspace_update(viewer=request.user, workspace=workspace, **given)
            messages.success(request, _("Saved."))
            return redirect("settings_general", workspace.slug)
        except (ChoiceError, WorkspaceError) as error:
            context |= {"error": str(error), "given": given}
            status = 422
    may_change = is_admin(request.user, workspace)
    context |= {
        "is_admin": may_change,
        "is_locked": not may_change,
        "zones": zones_by_region(request.POST.get("time_zone", workspace.time_zone)),
        "languages": languages(),
    }
    return render(request, "web/settings/general.html", context, status=status)
