"""One thread: what was said and done in it, around any message of it."""

from datetime import datetime, time
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.messages.conversation.page import conversation
from dexxy.messages.conversation.stretch import Anchor
from dexxy.messages.selectors import ThreadNotFoundError, thread_gone
from dexxy.messages.unread import thread_mark_read
from dexxy.web.pages import PageRequest, workspace_page
from dexxy.web.thread.blocks import blocks_of, marked
from dexxy.web.thread.referring import bodies_of
from dexxy.web.waiting.position import position_in_queue


@workspace_page
def thread(
    request: PageRequest, workspace: Workspace, pk: int, message: int | None = None
) -> HttpResponse:
    """Show one thread, the oldest message first: the whole, or a stretch of it."""
    now = timezone.now()  # what is said while it is read has not been seen
    try:
        found = conversation(request.user, workspace, pk, read_anchor(request.GET, message))
    except ThreadNotFoundError:
        return _gone(request, workspace, pk)
    if found.read_until:
        thread_mark_read(viewer=request.user, thread=found.thread, until=found.read_until)
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "threads",
        "thread": found.thread,
        "found": found,
        "now": now,
        "opening": blocks_of([found.opening] if found.opening else []),
        "blocks": marked(blocks_of(found.messages, found.resolved), found),
        "bodies": bodies_of(request.user, workspace, found.thread.source, found.all_messages),
    }
    is_part = bool(request.htmx) and (request.htmx.target or "").startswith("gap-")
    if is_part:
        return render(request, "web/thread/stretch.html", context)
    context["queue"] = position_in_queue(request, workspace, pk, is_waiting=found.is_waiting)
    return render(request, "web/thread/page.html", context)


def _gone(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Say what became of a thread that is not shown any more.

    Raises:
        Http404: there never was one.
    """
    thread = thread_gone(request.user, workspace, pk)
    if thread is None:
        raise Http404("There is no such thread.")
    context = {"workspace": workspace, "section": "threads", "thread": thread}
    return render(request, "web/thread/gone.html", context, status=410)


def read_anchor(query: QueryDict, message: int | None = None) -> Anchor:
    """Read from an address where in a thread to read.

    Raises:
        BadInputError: it names something that is no anchor.
    """
    around = query.get("around")
    if message is None and around:
        message = parse_id(around) or 0
    return Anchor(
        around=message,
        after=query.get("after") or None,
        before=query.get("before") or None,
        until=query.get("until") or None,
        since=_day(query.get("on", "")),
        from_unread=query.get("from") == "unread",
    )


def _day(text: str) -> datetime | None:
    """Return where a day begins for the reader."""
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not 1 < day.year < 9999:
        raise BadInputError(_("on is not a day."))
    return datetime.combine(day, time(), timezone.get_current_timezone())
