"""The table of organizations, and the page of one."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.accounts.models import Workspace
from dexxy.integrations.figure_window import has_history
from dexxy.members.directory import MemberFilterError
from dexxy.members.organization_list import (
    OrganizationSort,
    organization_for,
    organization_page,
    organization_totals,
)
from dexxy.members.organization_merges import (
    organization_key_now,
    organization_merge,
    organization_unmerge,
)
from dexxy.people.organizations import OrganizationPage, organization_whole
from dexxy.web.directory.people import read_segment
from dexxy.web.pages import (
    PageRequest,
    attempt,
    wants_part,
    workspace_action,
    workspace_form,
    workspace_page,
)

# How many organizations are offered to be merged with.
_CHOICES = 10
# The messages of so many people have an address that is not too long.
_MOST_IN_FEED = 50

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
        raise MemberFilterError(
            _("{name} is not one of: {values}.").format(name="sort", values=allowed)
        ) from error
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
    today = organization_key_now(workspace.pk, key)
    if today != key:
        return redirect("organization", workspace.slug, today)
    segment = read_segment(request.GET)
    found = organization_whole(viewer, workspace, key, after=after, segment=segment)
    context = {
        "workspace": workspace,
        "section": "organizations",
        "organization": found.organization,
        "spellings": [name for name in found.spellings if name != found.organization.name],
        "merges": found.merges,
        "tags": found.tags,
        "page": found.people,
        "threads": found.threads,
        "knows_new": has_history(viewer, workspace),
        "segment": segment,
        "feed": _feed(workspace, found),
    }
    if wants_part(request, "more"):
        return render(request, "web/people/list_items.html", context)
    return render(request, "web/organizations/organization.html", context)


def _feed(workspace: Workspace, found: OrganizationPage) -> str:
    """Return the address of what its people said and did; '' where they are too many for it."""
    if found.organization.people > _MOST_IN_FEED:
        return ""
    query = urlencode({"member": found.everybody}, doseq=True)
    return f"{reverse('feed', args=[workspace.slug])}?{query}"


@workspace_form
def merge(request: PageRequest, workspace: Workspace, key: str) -> HttpResponse:
    """Choose what else an organization is called, see what would become of it, and do it."""
    viewer = request.user
    if request.method == "POST":
        return _merge(request, workspace, key, request.POST.get("with", ""))
    kept = organization_for(viewer, workspace, organization_key_now(workspace.pk, key))
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "organizations",
        "organization": kept,
    }
    if request.GET.get("with"):
        other = organization_key_now(workspace.pk, request.GET["with"])
        if other != kept.key:
            context["other"] = organization_for(viewer, workspace, other)
            context["pair"] = [kept, context["other"]]
            return render(request, "web/organizations/merge.html", context)
    search = request.GET.get("q", "").strip()
    page = organization_page(viewer, workspace, search, OrganizationSort.PEOPLE, _CHOICES + 1)
    found = [one for one in page.items if one.key != kept.key][:_CHOICES]
    context |= {"search": search, "found": found}
    return render(request, "web/organizations/merge_choose.html", context)


def _merge(request: PageRequest, workspace: Workspace, kept: str, merged: str) -> HttpResponse:
    done = attempt(
        request,
        lambda: organization_merge(
            actor=request.user, workspace=workspace, kept=kept, merged=merged
        ),
        _("They are one organization now. You can undo that on this page."),
    )
    return redirect("organization", workspace.slug, done.kept if done else kept)


@workspace_action
def merge_undo(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Take a merge of organizations back."""
    undone = organization_unmerge(actor=request.user, workspace=workspace, merge_id=pk)
    messages.success(request, _("They are two organizations again."))
    return redirect("organization", workspace.slug, undone.kept)
