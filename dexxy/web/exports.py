"""The page of an export: ask for it, see how far it is, download it, and delete it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from dexxy.accounts.models import Workspace
from dexxy.accounts.views import caller_of
from dexxy.common.api import MOST_POINTS, spend
from dexxy.common.ids import parse_id
from dexxy.members.who_may_see import member_now
from dexxy.people.export_keeping import export_delete, export_latest, export_request
from dexxy.people.export_selection import EVERYTHING, Selection
from dexxy.people.models import Export, Format
from dexxy.people.views import kind_of_export, wants_bom
from dexxy.people.views import workspace_export as for_programs
from dexxy.web.pages import (
    PageRequest,
    attempt,
    back,
    wants_part,
    workspace_action,
    workspace_form,
)
from dexxy.web.settings.audit import audit_asked
from dexxy.web.threads.table import threads_selected


@csrf_exempt  # the page and what is for programs check that themselves
def workspace_export(
    request: HttpRequest, workspace_id: int, what: str, form: str
) -> HttpResponseBase:
    """Answer a browser with a page, and a program with the export."""
    is_browser = "text/html" in request.headers.get("Accept", "") or "HX-Request" in request.headers
    if is_browser and "Authorization" not in request.headers:
        return export_page(request, slug=workspace_id, what=what, form=form)
    return for_programs(request, workspace_id, what, form, selected)


def selected(what: Export, query: QueryDict) -> Selection:
    """Return which rows the query of an address asks for.

    Raises:
        FilterError: it names something that does not exist.
    """
    if what == Export.PERSON:
        return Selection(person=parse_id(query.get("member", "")) or 0)
    if what == Export.AUDIT:
        return Selection(log=audit_asked(query))
    return threads_selected(query) if what == Export.THREADS else EVERYTHING


@workspace_action
def export_delete_action(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """End an export before its day is over."""
    gone = export_delete(viewer=request.user, workspace=workspace, pk=pk)
    messages.info(request, _("{name} is deleted.").format(name=gone.file_name))
    return back(request, "settings_data", workspace.slug, row="exports")


@csrf_protect
@workspace_form
def export_page(request: PageRequest, workspace: Workspace, what: str, form: str) -> HttpResponse:
    """Show the newest export of a kind that the viewer asked for, or ask for one."""
    kind, written = kind_of_export(what, form)
    with_bom = wants_bom(request, written)
    selection = selected(kind, request.GET)
    latest = export_latest(
        request.user, workspace, kind, written, with_bom=with_bom, selection=selection
    )
    if request.method == "POST":
        response = redirect(request.get_full_path())

        def ask() -> None:
            spend(caller_of(request), MOST_POINTS, response)
            export_request(
                viewer=request.user,
                workspace=workspace,
                what=kind,
                form=written,
                with_bom=with_bom,
                selection=selection,
            )

        attempt(request, ask)
        return response
    context = {
        "workspace": workspace,
        "section": "settings",
        "what": kind.label,
        "form": written.label,
        "offers_bom": written == Format.CSV,
        "with_bom": with_bom,
        "is_chosen": selection != EVERYTHING,
        "is_of_log": kind == Export.AUDIT,
        "is_whole": kind == Export.ALL,
        "person": selection.person and member_now(request.user, workspace, selection.person),
        "export": latest,
    }
    part = wants_part(request, "export")
    return render(request, "web/export_state.html" if part else "web/export.html", context)
