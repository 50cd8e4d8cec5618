"""Forms about a member: name and tags, notes, and the one that erases a person."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.ids import parse_id
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.editing import LONGEST_NAME, member_edit
from dexxy.members.notes import LONGEST_NOTE, note_add, note_delete, note_edit
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
    """Show what the team wrote about a member; write, change and delete notes."""
    head = member_head(request.user, workspace, pk)
    if request.method == "POST":
        return _noted(request, workspace, head, pk)
    if head.member.pk != pk:
        return redirect("member_notes", workspace.slug, head.member.pk)
    return render(request, "web/member/notes.html", _notes_context(workspace, head))


def _noted(request: PageRequest, workspace: Workspace, head: MemberHead, pk: int) -> HttpResponse:
    note = parse_id(request.POST.get("note", "")) or 0
    # Forms send the ends of lines as CR LF:
    # https://html.spec.whatwg.org/#constructing-entry-list
    text = request.POST.get("text", "").replace("\r\n", "\n")
    given: dict[str, Any] = {"actor": request.user, "workspace": workspace}
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "add": (partial(note_add, **given, member_id=pk, text=text), _("Written.")),
        "edit": (partial(note_edit, **given, note_id=note, text=text), _("Saved.")),
        "delete": (partial(note_delete, **given, note_id=note), _("The note is deleted.")),
    }
    if request.POST.get("do") not in acts:
        raise Http404("There is no such action.")
    act, done = acts[request.POST["do"]]
    noted = attempt(request, act, done)
    if noted is None:
        kept = {"editing": note, "edited": text} if note else {"text": text}
        context = {**_notes_context(workspace, head), **kept}
        return _again(request, "web/member/notes.html", context)
    row = "notes" if request.POST["do"] == "delete" else f"note{getattr(noted, 'pk', '')}"
    return redirect(f"{reverse('member_notes', args=[workspace.slug, head.member.pk])}#{row}")


def _notes_context(workspace: Workspace, head: MemberHead) -> dict[str, Any]:
    return {**head_context(workspace, head, "notes"), "longest": LONGEST_NOTE}


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


def _again(request: PageRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Show a form again with what is wrong."""
    return render(request, template, context, status=422)
