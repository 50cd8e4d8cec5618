"""Who is in a workspace, and who is invited: a program cannot let anybody in, so this is where."""

from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.accounts.invitations import (
    LIFETIMES,
    InvitationError,
    invitation_create,
    invitation_revoke,
    invitations,
)
from dexxy.accounts.memberships import (
    membership_remove,
    membership_reset_link,
    membership_reset_second_step,
    membership_set_role,
)
from dexxy.accounts.models import Role, Workspace
from dexxy.accounts.security.open_sessions import last_seen_in
from dexxy.accounts.security.second_step import second_steps_in
from dexxy.accounts.selectors import is_admin, memberships, own_membership
from dexxy.accounts.sign_in_rules import sign_in_rules
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.integrations.services.github.connecting.organization_rules import (
    Standing,
    organization_rule_for,
)
from dexxy.mail.invitations import invitation_send
from dexxy.mail.preferences import NoMailError, mail_is_configured
from dexxy.messages.team.own import own_members
from dexxy.web.pages import (
    PageRequest,
    attempt,
    back,
    keep_for_once,
    take_once,
    workspace_action,
    workspace_form,
)
from dexxy.web.signing_in.ways import ways

_NOW = {
    Role.ADMIN: gettext_lazy("They are an admin now."),
    Role.MEMBER: gettext_lazy("They are a member now."),
}


@workspace_form
def people(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the team, and invite somebody: the link is on the next page and no other."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings"}
    context |= {"given": request.POST, "roles": Role, "lifetimes": LIFETIMES}
    status, once = 200, f"invitation to {workspace.pk}"
    if request.method == "POST":
        try:
            keep_for_once(request, once, _invite(request, workspace))
            return redirect("settings_people", workspace.slug)
        except (InvitationError, NoMailError) as error:
            context["error"], status = str(error), 400
    if is_admin(request.user, workspace):
        after = request.GET.get("invitations")
        context["invitations"] = invitations(request.user, workspace, after=after)
        context |= _rules(request, workspace)
        context["second_steps"] = second_steps_in(request.user, workspace)
        context["last_seen"] = last_seen_in(request.user, workspace)
    context["page"] = memberships(request.user, workspace, after=request.GET.get("after"))
    context["profiles"] = own_members(request.user, workspace)
    context["link"] = take_once(request, once)
    context["reset_link"] = take_once(request, _reset_of(workspace))
    context["sends_mail"] = mail_is_configured()
    return render(request, "web/settings/people.html", context, status=status)


@workspace_action
def membership_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Change somebody's role, or take them out."""
    if action == "role":
        role = role_of(request)
        do = partial(membership_set_role, viewer=request.user, membership_id=pk, role=role)
        is_own = own_membership(request.user, workspace).pk == pk
        steps_down = is_own and role is Role.MEMBER
        attempt(request, do, _("You are a member now.") if steps_down else str(_NOW[role]))
    elif action == "remove":
        leave = partial(membership_remove, viewer=request.user, membership_id=pk)
        attempt(request, leave, _("That membership is over."))
    elif action == "reset-link":
        make = partial(membership_reset_link, viewer=request.user, membership_id=pk)
        attempt(request, lambda: keep_for_once(request, _reset_of(workspace), make()), "")
    elif action == "second-step":
        reset = partial(membership_reset_second_step, viewer=request.user, membership_id=pk)
        attempt(request, reset, _("They sign in without a second step, until they add one."))
    else:
        raise Http404
    # Whoever has left cannot see the team.
    if not is_admin(request.user, workspace):
        return redirect("home")
    return back(request, "settings_people", workspace.slug, row=f"m{pk}")


@workspace_action
def invitation_action(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make the link of an invitation useless."""
    attempt(
        request,
        lambda: invitation_revoke(viewer=request.user, invitation_id=pk),
        _("The invitation is revoked: its link opens nothing any more."),
    )
    return back(request, "settings_people", workspace.slug, row="invitations")


def _rules(request: PageRequest, workspace: Workspace) -> dict[str, Any]:
    """Return what is shown of rules; a rule that rests has a sentence why."""
    about = organization_rule_for(request.user, workspace)
    rules = sign_in_rules(request.user, workspace)
    return {
        "rules": [(rule, about.rests(rule)) for rule in rules],
        "organization": None if about.standing == Standing.NO_ORGANIZATION else about,
        "lacks_permission": about.standing == Standing.NO_PERMISSION,
        "has_organization_rule": any(rule.account_id is not None for rule in rules),
        "ways": ways(),
        "by_github": any(way.url_name == "github_login" for way in ways()),
    }


def _reset_of(workspace: Workspace) -> str:
    return f"reset link of {workspace.pk}"


def _invite(request: PageRequest, workspace: Workspace) -> str:
    by_mail = request.POST.get("by_mail") == "on"
    _, link = (invitation_send if by_mail else invitation_create)(
        viewer=request.user,
        workspace=workspace,
        role=role_of(request),
        email=request.POST.get("email", ""),
        days=parse_id(request.POST.get("days", str(LIFETIMES[0]))) or 0,
    )
    return link


def role_of(request: PageRequest) -> Role:
    """Return the role that a form names."""
    try:
        return Role(request.POST.get("role", ""))
    except ValueError as error:
        raise BadInputError(_("There is no such role.")) from error
