"""Who is on the team: what their acts say, what people decide, and whom GitHub suggests."""

from datetime import date, datetime, time

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.accounts.services import LONGEST_WAIT, workspace_update
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.members.named import member_named
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.listing import team_list, team_removed, team_suggested
from dexxy.messages.team.own import own_member, own_member_set
from dexxy.messages.waiting.summary import is_recounting
from dexxy.web.pages import PageRequest, attempt, back, workspace_form

# What a button of the page says about its reader.
_OWN = ("me", "nobody")
# What a button of the page says about a member: True for on the team, None for what their acts say.
_DECISIONS = {"on": True, "off": False, "acts": None}


@workspace_form
def settings_team(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the team with the evidence for each, and let admins decide about it."""
    if request.method == "POST":
        row = _send(request, workspace)
        return back(request, "settings_team", workspace.slug, row=row or "")
    now, team = timezone.now(), team_list(request.user, workspace)
    context = {
        "workspace": workspace,
        "section": "settings",
        "now": now,
        "own": own_member(request.user, workspace),
        "may_decide": is_admin(request.user, workspace),
        "longest": LONGEST_WAIT,
        "is_recounting": is_recounting(request.user, workspace),
        "today": [mate for mate in team if mate.is_there(now)],
        "former": [mate for mate in team if not mate.is_there(now)],
        "removed": team_removed(request.user, workspace),
        "suggested": team_suggested(request.user, workspace),
    }
    return render(request, "web/settings/team.html", context)


def _send(request: PageRequest, workspace: Workspace) -> str | None:
    """Do what was asked for; return the id of the row that it was about, None where it failed."""
    decision = request.POST.get("decision")
    if decision == "late":
        return attempt(request, lambda: _set_ages(request, workspace), _("Saved."))
    say = _say_who if decision in _OWN else _decide
    return attempt(request, lambda: say(request, workspace), _("Saved. The queue is recounted."))


def _set_ages(request: PageRequest, workspace: Workspace) -> str:
    """Say after how many days a wait is late; return the id of where that is said."""
    workspace_update(
        viewer=request.user,
        workspace=workspace,
        attention_after=parse_id(request.POST.get("attention_after", "")) or 0,
        late_after=parse_id(request.POST.get("late_after", "")) or 0,
    )
    return "late"


def _decide(request: PageRequest, workspace: Workspace) -> str:
    """Decide about a member; return the id of their row."""
    sent = request.POST
    if sent.get("decision") not in _DECISIONS:
        raise BadInputError(_("There is no such decision."))
    member = member_set_team(
        actor=request.user,
        workspace=workspace,
        member_id=_meant(request, workspace),
        is_on_team=_DECISIONS[sent["decision"]],
        since=_day(sent.get("since", "")),
        until=_day(sent.get("until", "")),
    )
    return f"m{member.pk}"


def _say_who(request: PageRequest, workspace: Workspace) -> str:
    """Say who the reader is; return the id of where they did."""
    is_me = request.POST["decision"] == "me"
    own_member_set(
        actor=request.user,
        workspace=workspace,
        member_id=_meant(request, workspace) if is_me else None,
    )
    return "own"


def _meant(request: PageRequest, workspace: Workspace) -> int:
    chosen = parse_id(request.POST.get("member", ""))
    return chosen or member_named(request.user, workspace, request.POST.get("who", "")).pk


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time()))
    except (ValueError, OverflowError) as error:
        raise BadInputError(_("Choose a date.")) from error
