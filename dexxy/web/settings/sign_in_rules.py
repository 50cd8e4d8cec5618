"""Rules that let people into a workspace: a part of its page on people and roles."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.sign_in_rules import sign_in_rule_create, sign_in_rule_delete
from dexxy.integrations.services.github.connecting.organization_rules import (
    organization_rule_create,
)
from dexxy.web.pages import PageRequest, attempt, back, workspace_action
from dexxy.web.settings.people import role_of


@workspace_action
def rule_create(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Let people of a domain in."""
    domain, role = request.POST.get("domain", ""), role_of(request)
    attempt(
        request,
        lambda: sign_in_rule_create(
            viewer=request.user, workspace=workspace, domain=domain, role=role
        ),
        _("Whoever proves an address of that domain comes in when they sign in elsewhere."),
    )
    return back(request, "settings_people", workspace.slug, row="rules")


@workspace_action
def rule_of_organization(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Let members of the organization in that the workspace reads."""
    role = role_of(request)
    attempt(
        request,
        lambda: organization_rule_create(viewer=request.user, workspace=workspace, role=role),
        _("Whoever is a member of the organization comes in when they sign in by GitHub."),
    )
    return back(request, "settings_people", workspace.slug, row="rules")


@workspace_action
def rule_delete(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Let nobody in by a rule any more."""
    attempt(
        request,
        lambda: sign_in_rule_delete(viewer=request.user, workspace=workspace, rule_id=pk),
        _("The rule lets nobody in any more. Who came in by it stays."),
    )
    return back(request, "settings_people", workspace.slug, row="rules")
