"""A thread as a part of the list from which it was opened: its place, and the way to the next."""

from typing import Any

from django.http import QueryDict
from django.urls import reverse

from dexxy.accounts.models import Workspace
from dexxy.common.errors import BadInputError
from dexxy.messages.waiting.lists import Tab
from dexxy.messages.waiting.position import queue_position
from dexxy.web.pages import PageRequest
from dexxy.web.waiting.asked import filters_in

# The parameter of a thread's address that says from which list it was opened: that page's query.
QUEUE = "queue"


def position_in_queue(
    request: PageRequest, workspace: Workspace, thread_id: int, *, is_waiting: bool
) -> dict[str, Any] | None:
    """Return where a thread stands in the list that the address names, or else in the queue.

    None where it names no list that there is, and the thread does not wait.
    """
    query = QueryDict(request.GET.get(QUEUE, ""))
    if not (query or is_waiting):
        return None
    try:
        position = queue_position(request.user, workspace, thread_id, filters_in(query))
    except BadInputError:
        return None
    waiting = reverse("waiting", args=[workspace.slug])
    of_queue = address_of_queue(query)
    following = position.following and reverse("thread", args=[workspace.slug, position.following])
    of_list = query.copy()
    if of_list.get("tab") == Tab.ALL.value:  # the list of the page without any query
        del of_list["tab"]
    address = f"{waiting}?{of_list.urlencode()}" if of_list else waiting
    return {
        "position": position,
        "list": f"{address}#t{thread_id}",
        "next": f"{following}{of_queue}" if following else "",
    }


def address_of_queue(query: QueryDict) -> str:
    """Write the query of a thread's address that says from which list it was opened."""
    kept = query.copy()
    kept.pop("after", None)
    if not kept:
        kept["tab"] = "all"
    of_thread = QueryDict(mutable=True)
    of_thread[QUEUE] = kept.urlencode()
    return f"?{of_thread.urlencode()}"
