"""The feed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import TextChoices
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django_htmx.http import trigger_client_event

from dexxy.accounts.models import ListPage, User, Workspace
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.common.pages import LARGEST_PAGE
from dexxy.integrations.figure_window import has_history
from dexxy.members.who_may_see import members_by_id
from dexxy.messages import selectors
from dexxy.messages.feed.filters import EVERYTHING, Bots, FeedFilters, FilterError
from dexxy.messages.feed.marks import Marks, marks_of
from dexxy.messages.models import Message, MessageKind, ThreadKind, ThreadState
from dexxy.messages.thread_table import MOST_COUNTED, waits_of
from dexxy.messages.unread import feed_mark_read, thread_mark_read, unread_among
from dexxy.sources.selectors import visible_sources
from dexxy.web.pages import PageRequest, back, wants_part, workspace_action, workspace_page
from dexxy.web.rows.density import density_of
from dexxy.web.rows.groups import days_of, last_day
from dexxy.web.saved.gone import what_is_gone
from dexxy.web.saved.tabs import Ready, views_of
from dexxy.web.search.box import search_box
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import feed_filters
from dexxy.web.search.menu import filter_menu
from dexxy.web.search.qualifiers import Where
from dexxy.web.wording import feed_lines, threads

Choice = TypeVar("Choice", bound=TextChoices)


@workspace_page
def feed(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show what happened, the newest first."""
    query, filters = _asked(request.GET)
    after = request.GET.get("after") or None
    page = selectors.feed_page(request.user, workspace, filters, LARGEST_PAGE, after)
    days = days_of(
        page.items,
        after=request.GET.get("day", ""),
        waits=waits_of({message.thread_id for message in page.items}),
        unread=unread_among(request.user, workspace, page.items),
        marks=_marks(request.user, workspace, page.items),
    )
    context: dict[str, Any] = {"workspace": workspace, "section": "feed"}
    context |= {"page": page, "days": days, "last_day": last_day(days)}
    if wants_part(request, "older"):
        return render(request, "web/feed_items.html", context)
    context |= _frame_of_list(request, workspace, query, filters)
    context |= {
        "is_older": after is not None,
        "is_unread": any(group.is_unread for day in days for group in day.groups),
        "newest": page.items[0].occurred_at if page.items else None,
    }
    return render(request, "web/feed.html", context)


def _marks(viewer: User, workspace: Workspace, shown: Sequence[Message]) -> Marks:
    marks = marks_of(workspace, shown)
    if marks.new and not has_history(viewer, workspace):
        return replace(marks, new=frozenset())
    return marks


@workspace_action
def feed_read(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Mark a thread as read, or the whole feed up to the newest message that was shown."""
    thread_id = request.POST.get("thread")
    if thread_id:
        found = selectors.thread_for(request.user, workspace, parse_id(thread_id) or 0)
        thread_mark_read(viewer=request.user, thread=found)
        if request.htmx:
            response = HttpResponse(status=204)
            return trigger_client_event(response, "read", {"thread": found.pk})
        return back(request, "feed", workspace.slug)
    until = _moment(request.POST.get("until", ""))
    feed_mark_read(viewer=request.user, workspace=workspace, until=until)
    messages.success(request, _("All is marked as read."))
    return back(request, "feed", workspace.slug)


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        raise BadInputError(_("That is not a time."))
    return moment


def _asked(address: QueryDict) -> tuple[Query, FeedFilters]:
    """Return the search of an address, and the filters of that and of its other parameters."""
    query = Query.parse(address.get("q", ""), Where.FEED)
    return query, feed_filters(query, read_filters(address))


def feed_asked(address: QueryDict) -> FeedFilters:
    """Return what the query of an address keeps of the feed.

    Raises:
        FilterError: it names something that does not exist.
    """
    return _asked(address)[1]


def feed_counted(viewer: User, workspace: Workspace, address: QueryDict) -> int:
    """Count the messages of a view, up to one more than MOST_COUNTED."""
    return selectors.feed_total(viewer, workspace, feed_asked(address), MOST_COUNTED + 1)


def _frame_of_list(
    request: PageRequest, workspace: Workspace, query: Query, filters: FeedFilters
) -> dict[str, Any]:
    """Return what stands above the feed: its views, the search, the filters that hold."""
    box = search_box(request.GET, query, _("Words, repo:ants, is:open, label:bug, author:meisand"))
    sources = list(visible_sources(request.user, workspace))
    members = members_by_id(request.user, workspace, filters.member_ids)
    return {
        "box": box,
        "menu": filter_menu(
            box, sources, selectors.labels_used(request.user, workspace), has_types=True
        ),
        "labels": [label for label in request.GET.getlist("label") if label],
        "sources": sources,
        "members": members,
        "gone": what_is_gone(filters, sources, members),
        "filters": filters,
        "views": views_of(request, workspace, ListPage.FEED, _ready_views()),
        "thread_kinds": threads.KIND_LABELS.items(),
        "message_kinds": feed_lines.MESSAGE_LABELS.items(),
        "states": threads.STATE_LABELS.items(),
        "is_filtered": filters != EVERYTHING,
        "density": density_of(request),
    }


def _ready_views() -> list[Ready]:
    return [
        Ready(_("Everything"), ""),
        Ready(_("Unread"), "q=is%3Aunread"),
        Ready(_("Without bots"), "q=-is%3Abot"),
        Ready(_("New people"), "people=new"),
        Ready(_("Waiting"), "q=is%3Awaiting"),
        Ready(_("Unanswered questions"), "q=kind%3Adiscussion+is%3Aunanswered"),
        Ready(_("Mine"), "q=assignee%3Ame"),
        Ready(_("Opened"), "q=type%3Aopened"),
        Ready(_("Reviews"), "q=type%3Areview"),
    ]


@workspace_page
def newer(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Say how much came into the feed since the page was read."""
    filters = feed_asked(request.GET)
    number = selectors.feed_newer(request.user, workspace, filters, request.GET.get("after"))
    context = {"workspace": workspace, "number": number, "most": selectors.MOST_NEWER}
    return render(request, "web/feed_newer.html", context)


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
        only_new_people=query.get("people") == "new",
    )


def _text(value: str, name: str) -> str:
    if "\0" in value:
        raise FilterError(_("{name} holds a null byte.").format(name=name))
    return value


def _ids(query: QueryDict, name: str) -> Sequence[int]:
    numbers = [parse_id(text) for text in query.getlist(name) if text]
    if None in numbers:
        raise FilterError(_("{name} is not an id.").format(name=name))
    return tuple(number for number in numbers if number is not None)


def _choices(query: QueryDict, name: str, choices: type[Choice]) -> Sequence[Choice]:
    try:
        return tuple(choices(text) for text in query.getlist(name) if text)
    except ValueError as error:
        raise FilterError(
            _("{name} is not one of: {values}.").format(name=name, values=", ".join(choices.values))
        ) from error
