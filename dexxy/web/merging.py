"""Pages on which the team makes two members one, and parts them again."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from dexxy.accounts.models import Workspace
from dexxy.common.ids import parse_id
from dexxy.members.directory import MemberFilters, member_list
from dexxy.members.merges.selectors import members_of, merge_for, merge_preview
from dexxy.members.merges.suggestions import suggestion_reject
from dexxy.members.models import Member, MemberMerge, MergeSuggestion
from dexxy.members.overviews import member_overviews
from dexxy.members.visibility import member_now
from dexxy.people.merging import people_accept, people_merge, people_unmerge
from dexxy.web import wording
from dexxy.web.pages import PageRequest, attempt, back, wants_part, workspace_action, workspace_form

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
    fields = [(label, shown[name]) for name, label in wording.FIELD_LABELS.items()]
    context = {**_context(workspace, kept), "other": other, "preview": preview, "fields": fields}
    return render(request, "web/people/merge.html", context)


def _merge(request: PageRequest, workspace: Workspace, kept: int, merged: int) -> HttpResponse:
    attempt(
        request,
        lambda: people_merge(
            actor=request.user, workspace=workspace, kept_id=kept, merged_id=merged
        ),
        done="They are one person now. You can undo that on this page.",
    )
    return redirect("member", workspace.slug, kept)


@workspace_action
def merge_undo(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Take a merge back."""
    kept, _ = members_of(merge_for(request.user, workspace, pk))
    attempt(
        request,
        lambda: people_unmerge(actor=request.user, workspace=workspace, merge_id=pk),
        done="They are two people again, and stay so unless somebody merges them.",
    )
    return redirect("member", workspace.slug, kept.pk)


# Each with what is said when it is done.
_DECISIONS: dict[str, tuple[Callable[..., MemberMerge | MergeSuggestion], str]] = {
    "accept": (people_accept, "They are one person now. Their page can undo that."),
    "reject": (suggestion_reject, "They stay two, and will not be suggested again."),
}


@workspace_action
def suggestion_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Accept or reject a suggestion, for good; by htmx its row says so and stays in place."""
    if action not in _DECISIONS:
        raise Http404("There is no such action.")
    decide, done = _DECISIONS[action]
    act = partial(decide, actor=request.user, workspace=workspace, suggestion_id=pk)
    decided = attempt(request, act, done)
    if wants_part(request, f"s{pk}"):
        return _decided(request, workspace, decided)
    return back(request, "suggestions", workspace.slug)


def _decided(
    request: PageRequest, workspace: Workspace, decided: MemberMerge | MergeSuggestion | None
) -> HttpResponse:
    if decided is None:
        # An error stands at the top of the page, and stays.
        return HttpResponseClientRedirect(reverse("suggestions", args=[workspace.slug]))
    context: dict[str, Any] = {"workspace": workspace}
    if isinstance(decided, MemberMerge):
        context |= {"merge": decided, "pair": (decided.kept, decided.merged)}
    else:
        context["pair"] = (decided.first, decided.second)
    return render(request, "web/people/suggestion_done.html", context)


def _id(text: str) -> int:
    # No member has 0.
    return parse_id(text) or 0


def _context(workspace: Workspace, kept: Member) -> dict[str, Any]:
    return {"workspace": workspace, "section": "people", "member": kept}
