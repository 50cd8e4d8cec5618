"""Who may be one person: two people side by side, to decide with one key."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from dexxy.accounts.models import Workspace
from dexxy.common.pages import PAGE
from dexxy.members.merges.selectors import members_of
from dexxy.members.merges.suggestion_answers import suggestion_reject, suggestion_reopen
from dexxy.members.merges.suggestion_list import (
    OpenSuggestion,
    suggestion_count,
    suggestion_page,
)
from dexxy.members.models import Member, MemberMerge, MergeSuggestion
from dexxy.members.overviews import MemberOverview, member_overviews
from dexxy.people.directory import people_segments
from dexxy.people.merging import people_accept
from dexxy.web.directory.people import tabs
from dexxy.web.pages import (
    PageRequest,
    attempt,
    back,
    wants_part,
    workspace_action,
    workspace_page,
)

# From so many percent on -> how it reads, and the look of its tag.
_LIKELIHOODS = (
    (90, _("Almost certain"), "is-new"),
    (70, _("Likely"), "is-team"),
    (0, _("Possible"), ""),
)


@dataclass(frozen=True)
class ShownSuggestion:
    """A suggestion as the pages show it."""

    suggestion: MergeSuggestion
    first: Member
    second: Member
    first_overview: MemberOverview
    second_overview: MemberOverview

    @property
    def percent(self) -> int:
        """How likely it is; nothing that has to be asked is certain."""
        return min(99, round(self.suggestion.score * 100))

    @property
    def likelihood(self) -> str:
        """How likely it is, in words."""
        return str(next(words for least, words, _look in _LIKELIHOODS if self.percent >= least))

    @property
    def look(self) -> str:
        """How the tag looks that says so."""
        return next(look for least, _words, look in _LIKELIHOODS if self.percent >= least)


def suggestions_shown(found: Sequence[OpenSuggestion]) -> list[ShownSuggestion]:
    """Return suggestions with all that is shown of their two members, read at once."""
    members = [member for one in found for member in (one.first, one.second)]
    overviews = member_overviews(members)
    return [
        ShownSuggestion(
            one.suggestion,
            one.first,
            one.second,
            overviews[one.first.pk],
            overviews[one.second.pk],
        )
        for one in found
        # Somebody may have merged one of them meanwhile.
        if one.first.pk in overviews and one.second.pk in overviews
    ]


@workspace_page
def suggestions(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show who may be one person, the most certain first."""
    after = request.GET.get("after")
    page = suggestion_page(request.user, workspace, PAGE, after)
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "people",
        "page": page,
        "suggestions": suggestions_shown(page.items),
    }
    if wants_part(request, "more"):
        return render(request, "web/people/suggestion_items.html", context)
    context |= {
        "segment": "suggestions",
        "tabs": tabs(workspace, QueryDict(), people_segments(request.user, workspace)),
        "number": suggestion_count(request.user, workspace),
        "is_later": after is not None,
    }
    return render(request, "web/people/suggestions.html", context)


@workspace_page
def suggestions_moved(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Lead on from where they were before."""
    return redirect("suggestions", workspace.slug, permanent=True)


# Each with what is said when it is done.
_DECISIONS: dict[str, tuple[Callable[..., MemberMerge | MergeSuggestion], Any]] = {
    "accept": (people_accept, _("They are one person now. Their page can undo that.")),
    "reject": (suggestion_reject, _("They stay two, and will not be suggested again.")),
    "reopen": (suggestion_reopen, _("They may be suggested again.")),
}


@workspace_action
def suggestion_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Accept or reject a suggestion, or take that back; by htmx its row says so in its place."""
    if action not in _DECISIONS:
        raise Http404("There is no such action.")
    decide, done = _DECISIONS[action]
    act = partial(decide, actor=request.user, workspace=workspace, suggestion_id=pk)
    by_row = wants_part(request, f"s{pk}")
    # The row says itself what was done.
    decided = attempt(request, act, "" if by_row else str(done))
    if by_row:
        return _decided(request, workspace, pk, decided)
    return back(request, "suggestions", workspace.slug)


def _decided(
    request: PageRequest,
    workspace: Workspace,
    pk: int,
    decided: MemberMerge | MergeSuggestion | None,
) -> HttpResponse:
    if decided is None:
        # An error stands at the top of the page, and stays.
        return HttpResponseClientRedirect(reverse("suggestions", args=[workspace.slug]))
    context: dict[str, Any] = {"workspace": workspace, "pk": pk}
    if isinstance(decided, MemberMerge):
        context |= {"merge": decided, "pair": (decided.kept, decided.merged)}
    elif decided.decided_at is None:
        pair = members_of(decided)
        [shown] = suggestions_shown([OpenSuggestion(decided, *pair)])
        return render(request, "web/people/suggestion.html", {**context, "one": shown})
    else:
        context["pair"] = (decided.first, decided.second)
    return render(request, "web/people/suggestion_done.html", context)
