"""Everything that a workspace has, as a download."""

from django.http import HttpResponse
from django.shortcuts import render

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.people.export_keeping import export_files
from dexxy.people.models import Export
from dexxy.web.pages import PageRequest, wants_part, workspace_page


@workspace_page
def data(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Offer the exports, and show those that the viewer asked for."""
    mine = export_files(request.user, workspace)
    context = {
        "workspace": workspace,
        "is_admin": is_admin(request.user, workspace),
        "section": "settings",
        "mine": mine,
        "is_making": any(one.is_unfinished for one in mine),
        "exports": [(one.value, one.label, one.forms) for one in Export.of_all()],
    }
    part = wants_part(request, "exports")
    return render(request, "web/export_list.html" if part else "web/settings/data.html", context)
