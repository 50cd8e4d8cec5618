"""The people of a workspace: the directory, one member, and who may be one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import TextChoices
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.common.pages import LARGEST_PAGE
from dexxy.members.directory import (
    MemberFilterError,
    MemberFilters,
    MemberSort,
    member_list,
    tags_known,
)
from dexxy.members.merges.selectors import (
    OpenSuggestion,
    member_merges,
    member_merges_undone,
    member_overview,
    suggestion_list,
)
from dexxy.members.models import Member, MergeSuggestion
from dexxy.members.overviews import MemberOverview, member_overviews
from dexxy.members.visibility import member_now
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.selectors import feed_page
from dexxy.web.pages import PageRequest, wants_part, workspace_page

# Of the page of a member: what is shown of the feed, and of the suggestions.
_ACTIVITY = 10
_SUGGESTIONS = 5
# From so many percent on -> how it reads, and the look of its tag.
_LIKELIHOODS = (
    (90, "Almost certain", "is-new"),
    (70, "Likely", "is-team"),
    (0, "Possible", ""),
)
# Days -> how the choice reads.
_SEEN = {"7": "Seen in 7 days", "30": "Seen in 30 days", "90": "Seen in 90 days"}


class Kind(TextChoices):
    """Whom the directory lists."""

    PEOPLE = "people", "Everybody"
    BOTS = "bots", "Bots"
    ALL = "all", "With bots"


@workspace_page
def people(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the directory of members."""
    filters, sort = read_filters(request.GET), _sort(request.GET)
    after = request.GET.get("after")
    page = member_list(request.user, workspace, filters, sort, after=after)
    overviews = member_overviews(page.items)
    context = {
        "workspace": workspace,
        "section": "people",
        "page": page,
        "rows": [(one, overviews[one.pk]) for one in page.items if one.pk in overviews],
    }
    if wants_part(request, "more"):
        return render(request, "web/people/list_items.html", context)
    context |= {
        "filters": filters,
        "tags": tags_known(request.user, workspace),
        "kind": request.GET.get("kind") or Kind.PEOPLE,
        "kinds": Kind.choices,
        "seen": request.GET.get("seen"),
        "seen_choices": _SEEN.items(),
        "sort": sort,
        "is_filtered": filters != read_filters(QueryDict()),
        "is_later": after is not None,
    }
    return render(request, "web/people/list.html", context)


@workspace_page
def member(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show one member; who was merged into another is shown there."""
    viewer = request.user
    now = member_now(viewer, workspace, pk)
    if now.pk != pk:
        return redirect("member", workspace.slug, now.pk)
    context = {
        "workspace": workspace,
        "section": "people",
        "member": now,
        "overview": member_overview(viewer, workspace, pk),
        "merges": member_merges(viewer, workspace, pk),
        "undone": member_merges_undone(viewer, workspace, pk),
        "suggestions": _shown(suggestion_list(viewer, workspace, _SUGGESTIONS, member_id=pk)),
        "activity": feed_page(viewer, workspace, FeedFilters(member_ids=[pk]), _ACTIVITY),
    }
    return render(request, "web/people/member.html", context)


@workspace_page
def suggestions(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show who may be one person, the most certain first."""
    found = suggestion_list(request.user, workspace, LARGEST_PAGE)
    context = {
        "workspace": workspace,
        "section": "suggestions",
        "kinds": Kind.choices,
        "suggestions": _shown(found),
        "most": LARGEST_PAGE,
    }
    return render(request, "web/people/suggestions.html", context)


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
        return next(words for least, words, _ in _LIKELIHOODS if self.percent >= least)

    @property
    def look(self) -> str:
        """How the tag looks that says so."""
        return next(look for least, _, look in _LIKELIHOODS if self.percent >= least)


def _shown(found: Sequence[OpenSuggestion]) -> list[ShownSuggestion]:
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


def read_filters(query: QueryDict) -> MemberFilters:
    """Read the filters of an address; what is empty filters nothing.

    Raises:
        MemberFilterError: it names something that does not exist.
    """
    kind = query.get("kind") or Kind.PEOPLE
    if kind not in Kind:
        raise MemberFilterError(f"kind is not one of: {', '.join(Kind.values)}.")
    seen = query.get("seen") or ""
    if seen and seen not in _SEEN:
        raise MemberFilterError(f"seen is not one of: {', '.join(_SEEN)}.")
    return MemberFilters(
        search=query.get("search", "").strip(),
        organization=query.get("organization", "").strip(),
        tags=tuple(tag for tag in query.getlist("tag") if tag),
        is_bot=None if kind == Kind.ALL else kind == Kind.BOTS,
        last_seen_since=timezone.now() - timedelta(days=int(seen)) if seen else None,
    )


def _sort(query: QueryDict) -> MemberSort:
    try:
        return MemberSort(query.get("sort") or MemberSort.LAST_SEEN)
    except ValueError as error:
        raise MemberFilterError(f"sort is not one of: {', '.join(MemberSort.values)}.") from error
