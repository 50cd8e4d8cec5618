"""The page of a member: what they did first, and what is known of them beside it."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.integrations.figure_window import figure_window
from dexxy.members.merges.selectors import member_merges
from dexxy.members.merges.suggestion_list import suggestion_page
from dexxy.messages.feed.filters import FilterError
from dexxy.messages.figures.people import YEAR
from dexxy.messages.figures.scope import Window
from dexxy.messages.member_activity.page import MemberHead, member_activity, member_head
from dexxy.messages.models import MessageKind
from dexxy.web.member.heat import heat_of
from dexxy.web.member.numbers import numbers_of
from dexxy.web.member.suggestions import suggestions_shown
from dexxy.web.pages import PageRequest, wants_part, workspace_page

# Of who may be the same person, beside what they did.
_SUGGESTIONS = 3


@workspace_page
def member(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show what a member did; who was merged into another is shown there."""
    head = member_head(request.user, workspace, pk)
    if head.member.pk != pk:
        return redirect("member", workspace.slug, head.member.pk)
    kind = _kind(request.GET.get("kind", ""))
    after = request.GET.get("after")
    kinds = [kind] if kind else []
    found = member_activity(request.user, head, window_of(request, workspace), kinds, after)
    context: dict[str, Any] = {
        **head_context(workspace, head, "activity"),
        "activity": found,
        "kind": kind,
        "is_older": after is not None,
    }
    if wants_part(request, "older"):
        return render(request, "web/member/acts.html", context)
    suggestions = suggestion_page(request.user, workspace, _SUGGESTIONS, member_id=pk)
    context |= {
        "heat": heat_of(found.year),
        "numbers": numbers_of(workspace.slug, pk, found.counts, found.answers),
        "suggestions": suggestions_shown(suggestions.items),
        "merges": member_merges(request.user, workspace, pk),
    }
    return render(request, "web/member/activity.html", context)


def head_context(workspace: Workspace, head: MemberHead, tab: str) -> dict[str, Any]:
    """Return what the beginning of each page about a member shows."""
    return {
        "workspace": workspace,
        "section": "people",
        "tab": tab,
        "head": head,
        "member": head.member,
        "overview": head.overview,
    }


def window_of(request: PageRequest, workspace: Workspace) -> Window:
    """Return the last 12 months, where the reader is."""
    now = timezone.now()
    return figure_window(
        request.user,
        workspace,
        since=now - YEAR,
        until=now + timedelta(minutes=1),
        zone=timezone.get_current_timezone_name(),
    )


def _kind(text: str) -> MessageKind | None:
    if not text:
        return None
    if text not in MessageKind:
        raise FilterError(_("There is no such kind of messages."))
    return MessageKind(text)
