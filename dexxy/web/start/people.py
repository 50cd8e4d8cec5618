"""The first two pages: who begins here, and what their workspace is called; and the last: who is
on the team."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from dexxy.accounts.first_run import (
    account_complete,
    account_is_unfinished,
    may_create_workspace,
    workspace_begin,
)
from dexxy.accounts.models import Workspace
from dexxy.accounts.reader import ChoiceError, zones_by_region
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.accounts.services import WorkspaceError, WorkspaceExistsError, workspace_update
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.listing import team_list, team_suggested
from dexxy.web.pages import PageRequest, attempt
from dexxy.web.start.checklist import checklist
from dexxy.web.start.pages import show, start_address, start_page
from dexxy.web.start.progress import is_named


@start_page
def account(request: PageRequest, workspace: Workspace | None) -> HttpResponse:
    """Let whoever followed the printed link say who they are."""
    is_unfinished = account_is_unfinished(request.user)
    if request.method != "POST" or not is_unfinished:
        return show(request, workspace, "start_account", is_unfinished=is_unfinished)
    given = {name: request.POST.get(name, "") for name in ("name", "email", "password")}
    try:
        user = account_complete(viewer=request.user, **given)
    except BadInputError as error:
        return show(
            request,
            workspace,
            "start_account",
            422,
            is_unfinished=True,
            error=str(error),
            given=given,
        )
    # Another password would else sign them out.
    update_session_auth_hash(request, user)
    return redirect("start_workspace")


@start_page
def workspace(request: PageRequest, workspace: Workspace | None) -> HttpResponse:
    """Name the workspace that there is, or make another one."""
    begun = None if "new" in request.GET else workspace
    if begun is None and not may_create_workspace(request.user):
        raise AdminOnlyError
    names = ("name", "time_zone", "slug")
    given: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in names}
    error, status = "", 200
    if request.method == "POST":
        try:
            named = _named(request, begun, given)
            return redirect(start_address("start_connect", named))
        except (ChoiceError, WorkspaceError, WorkspaceExistsError) as refused:
            error, status = str(refused), 422
    else:
        given["name"] = begun.name if begun is not None and is_named(begun) else ""
        given["slug"] = begun.slug if begun is not None else ""
        given["time_zone"] = (begun and begun.time_zone) or request.user.time_zone
        if given["time_zone"] in ("", "UTC"):
            given["time_zone"] = request.user.time_zone or "UTC"
    return show(
        request,
        begun,
        "start_workspace",
        status,
        given=given,
        error=error,
        zones=zones_by_region(given["time_zone"]),
    )


def _named(request: PageRequest, begun: Workspace | None, given: dict[str, Any]) -> Workspace:
    if begun is None:
        return workspace_begin(viewer=request.user, **given)
    # Without an address it keeps the one that it has.
    wanted = given | {"slug": given["slug"] or None}
    return workspace_update(viewer=request.user, workspace=begun, **wanted)


@start_page
def team(request: PageRequest, workspace: Workspace | None) -> HttpResponse:
    """Ask who is on the team, among those whom GitHub names."""
    if workspace is None:
        return redirect("start_workspace")
    if request.method == "POST":
        chosen = [parse_id(text) for text in request.POST.getlist("member")]

        def add() -> None:
            for pk in filter(None, chosen):
                member_set_team(
                    actor=request.user, workspace=workspace, member_id=pk, is_on_team=True
                )

        attempt(request, add)
        if all(item.is_done for item in checklist(request.user, workspace)):
            messages.success(request, _("Everything is set up. Here is who waits for an answer."))
        else:
            messages.success(request, _("The list on this page has what is left to set up."))
        return redirect("waiting", workspace.slug)
    return show(
        request,
        workspace,
        "start_team",
        suggested=team_suggested(request.user, workspace),
        team=team_list(request.user, workspace),
    )
