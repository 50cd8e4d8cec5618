"""The columns of the table of threads: what is shown, and what somebody chooses."""

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.accounts.models import ThreadColumn, User, Workspace
from dexxy.accounts.preferences import user_update
from dexxy.accounts.thread_columns import PARAMETER, USUAL, columns_read, columns_written
from dexxy.web.pages import PageRequest, workspace_action

NAMES: Mapping[ThreadColumn, Promise] = {
    ThreadColumn.LABELS: gettext_lazy("Labels"),
    ThreadColumn.STATE: gettext_lazy("State"),
    ThreadColumn.WHERE: gettext_lazy("Where"),
    ThreadColumn.AUTHOR: gettext_lazy("Opened by"),
    ThreadColumn.ASSIGNEE: gettext_lazy("Assigned to"),
    ThreadColumn.MESSAGES: gettext_lazy("Messages"),
    ThreadColumn.PEOPLE: gettext_lazy("People"),
    ThreadColumn.OPENED: gettext_lazy("Opened"),
    ThreadColumn.ACTIVITY: gettext_lazy("Active"),
}


def columns_shown(viewer: User, query: QueryDict) -> Sequence[ThreadColumn]:
    """Return the columns of an address; where it names none, those that VIEWER chose."""
    named = query.get(PARAMETER)
    if named:
        return columns_read(named)
    chosen = viewer.thread_columns
    return USUAL if chosen is None else columns_read(",".join(chosen))


def beside_the_address(viewer: User, query: QueryDict) -> str:
    """Return what a view keeps of the columns that its address does not name; '' if nothing."""
    if query.get(PARAMETER) or viewer.thread_columns is None:
        return ""
    return f"{PARAMETER}={columns_written(columns_shown(viewer, query))}"


@workspace_action
def columns(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Keep the columns that somebody chose, and show the list with them."""
    sent = request.POST
    chosen = list(USUAL) if sent.get("usual") else columns_read(",".join(sent.getlist("column")))
    user_update(viewer=request.user, thread_columns=chosen)
    messages.success(request, _("The columns are kept for you."))
    asked = QueryDict(sent.get("query", ""), mutable=True)
    # A view keeps its own: that it is shown with others now can be saved.
    if asked.pop(PARAMETER, None) or asked.get("view"):
        asked[PARAMETER] = columns_written(chosen)
    address = reverse("threads", args=[workspace.slug])
    return redirect(f"{address}?{asked.urlencode()}" if asked else address)
