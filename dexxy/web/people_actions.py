"""What the team does about one member, from its page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import require_admin
from dexxy.common.ids import parse_id
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.members.adding import identity_add
from dexxy.members.editing import member_edit
from dexxy.members.merges.by_hand import member_set_locked
from dexxy.members.merges.selectors import member_overview
from dexxy.members.visibility import member_now
from dexxy.people.merging import person_set_bot
from dexxy.web.pages import PageRequest, attempt, back, workspace_action, workspace_form


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
    member_set_locked(actor=request.user, workspace=workspace, member_id=pk, is_locked=False)


def _bot(request: PageRequest, workspace: Workspace, pk: int) -> None:
    person_set_bot(actor=request.user, workspace=workspace, member_id=pk, is_bot=True)


def _person(request: PageRequest, workspace: Workspace, pk: int) -> None:
    person_set_bot(actor=request.user, workspace=workspace, member_id=pk, is_bot=False)


# With what is said when it is done, and the part of the page that it is about.
_ACTIONS: dict[str, tuple[Callable[[PageRequest, Workspace, int], None], str, str]] = {
    "edit": (_edit, "Saved.", "said"),
    "add": (_add, "The account is added.", "accounts"),
    "lock": (_lock, "Locked: nobody is merged with this person.", ""),
    "unlock": (_unlock, "Unlocked.", ""),
    "bot": (_bot, "This is a bot now.", ""),
    "person": (_person, "This is a person now.", ""),
}


@workspace_action
def member_action(request: PageRequest, workspace: Workspace, pk: int, action: str) -> HttpResponse:
    """Change what is known of a member."""
    if action not in _ACTIONS:
        raise Http404("There is no such action.")
    act, done, part = _ACTIONS[action]
    attempt(request, lambda: act(request, workspace, pk), done)
    return back(request, "member", workspace.slug, pk, row=part)


@workspace_form
def member_erase(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask an admin whether a person shall be erased for good, and do it."""
    if request.method == "POST" and request.POST.get("sure") == "yes":
        person_erase(
            actor=request.user,
            workspace=workspace,
            member_id=pk,
            with_bodies=request.POST.get("bodies") == "yes",
        )
        messages.success(request, "The person is erased.")
        return redirect("people", workspace.slug)
    require_admin(request.user, workspace)
    member = member_now(request.user, workspace, pk)
    if member.pk != pk:
        return redirect("member_erase", workspace.slug, member.pk)
    context = {
        "workspace": workspace,
        "section": "people",
        "member": member,
        "overview": member_overview(request.user, workspace, member.pk),
    }
    return render(request, "web/people/erase.html", context)
