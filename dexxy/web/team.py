"""Who is in a workspace, and who is invited: a program cannot let anybody in, so this is where."""

from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from dexxy.accounts.invitations import (
    InvitationError,
    invitation_create,
    invitation_revoke,
    invitations,
)
from dexxy.accounts.memberships import membership_remove, membership_set_role
from dexxy.accounts.models import Role, Workspace
from dexxy.accounts.selectors import is_admin, memberships
from dexxy.common.errors import BadInputError
from dexxy.web.pages import PageRequest, attempt, workspace_action, workspace_form

_AS_A_PERSON = {Role.ADMIN: "an administrator", Role.MEMBER: "a member"}


@workspace_form
def team(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the team, and invite somebody: the link is in this answer and nowhere else."""
    context: dict[str, Any] = {"workspace": workspace, "given": request.POST, "roles": Role}
    status = 200
    if request.method == "POST":
        try:
            context["link"] = _invite(request, workspace)
        except InvitationError as error:
            context["error"], status = str(error), 400
    if is_admin(request.user, workspace):
        context["invitations"] = invitations(request.user, workspace).items
    context["page"] = memberships(request.user, workspace, after=request.GET.get("after"))
    return render(request, "web/team.html", context, status=status)


@workspace_action
def membership_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Change somebody's role, or take them out."""
    if action == "role":
        role = _role(request)
        do = partial(membership_set_role, viewer=request.user, membership_id=pk, role=role)
        attempt(request, do, f"They are {_AS_A_PERSON[role]} now.")
    elif action == "remove":
        leave = partial(membership_remove, viewer=request.user, membership_id=pk)
        attempt(request, leave, "That membership is over.")
    else:
        raise Http404
    # Whoever has left cannot see the team.
    return (
        redirect("team", workspace.slug) if is_admin(request.user, workspace) else redirect("home")
    )


@workspace_action
def invitation_action(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make the link of an invitation useless."""
    invitation_revoke(viewer=request.user, invitation_id=pk)
    return redirect("team", workspace.slug)


def _invite(request: PageRequest, workspace: Workspace) -> str:
    email = request.POST.get("email", "")
    _, link = invitation_create(
        viewer=request.user, workspace=workspace, role=_role(request), email=email
    )
    return link


def _role(request: PageRequest) -> Role:
    try:
        return Role(request.POST.get("role", ""))
    except ValueError as error:
        raise BadInputError("There is no such role.") from error
