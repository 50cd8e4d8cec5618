"""The table of organizations, and the page of one."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy

from dexxy.accounts.models import Workspace
from dexxy.integrations.figure_window import has_history
from dexxy.members.directory import MemberFilterError
from dexxy.members.organization_list import (
    OrganizationSort,
    organization_page,
    organization_totals,
)
from dexxy.people.organizations import organization_whole
from dexxy.web.pages import PageRequest, wants_part, workspace_page

_COLUMNS = {
    OrganizationSort.NAME: gettext_lazy("Organization"),
    OrganizationSort.PEOPLE: gettext_lazy("People"),
    OrganizationSort.ACTIVE: gettext_lazy("Active, 90 days"),
    OrganizationSort.MESSAGES: gettext_lazy("Messages"),
    OrganizationSort.RECENT: gettext_lazy("90 days"),
    OrganizationSort.WAITING: gettext_lazy("Waiting"),
    OrganizationSort.LAST_SEEN: gettext_lazy("Last seen"),
}


@workspace_page
def organizations(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the table of organizations."""
    viewer, search = request.user, request.GET.get("q", "")
    try:
        sort = OrganizationSort(request.GET.get("sort") or OrganizationSort.RECENT)
    except ValueError as error:
        allowed = ", ".join(OrganizationSort.values)
        raise MemberFilterError(f"sort is not one of: {allowed}.") from error
    after = request.GET.get("after")
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "organizations",
        "page": organization_page(viewer, workspace, search, sort, after=after),
    }
    if wants_part(request, "more"):
        return render(request, "web/organizations/list_items.html", context)
    number, people = organization_totals(viewer, workspace, search)
    context |= {
        "total": number,
        "people": people,
        "search": search,
        "sort": sort,
        "columns": _COLUMNS,
        "is_later": after is not None,
    }
    return render(request, "web/organizations/list.html", context)


@workspace_page
def organization(request: PageRequest, workspace: Workspace, key: str) -> HttpResponse:
    """Show one organization: its people, their threads and tags."""
    viewer, after = request.user, request.GET.get("after")
    found = organization_whole(viewer, workspace, key, after=after)
    context = {
        "workspace": workspace,
        "section": "organizations",
        "organization": found.organization,
        "spellings": [name for name in found.spellings if name != found.organization.name],
        "tags": found.tags,
        "page": found.people,
        "threads": found.threads,
        "knows_new": has_history(viewer, workspace),
    }
    if wants_part(request, "more"):
        return render(request, "web/people/list_items.html", context)
    return render(request, "web/organizations/organization.html", context)
