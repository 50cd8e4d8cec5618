"""What the team does about one member with one button."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.models import Workspace
from dexxy.members.adding import identity_add
from dexxy.members.merges.by_hand import member_set_locked
from dexxy.messages.team.deciding import member_set_team
from dexxy.people.merging import person_set_bot
from dexxy.web.pages import PageRequest, attempt, back, workspace_action


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


def _team(request: PageRequest, workspace: Workspace, pk: int) -> None:
    member_set_team(actor=request.user, workspace=workspace, member_id=pk, is_on_team=True)


def _outside(request: PageRequest, workspace: Workspace, pk: int) -> None:
    member_set_team(actor=request.user, workspace=workspace, member_id=pk, is_on_team=False)


# With what is said when it is done, and the part of the page that it is about.
_ACTIONS: dict[str, tuple[Callable[[PageRequest, Workspace, int], None], Any, str]] = {
    "add": (_add, _("The account is added."), "accounts"),
    "lock": (_lock, _("Locked: nobody is merged with this person."), ""),
    "unlock": (_unlock, _("Unlocked."), ""),
    "bot": (_bot, _("This is a bot now."), ""),
    "person": (_person, _("This is a person now."), ""),
    "team": (_team, _("On the team. Who waits is being counted anew."), ""),
    "outside": (_outside, _("Not on the team. Who waits is being counted anew."), ""),
}


@workspace_action
def member_action(request: PageRequest, workspace: Workspace, pk: int, action: str) -> HttpResponse:
    """Change what is known of a member."""
    if action not in _ACTIONS:
        raise Http404("There is no such action.")
    act, done, part = _ACTIONS[action]
    attempt(request, lambda: act(request, workspace, pk), str(done))
    return back(request, "member", workspace.slug, pk, row=part)
