"""Who is on the team: what their acts say, what people decide, and whom GitHub suggests."""

from datetime import date, datetime, time

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.members.directory import MemberFilters, member_list
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.listing import team_list, team_removed, team_suggested
from dexxy.messages.team.own import own_member, own_member_set
from dexxy.messages.waiting.summary import is_recounting
from dexxy.web.pages import PageRequest, attempt, workspace_form

# What a button of the page says about its reader.
_OWN = ("me", "nobody")
# What a button of the page says about a member: True for on the team, None for what their acts say.
_DECISIONS = {"on": True, "off": False, "acts": None}


@workspace_form
def settings_team(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the team with the evidence for each, and let admins decide about it."""
    if request.method == "POST":
        say = _say_who if request.POST.get("decision") in _OWN else _decide
        attempt(request, lambda: say(request, workspace), _("Saved. The queue is recounted."))
        return redirect("settings_team", workspace.slug)
    now, team = timezone.now(), team_list(request.user, workspace)
    context = {
        "workspace": workspace,
        "section": "settings",
        "now": now,
        "own": own_member(request.user, workspace),
        "may_decide": is_admin(request.user, workspace),
        "is_recounting": is_recounting(request.user, workspace),
        "today": [mate for mate in team if mate.is_there(now)],
        "former": [mate for mate in team if not mate.is_there(now)],
        "removed": team_removed(request.user, workspace),
        "suggested": team_suggested(request.user, workspace),
    }
    return render(request, "web/settings/team.html", context)


def _decide(request: PageRequest, workspace: Workspace) -> None:
    sent = request.POST
    if sent.get("decision") not in _DECISIONS:
        raise BadInputError(_("There is no such decision."))
    member_set_team(
        actor=request.user,
        workspace=workspace,
        member_id=_meant(request, workspace),
        is_on_team=_DECISIONS[sent["decision"]],
        since=_day(sent.get("since", "")),
        until=_day(sent.get("until", "")),
    )


def _say_who(request: PageRequest, workspace: Workspace) -> None:
    is_me = request.POST["decision"] == "me"
    own_member_set(
        actor=request.user,
        workspace=workspace,
        member_id=_meant(request, workspace) if is_me else None,
    )


def _meant(request: PageRequest, workspace: Workspace) -> int:
    return parse_id(request.POST.get("member", "")) or _named(request, workspace)


def _named(request: PageRequest, workspace: Workspace) -> int:
    """Return who has the login or the name that was typed."""
    typed = request.POST.get("who", "").strip().lstrip("@")
    if not typed:
        raise BadInputError(_("Write the login or the name of somebody."))
    found = member_list(request.user, workspace, MemberFilters(search=typed), first=100).items
    exact = [
        one
        for one in found
        if one.display_name.casefold() == typed.casefold()
        or one.identities.filter(username__iexact=typed).exists()
    ]
    if len(found) == 1 or len(exact) == 1:
        return (exact or found)[0].pk
    if found:
        raise BadInputError(
            _("{n} people match {name}. Write the whole login.").format(n=len(found), name=typed)
        )
    raise BadInputError(_("Nobody here is called {name}.").format(name=typed))


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time()))
    except (ValueError, OverflowError) as error:
        raise BadInputError(_("Choose a date.")) from error
