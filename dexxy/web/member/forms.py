"""Forms about a member: name and tags, notes, and the one that erases a person."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.ids import parse_id
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.editing import LONGEST_NAME, LONGEST_NOTES, member_edit
from dexxy.messages.member_activity.page import MemberHead, member_head
from dexxy.web.member.activity import head_context
from dexxy.web.pages import PageRequest, attempt, workspace_form


@workspace_form
def member_edit_form(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Change the name and the tags of a member."""
    head = member_head(request.user, workspace, pk)
    if head.member.pk != pk and request.method != "POST":
        return redirect("member_edit", workspace.slug, head.member.pk)
    context: dict[str, Any] = {
        **head_context(workspace, head, ""),
        "display_name": head.member.display_name,
        "tags": ", ".join(head.overview.profile.tags),
        "longest_name": LONGEST_NAME,
    }
    if request.method == "POST":
        sent = {name: request.POST.get(name, "") for name in ("display_name", "tags")}
        edit = partial(
            member_edit,
            actor=request.user,
            workspace=workspace,
            member_id=pk,
            display_name=sent["display_name"],
            tags=sent["tags"].split(","),
        )
        if attempt(request, edit, _("Saved.")) is None:
            return _again(request, "web/member/edit.html", {**context, **sent})
        return redirect("member", workspace.slug, head.member.pk)
    return render(request, "web/member/edit.html", context)


@workspace_form
def member_notes(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show and change what the team wrote about a member."""
    head = member_head(request.user, workspace, pk)
    if head.member.pk != pk and request.method != "POST":
        return redirect("member_notes", workspace.slug, head.member.pk)
    context = {
        **head_context(workspace, head, "notes"),
        "notes": _notes(head),
        "longest_notes": LONGEST_NOTES,
    }
    if request.method == "POST":
        # A note of one that was merged into the member is its own.
        of = parse_id(request.POST.get("of", "")) or pk
        # Forms send the ends of lines as CR LF:
        # https://html.spec.whatwg.org/#constructing-entry-list
        text = request.POST.get("notes", "").replace("\r\n", "\n")
        edit = partial(
            member_edit, actor=request.user, workspace=workspace, member_id=of, notes=text
        )
        if attempt(request, edit, _("Saved.")) is None:
            notes = [(one, text if one == of else note) for one, note in _notes(head)]
            return _again(request, "web/member/notes.html", {**context, "notes": notes})
        return redirect("member_notes", workspace.slug, head.member.pk)
    return render(request, "web/member/notes.html", context)


@workspace_form
def member_erase(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask an admin for the name of a person who shall be erased for good, and do it."""
    require_admin(request.user, workspace)
    head = member_head(request.user, workspace, pk)
    if head.member.pk != pk and request.method != "POST":
        return redirect("member_erase", workspace.slug, head.member.pk)
    context = head_context(workspace, head, "")
    if request.method == "POST":
        if request.POST.get("name", "").strip() != str(head.member).strip():
            messages.error(request, _("That is not the name. Nothing was erased."))
            return _again(request, "web/people/erase.html", context)
        person_erase(
            actor=request.user,
            workspace=workspace,
            member_id=pk,
            with_bodies=request.POST.get("bodies") == "yes",
        )
        messages.success(request, _("The person is erased."))
        return redirect("people", workspace.slug)
    return render(request, "web/people/erase.html", context)


def _notes(head: MemberHead) -> list[tuple[int, str]]:
    """Return the notes of each home member that has some, and always those of the member."""
    own = (head.member.pk, head.member.notes)
    return [own, *(note for note in head.overview.profile.notes if note[0] != own[0])]


def _again(request: PageRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a form again with what is wrong."""
    return render(request, template, context, status=422)
