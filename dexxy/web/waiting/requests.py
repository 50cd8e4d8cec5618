"""What is sent from the page of the queue: which threads, from which list, and where it leads."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.common.errors import BadInputError
from dexxy.common.ids import parse_id
from dexxy.web.pages import PageRequest, back


def ids_in(texts: Iterable[str]) -> list[int]:
    """Read ids of threads, once each.

    Raises:
        BadInputError: one of them is no id.
    """
    found = [parse_id(text) for text in texts if text]
    if None in found:
        raise BadInputError(_("There is no such thread."))
    return list(dict.fromkeys(pk for pk in found if pk is not None))


def chosen_in(data: QueryDict) -> list[int]:
    """Read which threads an action is about: the one of its row, else those that are selected.

    Raises:
        BadInputError: one of them is no id.
    """
    only = data.get("only")
    return ids_in([only] if only else data.getlist("thread"))


def page_address(request: PageRequest) -> str:
    """Return the address of the page that the reader sees."""
    if not request.htmx:
        return request.get_full_path()
    # A place on the page is none of its address: to be led to it would load nothing anew.
    address = (request.htmx.current_url_abs_path or "").partition("#")[0]
    # What begins with two slashes is another host to the browser that is led there.
    return address if url_has_allowed_host_and_scheme(address, None) else ""


def query_of_page(request: PageRequest) -> QueryDict:
    """Return the query of the page that the reader sees, which names the list."""
    return QueryDict(urlsplit(page_address(request)).query)


def is_on_the_queue(request: PageRequest, workspace: Workspace) -> bool:
    """Say whether a part of the page of the queue is what is asked for."""
    here = reverse("waiting", args=[workspace.slug])
    return bool(request.htmx) and urlsplit(page_address(request)).path == here


def came_from(request: PageRequest, workspace: Workspace) -> str:
    """Return the address of our page from which a question was asked for."""
    was = urlsplit(request.headers.get("Referer", ""))
    address = was._replace(scheme="", netloc="", fragment="").geturl()
    if was.netloc != request.get_host() or not url_has_allowed_host_and_scheme(address, None):
        return reverse("waiting", args=[workspace.slug])
    return address


def lead_back(request: PageRequest, workspace: Workspace, row: int | None = None) -> HttpResponse:
    """Lead to the page from which an action was asked for, and to the row of a thread on it."""
    anchor = f"t{row}" if row else ""
    if wanted := wanted_next(request):
        return redirect(f"{wanted.partition('#')[0]}#{anchor}" if anchor else wanted)
    return back(request, "waiting", workspace.slug, row=anchor)


def wanted_next(request: PageRequest) -> str:
    """Return the address of our page that a question was to lead back to; '' for none."""
    wanted = request.POST.get("next", "")
    # A page of somebody else's may not lead our readers on; a word alone would be taken for a name.
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None)
    return wanted if is_ours else ""
