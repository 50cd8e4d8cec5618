"""What a workspace is called and takes in, and whose days and language its pages have."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.reader import ChoiceError, languages, zones_by_region
from dexxy.accounts.selectors import is_admin
from dexxy.accounts.services import WorkspaceError, WorkspaceExistsError, workspace_update
from dexxy.integrations.kinds_taken import KindsError, kinds_taken, workspace_take_kinds
from dexxy.messages.models import ThreadKind
from dexxy.web.pages import PageRequest, workspace_form
from dexxy.web.wording.threads import KIND_LABELS


@workspace_form
def general(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show how the workspace is set up, and let its admins change it."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings", "given": workspace}
    status = 200
    if request.method == "POST":
        sent = request.POST.getlist("kind")
        names = ("name", "time_zone", "language")
        given: dict[str, Any] = {name: request.POST.get(name, "") for name in names}
        given["slug"] = request.POST.get("slug", workspace.slug)
        try:
            if request.POST.get("do") == "kinds":
                kinds = [ThreadKind(one) for one in sent if one in ThreadKind]
                workspace_take_kinds(viewer=request.user, workspace=workspace, kinds=kinds)
                stored = workspace
            else:
                stored = workspace_update(viewer=request.user, workspace=workspace, **given)
            messages.success(request, _("Saved."))
            return redirect("settings_general", stored.slug)
        except (ChoiceError, KindsError, WorkspaceError, WorkspaceExistsError) as error:
            context["error"] = str(error)
            if request.POST.get("do") != "kinds":
                context["given"] = given
            status = 422
    may_change, taken = is_admin(request.user, workspace), kinds_taken(workspace)
    context |= {
        "is_admin": may_change,
        "is_locked": not may_change,
        "zones": zones_by_region(request.POST.get("time_zone", workspace.time_zone)),
        "languages": languages(),
        "kinds": [(one.value, KIND_LABELS[one], one in taken) for one in ThreadKind],
    }
    return render(request, "web/settings/general.html", context, status=status)
