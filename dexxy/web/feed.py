"""The feed, and one thread."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import TextChoices
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from dexxy.accounts.models import Workspace
from dexxy.common.ids import parse_id
from dexxy.common.pages import LARGEST_PAGE
from dexxy.members.models import Identity
from dexxy.members.visibility import members_by_id
from dexxy.messages import selectors
from dexxy.messages.feed.filters import EVERYTHING, Bots, FeedFilters, FilterError
from dexxy.messages.models import Message, MessageKind, ThreadKind, ThreadState
from dexxy.sources.selectors import visible_sources
from dexxy.web import wording
from dexxy.web.markdown import Bodies
from dexxy.web.pages import PageRequest, wants_part, workspace_page
from dexxy.web.rows.groups import days_of, last_day

Choice = TypeVar("Choice", bound=TextChoices)

_VIEWS: Sequence[tuple[str, dict[str, str]]] = (
    ("Everything", {}),
    ("Without bots", {"bots": "no"}),
    ("Opened", {"kind": "opened"}),
    ("Reviews", {"kind": "review"}),
    ("Discussions", {"thread": "discussion"}),
    ("Unanswered", {"unanswered": "yes"}),
)


@workspace_page
def feed(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show what happened, the newest first."""
    filters = read_filters(request.GET)
    after = request.GET.get("after")
    page = selectors.feed_page(request.user, workspace, filters, after=after)
    days = days_of(page.items, after=request.GET.get("day", ""))
    context: dict[str, Any] = {"workspace": workspace, "section": "feed"}
    context |= {"page": page, "days": days, "last_day": last_day(days)}
    if wants_part(request, "older"):
        return render(request, "web/feed_items.html", context)
    context |= {
        "sources": visible_sources(request.user, workspace),
        "members": members_by_id(request.user, workspace, filters.member_ids),
        "filters": filters,
        "views": _views(request.GET),
        "thread_kinds": wording.KIND_LABELS.items(),
        "message_kinds": wording.MESSAGE_LABELS.items(),
        "states": wording.STATE_LABELS.items(),
        "is_without_bots": filters.bots == Bots.EXCLUDED,
        "is_filtered": filters != EVERYTHING,
        "is_older": after is not None,
    }
    return render(request, "web/feed.html", context)


def _views(query: QueryDict) -> list[tuple[str, str, bool]]:
    """Return the ready views: how each reads, its query, and whether QUERY is it."""
    asked = {name: value for name, value in query.items() if value and name not in ("after", "day")}
    return [(name, urlencode(view), asked == view) for name, view in _VIEWS]


@workspace_page
def newer(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Say how much came into the feed since the page was read."""
    number = selectors.feed_newer(
        request.user, workspace, read_filters(request.GET), request.GET.get("after")
    )
    context = {"workspace": workspace, "number": number, "most": selectors.MOST_NEWER}
    return render(request, "web/feed_newer.html", context)


@workspace_page
def thread(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show one thread, the oldest message first."""
    found = selectors.thread_for(request.user, workspace, pk)
    after = request.GET.get("after")
    page = selectors.thread_pages([found], LARGEST_PAGE, after)[found.pk]
    is_whole = after is None and not page.has_more
    context = {
        "workspace": workspace,
        "section": "feed",
        "thread": found,
        "page": page,
        "is_later": after is not None,
        "people": _people(page.items) if is_whole else [],
        "bodies": Bodies(),
    }
    part = wants_part(request, "later")
    return render(request, "web/thread_items.html" if part else "web/thread.html", context)


def _people(messages: Collection[Message]) -> list[tuple[Identity, int]]:
    """Count the messages of each author, the most first."""
    authors = {one.author.member_id: one.author for one in messages if one.author}
    counts = Counter(one.author.member_id for one in messages if one.author)
    return [(authors[pk], number) for pk, number in counts.most_common()]


def read_filters(query: QueryDict) -> FeedFilters:
    """Read the filters of an address; what is empty filters nothing.

    Raises:
        FilterError: it names something that does not exist.
    """
    return FeedFilters(
        source_ids=_ids(query, "source"),
        thread_kinds=_choices(query, "thread", ThreadKind),
        message_kinds=_choices(query, "kind", MessageKind),
        member_ids=_ids(query, "member"),
        thread_states=_choices(query, "state", ThreadState),
        labels=tuple(_text(label, "label") for label in query.getlist("label") if label),
        bots=Bots.EXCLUDED if query.get("bots") == "no" else Bots.INCLUDED,
        search=_text(query.get("search", ""), "search").strip(),
        only_unanswered=query.get("unanswered") == "yes",
    )


def _text(value: str, name: str) -> str:
    if "\0" in value:
        raise FilterError(f"{name} holds a null byte.")
    return value


def _ids(query: QueryDict, name: str) -> Sequence[int]:
    numbers = [parse_id(text) for text in query.getlist(name) if text]
    if None in numbers:
        raise FilterError(f"{name} is not an id.")
    return tuple(number for number in numbers if number is not None)


def _choices(query: QueryDict, name: str, choices: type[Choice]) -> Sequence[Choice]:
    try:
        return tuple(choices(text) for text in query.getlist(name) if text)
    except ValueError as error:
        raise FilterError(f"{name} is not one of: {', '.join(choices.values)}.") from error
