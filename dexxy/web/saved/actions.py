"""Keep a view, and delete one."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import ListPage, SavedView, Workspace
from dexxy.accounts.saved_views import (
    may_change,
    saved_view,
    saved_view_delete,
    saved_view_save,
)
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.web.pages import PageRequest, attempt, back, workspace_action, workspace_form
from dexxy.web.saved.addresses import address_of, address_of_page


@workspace_action
def saved_view_save_action(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Keep what a page shows as a view, or change the view that is named."""
    sent, page = request.POST, _page(request)

    def keep() -> SavedView:
        return saved_view_save(
            viewer=request.user,
            workspace=workspace,
            page=page,
            name=sent.get("name", ""),
            query=sent.get("query", ""),
            is_shared=sent.get("shared") == "yes",
            is_pinned=sent.get("pinned") == "yes",
            view_id=(parse_id(sent["view"]) or 0) if sent.get("view") else None,
        )

    view = attempt(request, keep, _("The view is saved."))
    if view is None:
        return back(request, page, workspace.slug)
    return redirect(address_of(view, workspace))


@workspace_form
def saved_view_delete_page(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask whether a view shall be deleted, and do it. What it lists stays."""
    view = saved_view(request.user, workspace, pk)
    if not may_change(request.user, view):
        raise AdminOnlyError(_("Only who made the view, or an admin, can change it."))
    if request.method == "POST":
        saved_view_delete(viewer=request.user, view_id=view.pk)
        messages.success(request, _("The view %(name)s is deleted.") % {"name": view.name})
        return redirect(address_of_page(ListPage(view.page), workspace))
    context = {"workspace": workspace, "section": view.page, "view": view}
    context["address"] = address_of(view, workspace)
    return render(request, "web/saved/delete.html", context)


def _page(request: PageRequest) -> ListPage:
    try:
        return ListPage(request.POST.get("page", ""))
    except ValueError as error:
        raise BadInputError(_("There is no such page.")) from error
