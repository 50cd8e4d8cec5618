"""What the team does about people, from the pages."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.common.ids import parse_id
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.adding import identity_add
from dexxy.members.directory import MemberFilters, member_list
from dexxy.members.editing import member_edit
from dexxy.members.merges.by_hand import member_set_locked
from dexxy.members.merges.selectors import member_overview, members_of, merge_preview
from dexxy.members.merges.suggestions import suggestion_reject
from dexxy.members.overviews import member_overviews
from dexxy.members.selectors import MemberNotFoundError, member_now
from dexxy.people.merging import people_accept, people_merge, people_unmerge, person_set_bot
from dexxy.web import wording
from dexxy.web.pages import PageRequest, workspace_action, workspace_form

# How many members are offered to be merged with.
_CHOICES = 10


def _edit(request: PageRequest, workspace: Workspace, pk: int) -> None:
    tags = request.POST.get("tags")
    member_edit(
        actor=request.user,
        workspace=workspace,
        # A note of one that was merged into the member is its own.
        member_id=parse_id(request.POST.get("of", "")) or pk,
        display_name=request.POST.get("display_name"),
        tags=None if tags is None else tags.split(","),
        notes=_lines(request.POST.get("notes")),
    )


def _lines(text: str | None) -> str | None:
    # Forms send the ends of lines as CR LF: https://html.spec.whatwg.org/#constructing-entry-list
    return None if text is None else text.replace("\r\n", "\n")


def _add(request: PageRequest, workspace: Workspace, pk: int) -> None:
    given = {name: request.POST.get(name, "") for name in ("platform", "username", "email")}
    identity_add(actor=request.user, workspace=workspace, member_id=pk, **given)


def _lock(request: PageRequest, workspace: Workspace, pk: int) -> None:
    member_set_locked(actor=request.user, workspace=workspace, member_id=pk, is_locked=True)


def _unlock(request: PageRequest, workspace: Workspace, pk: int) -> None:
    for account in member_overview(request.user, workspace, pk).accounts:
        if account.home_member.is_locked:
            member_set_locked(
                actor=request.user,
                workspace=workspace,
                member_id=account.home_member_id,
                is_locked=False,
            )


def _bot(request: PageRequest, workspace: Workspace, pk: int) -> None:
    person_set_bot(actor=request.user, workspace=workspace, member_id=pk, is_bot=True)


def _person(request: PageRequest, workspace: Workspace, pk: int) -> None:
    person_set_bot(actor=request.user, workspace=workspace, member_id=pk, is_bot=False)


_ACTIONS: dict[str, Callable[[PageRequest, Workspace, int], None]] = {
    "edit": _edit,
    "add": _add,
    "lock": _lock,
    "unlock": _unlock,
    "bot": _bot,
    "person": _person,
}


@workspace_action
def member_action(request: PageRequest, workspace: Workspace, pk: int, action: str) -> HttpResponse:
    """Change what is known of a member."""
    if action not in _ACTIONS:
        raise Http404("There is no such action.")
    _try(request, lambda: _ACTIONS[action](request, workspace, pk))
    return redirect("member", workspace.slug, pk)


@workspace_form
def member_merge(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Choose whom to merge a member with, see what would be shown, and do it."""
    kept = member_now(request.user, workspace, pk)
    other = _other(request, workspace)
    if request.method == "POST":
        if other is None:
            raise MemberNotFoundError("There is no such member.")
        return _merge(request, workspace, kept.pk, other)
    context: dict[str, Any] = {"workspace": workspace, "section": "people", "member": kept}
    if other is not None and other != kept.pk:
        context["other"] = member_now(request.user, workspace, other)
        context["preview"] = merge_preview(
            request.user, workspace, kept_id=kept.pk, merged_id=context["other"].pk
        )
        shown = context["preview"].profile.fields
        context["fields"] = [(label, shown[name]) for name, label in wording.FIELD_LABELS.items()]
        return render(request, "web/people/merge.html", context)
    search = request.GET.get("search", "").strip()
    context["search"] = search
    if search:
        page = member_list(request.user, workspace, MemberFilters(search=search), first=_CHOICES)
        found = [one for one in page.items if one.pk != kept.pk]
        overviews = member_overviews(found)
        context["rows"] = [(one, overviews[one.pk]) for one in found if one.pk in overviews]
    return render(request, "web/people/merge_choose.html", context)


def _merge(request: PageRequest, workspace: Workspace, kept: int, merged: int) -> HttpResponse:
    _try(
        request,
        lambda: people_merge(
            actor=request.user, workspace=workspace, kept_id=kept, merged_id=merged
        ),
        done="They are one member now. You can undo that below.",
    )
    return redirect("member", workspace.slug, kept)


@workspace_form
def member_erase(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask an admin whether a person shall be erased for good, and do it."""
    require_admin(request.user, workspace)
    member = member_now(request.user, workspace, pk)
    if request.method == "POST" and request.POST.get("sure") == "yes":
        person_erase(
            actor=request.user,
            workspace=workspace,
            member_id=member.pk,
            with_bodies=request.POST.get("bodies") == "yes",
        )
        messages.info(request, "The person is erased.")
        return redirect("people", workspace.slug)
    context = {
        "workspace": workspace,
        "section": "people",
        "member": member,
        "overview": member_overview(request.user, workspace, member.pk),
    }
    return render(request, "web/people/erase.html", context)


@workspace_action
def merge_undo(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Take a merge back."""
    merge = workspace.member_merges.filter(pk=pk).first()
    if merge is None:
        raise NotFoundError("There is no such merge.")
    kept, _ = members_of(merge)
    _try(
        request,
        lambda: people_unmerge(actor=request.user, workspace=workspace, merge_id=pk),
        done="They are two members again, and stay so unless somebody merges them.",
    )
    return redirect("member", workspace.slug, kept.pk)


@workspace_action
def suggestion_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Accept or reject a suggestion, for good."""
    if action == "accept":
        _try(
            request,
            lambda: people_accept(actor=request.user, workspace=workspace, suggestion_id=pk),
            done="They are one member now. Their page can undo that.",
        )
    elif action == "reject":
        _try(
            request,
            lambda: suggestion_reject(actor=request.user, workspace=workspace, suggestion_id=pk),
            done="They stay two, and will not be suggested again.",
        )
    else:
        raise Http404("There is no such action.")
    return redirect("suggestions", workspace.slug)


def _other(request: PageRequest, workspace: Workspace) -> int | None:
    given = request.POST if request.method == "POST" else request.GET
    if not given.get("with"):
        return None
    pk = parse_id(given["with"]) or 0
    return member_now(request.user, workspace, pk).pk


def _try(request: PageRequest, action: Callable[[], object], done: str = "") -> None:
    """Do something, and tell the person why if it cannot be done."""
    try:
        action()
    except NotFoundError:
        raise
    except DexxyError as error:
        messages.error(request, str(error))
    else:
        if done:
            messages.info(request, done)
