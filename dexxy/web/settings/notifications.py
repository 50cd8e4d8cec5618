"""What leaves a workspace by itself: webhooks, messages to chats, and feeds for readers."""

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import ListPage, SavedView, Workspace
from dexxy.accounts.saved_views import SavedViewNotFoundError, saved_view, saved_views
from dexxy.accounts.selectors import AdminOnlyError, is_admin
from dexxy.common.errors import BadInputError, DexxyError
from dexxy.common.ids import parse_id
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters
from dexxy.outgoing.deliveries import endpoint_deliveries, endpoint_redeliver
from dexxy.outgoing.endpoints import (
    EndpointNotFoundError,
    Wanted,
    endpoint_create,
    endpoint_delete,
    endpoint_rotate_secret,
    endpoint_set_paused,
    endpoint_test,
    endpoint_update,
    endpoint_with,
    endpoints,
    filters_of,
)
from dexxy.outgoing.events import FOR_A_CHAT, chosen
from dexxy.outgoing.feed_addresses import (
    PAGES,
    feed_address_create,
    feed_address_revoke,
    feed_addresses,
)
from dexxy.outgoing.models import Endpoint, EndpointKind
from dexxy.outgoing.privacy import keeps_private_in, workspace_keep_private_in
from dexxy.web.atom import feed_name
from dexxy.web.feed import feed_asked
from dexxy.web.mailing.pages import mail_form
from dexxy.web.pages import (
    PageRequest,
    attempt,
    back,
    keep_for_once,
    take_once,
    workspace_action,
    workspace_form,
)
from dexxy.web.wording.stored import told

# Entries of the log on one page.
_LOG = 20
# What is kept of a view stays when it is changed.
_AS_IT_IS = "as it is"
# By what the pages of a workspace do first.
_ANSWERED_ELSEWHERE = (EndpointNotFoundError, SavedViewNotFoundError, AdminOnlyError)


@workspace_form
def notifications(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the endpoints and feeds, and add an endpoint: its secret is on the next page only."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings"}
    status = 200
    if request.method == "POST":
        try:
            made = _create(request, workspace)
            return redirect("endpoint", workspace.slug, made.pk)
        except _ANSWERED_ELSEWHERE:
            raise
        except DexxyError as error:
            context |= {"error": told(str(error)), "given": request.POST}
            status = 422
    may_change = is_admin(request.user, workspace)
    views = saved_views(request.user, workspace)
    context |= {
        "is_admin": may_change,
        "endpoints": endpoints(request.user, workspace) if may_change else [],
        "keeps_private_in": keeps_private_in(request.user, workspace),
        "feeds": feed_addresses(request.user, workspace),
        "feed_views": [view for view in views if view.page in PAGES],
        "feed_pages": [(page.value, feed_name(page)) for page in PAGES],
        "feed_address": take_once(request, _once(workspace, "feed")),
        **_form(views, context.get("given")),
        **mail_form(request.user, workspace),
    }
    return render(request, "web/settings/notifications.html", context, status=status)


@workspace_form
def endpoint(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show an endpoint with the log of what was sent to it, and change it."""
    found = endpoint_with(request.user, pk, workspace)
    context: dict[str, Any] = {"workspace": workspace, "section": "settings"}
    context["setting"] = "settings_notifications"
    status = 200
    if request.method == "POST":
        try:
            wanted = _wanted(request, workspace, found)
            endpoint_update(viewer=request.user, endpoint_id=pk, wanted=wanted)
            messages.success(request, _("Saved."))
            return redirect("endpoint", workspace.slug, pk)
        except _ANSWERED_ELSEWHERE:
            raise
        except DexxyError as error:
            context |= {"error": told(str(error)), "given": request.POST}
            status = 422
    page = endpoint_deliveries(
        request.user, workspace, _LOG, request.GET.get("after"), endpoint=found
    )
    context |= {
        "endpoint": found,
        "secret": take_once(request, _once(workspace, f"endpoint {pk}")),
        "page": page,
        "log": [(one, json.dumps(one.payload, indent=2, ensure_ascii=False)) for one in page.items],
        **_form(saved_views(request.user, workspace), context.get("given"), found),
    }
    return render(request, "web/settings/endpoint.html", context, status=status)


@workspace_action
def endpoint_action(
    request: PageRequest, workspace: Workspace, pk: int, action: str
) -> HttpResponse:
    """Send a test, pause, resume, exchange the secret, or delete."""
    endpoint_with(request.user, pk, workspace)
    named: dict[str, Any] = {"viewer": request.user, "endpoint_id": pk}
    if action == "rotate":
        done = attempt(request, lambda: endpoint_rotate_secret(**named))
        if done is not None:
            keep_for_once(request, _once(workspace, f"endpoint {pk}"), done[1])
    elif action == "delete":
        gone = endpoint_delete(**named)
        messages.success(request, _("{name} is deleted.").format(name=gone.name))
        return redirect("settings_notifications", workspace.slug)
    else:
        do, notice = _plain_action(action)
        attempt(request, lambda: do(named), notice)
    return redirect("endpoint", workspace.slug, pk)


@workspace_action
def redeliver(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Send something once more."""
    done = attempt(
        request,
        lambda: endpoint_redeliver(viewer=request.user, delivery_id=pk, workspace=workspace),
        _("It is sent again now. Load the page again to see what comes of it."),
    )
    if done is None:
        return back(request, "settings_notifications", workspace.slug)
    return redirect("endpoint", workspace.slug, done.endpoint_id)


@workspace_action
def private(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Keep private repositories in, or let what is said there leave again."""
    keeps = request.POST.get("keeps") == "yes"
    attempt(
        request,
        lambda: workspace_keep_private_in(viewer=request.user, workspace=workspace, keeps=keeps),
        _("Saved."),
    )
    return redirect("settings_notifications", workspace.slug)


@workspace_action
def feed_create(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Make the secret address of a feed, which is on the next page only."""
    page, view = _feed_wanted(request.POST.get("of", ""))
    done = attempt(
        request,
        lambda: feed_address_create(
            viewer=request.user, workspace=workspace, page=page, view_id=view
        ),
    )
    if done is not None:
        keep_for_once(request, _once(workspace, "feed"), done[1])
    return redirect("settings_notifications", workspace.slug)


@workspace_action
def feed_revoke(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make the address of a feed useless."""
    feed_address_revoke(viewer=request.user, feed_address_id=pk)
    messages.success(request, _("The address is revoked: it opens nothing any more."))
    return back(request, "settings_notifications", workspace.slug, row="feeds")


def _plain_action(action: str) -> tuple[Callable[[dict[str, Any]], Any], str]:
    """Return what an action does, and what to say when it is done."""
    if action == "test":
        notice = _("A test is sent now. Load the page again to see what comes of it.")
        return lambda named: endpoint_test(**named), notice
    if action == "pause":
        notice = _("Nothing is sent there until you resume it.")
        return lambda named: endpoint_set_paused(**named, paused=True), notice
    if action == "resume":
        notice = _("It hears of what happens from now on.")
        return lambda named: endpoint_set_paused(**named, paused=False), notice
    raise Http404


def _create(request: PageRequest, workspace: Workspace) -> Endpoint:
    try:
        kind = EndpointKind(request.POST.get("kind", ""))
    except ValueError as error:
        raise BadInputError(_("Choose where it is sent.")) from error
    wanted = _wanted(request, workspace, None)
    made, secret = endpoint_create(
        viewer=request.user, workspace=workspace, kind=kind, wanted=wanted
    )
    if secret:
        keep_for_once(request, _once(workspace, f"endpoint {made.pk}"), secret)
    return made


def _wanted(request: PageRequest, workspace: Workspace, known: Endpoint | None) -> Wanted:
    given = request.POST
    filters, name = _filters(request, workspace, known)
    return Wanted(
        name=given.get("name", ""),
        url=given.get("url", ""),
        events=given.getlist("event"),
        late_hours=parse_id(given.get("late_hours", "") or "24") or 0,
        filters=filters,
        view_name=name,
    )


def _filters(
    request: PageRequest, workspace: Workspace, known: Endpoint | None
) -> tuple[FeedFilters, str]:
    """Return which messages an endpoint hears of: those of a view of the feed, as it is now."""
    chosen_view = request.POST.get("view", "")
    if known is not None and chosen_view == _AS_IT_IS:
        return filters_of(known), known.view_name
    if not chosen_view:
        return EVERYTHING, ""
    view = saved_view(request.user, workspace, parse_id(chosen_view) or 0)
    if view.page != ListPage.FEED:
        raise BadInputError(_("Choose a view of the feed."))
    return feed_asked(QueryDict(view.query)), view.name


def _form(
    views: list[SavedView], given: QueryDict | None, known: Endpoint | None = None
) -> dict[str, Any]:
    """Return what the form of an endpoint offers, and what is chosen in it."""
    ticked = given.getlist("event") if given else known.events if known else list(FOR_A_CHAT)
    return {
        "kinds": EndpointKind.choices,
        "events": [(str(one), one.label, one in ticked) for one in chosen()],
        "views": [view for view in views if view.page == ListPage.FEED],
        "as_it_is": _AS_IT_IS,
    }


def _feed_wanted(text: str) -> tuple[ListPage, int | None]:
    """Read the choice of a feed: a page, or the id of a view."""
    pk = parse_id(text)
    if pk is not None:
        return ListPage.FEED, pk
    try:
        return ListPage(text), None
    except ValueError as error:
        raise BadInputError(_("There is no such feed.")) from error


def _once(workspace: Workspace, what: str) -> str:
    return f"secret of {workspace.pk}: {what}"
