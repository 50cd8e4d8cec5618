"""Pages on which the team makes two members one, and parts them again."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from dexxy.accounts.models import Workspace
from dexxy.common.ids import parse_id
from dexxy.members.directory import MemberFilters, member_list
from dexxy.members.merges.selectors import members_of, merge_for, merge_preview
from dexxy.members.models import Member
from dexxy.members.overviews import member_overviews
from dexxy.members.who_may_see import member_now
from dexxy.people.merging import people_merge, people_unmerge
from dexxy.web.pages import PageRequest, attempt, workspace_action, workspace_form
from dexxy.web.wording import people

# The row of a suggestion.
_ROW = re.compile(r"s\d{1,19}")
# How many members are offered to be merged with.
_CHOICES = 10


@workspace_form
def member_merge(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Choose whom to merge a member with, see what would be shown, and do it."""
    if request.method == "POST":
        return _merge(request, workspace, pk, _id(request.POST.get("with", "")))
    kept = member_now(request.user, workspace, pk)
    if request.GET.get("with"):
        other = member_now(request.user, workspace, _id(request.GET["with"]))
        if other != kept:
            return _preview(request, workspace, kept, other)
    return _choose(request, workspace, kept)


def _choose(request: PageRequest, workspace: Workspace, kept: Member) -> HttpResponse:
    """Offer the members that a search finds."""
    search = request.GET.get("search", "").strip()
    context = {**_context(workspace, kept), "search": search}
    if search:
        page = member_list(request.user, workspace, MemberFilters(search=search), first=_CHOICES)
        found = [one for one in page.items if one.pk != kept.pk]
        overviews = member_overviews(found)
        context["rows"] = [(one, overviews[one.pk]) for one in found if one.pk in overviews]
    return render(request, "web/people/merge_choose.html", context)


def _preview(
    request: PageRequest, workspace: Workspace, kept: Member, other: Member
) -> HttpResponse:
    """Show what would be shown of the two."""
    preview = merge_preview(request.user, workspace, kept_id=kept.pk, merged_id=other.pk)
    shown = preview.profile.fields
    fields = [(label, shown[name]) for name, label in people.FIELD_LABELS.items()]
    context = {**_context(workspace, kept), "other": other, "preview": preview, "fields": fields}
    return render(request, "web/people/merge.html", context)


def _merge(request: PageRequest, workspace: Workspace, kept: int, merged: int) -> HttpResponse:
    merge = attempt(
        request,
        lambda: people_merge(
            actor=request.user, workspace=workspace, kept_id=kept, merged_id=merged
        ),
    )
    address = reverse("member_accounts", args=[workspace.slug, kept])
    if merge is None:
        return redirect(address)
    done = _("They are one person now. You can undo that on this page.")
    messages.success(request, done, extra_tags="undo")
    return redirect(f"{address}?merged={merge.pk}")


@workspace_action
def merge_undo(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Take a merge back; by htmx the row of its suggestion says so in its place."""
    merge = merge_for(request.user, workspace, pk)
    kept, _kept = members_of(merge)
    row = (request.htmx.target or "") if request.htmx else ""
    is_by_row = bool(_ROW.fullmatch(row))
    done = (
        ""
        if is_by_row
        else _("They are two people again, and stay so unless somebody merges them.")
    )
    undone = attempt(
        request,
        lambda: people_unmerge(actor=request.user, workspace=workspace, merge_id=pk),
        # A row says itself what was done.
        done="" if is_by_row else done,
    )
    if not is_by_row:
        return redirect("member_accounts", workspace.slug, kept.pk)
    if undone is None:
        return HttpResponseClientRedirect(reverse("suggestions", args=[workspace.slug]))
    pair = (undone.kept, undone.merged)
    context = {"workspace": workspace, "pk": row[1:], "pair": pair, "undone": True}
    return render(request, "web/people/suggestion_done.html", context)


def _id(text: str) -> int:
    # No member has 0.
    return parse_id(text) or 0


def _context(workspace: Workspace, kept: Member) -> dict[str, Any]:
    return {"workspace": workspace, "section": "people", "member": kept}
