"""What GitHub sent by itself, how it fared, and how to have it applied again."""

import json
from functools import partial

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.accounts.models import Workspace
from dexxy.integrations.activity import LONGEST_SHOWN, delivery_of, delivery_sent
from dexxy.integrations.activity import deliveries as deliveries_of
from dexxy.integrations.models import DeliveryState
from dexxy.integrations.services.github.connecting.connection import (
    app_state,
    github_connection_for_admin,
)
from dexxy.integrations.services.github.webhooks.applying_again import (
    deliveries_recover,
    delivery_redeliver,
)
from dexxy.integrations.services.github.webhooks.asking_again import delivery_ask_again
from dexxy.web.pages import PageRequest, attempt, back, workspace_action, workspace_page

TABS = {
    "": gettext_lazy("All"),
    DeliveryState.FAILED: gettext_lazy("Failed"),
    DeliveryState.IGNORED: gettext_lazy("Of no use here"),
    DeliveryState.PENDING: gettext_lazy("In the queue"),
    DeliveryState.DONE: gettext_lazy("Applied"),
}


@workspace_page
def deliveries(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """List the webhooks of the workspace, all or those of one state."""
    state = request.GET.get("state", "")
    chosen = DeliveryState(state) if state in DeliveryState.values else None
    after = request.GET.get("after")
    connection = github_connection_for_admin(request.user, workspace)
    app_id = connection.installation.app_id if connection else None
    context = {
        "workspace": workspace,
        "section": "settings",
        "connection": connection,
        "app": app_state(request.user, app_id) if app_id else None,
        "page": deliveries_of(request.user, workspace, chosen, after=after),
        "tabs": TABS.items(),
        "state": chosen or "",
    }
    return render(request, "web/settings/deliveries.html", context)


@workspace_page
def delivery(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Show one webhook with all that GitHub sent."""
    found = delivery_of(request.user, workspace, pk)
    sent = delivery_sent(request.user, workspace, pk)
    context = {
        "workspace": workspace,
        "section": "settings",
        "delivery": found,
        "state_label": TABS[DeliveryState(found.state)],
        "payload": _in_lines(sent),
        "is_cut": len(sent) == LONGEST_SHOWN,
    }
    return render(request, "web/settings/delivery.html", context)


def _in_lines(sent: str) -> str:
    """Write each value of a webhook in a line of its own, where all of it is there."""
    if len(sent) == LONGEST_SHOWN:
        return sent
    return json.dumps(json.loads(sent), indent=2, ensure_ascii=False)


@workspace_action
def delivery_again(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Apply a webhook again."""
    again = partial(delivery_redeliver, viewer=request.user, workspace=workspace, delivery_id=pk)
    attempt(request, again, _("The webhook is in the queue again."))
    return back(request, "settings_deliveries", workspace.slug, row=f"d{pk}")


@workspace_action
def delivery_ask(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Ask GitHub to send a webhook once more."""
    ask = partial(delivery_ask_again, viewer=request.user, workspace=workspace, delivery_id=pk)
    attempt(request, ask, _("GitHub was asked to send it once more: it comes within a minute."))
    return back(request, "settings_deliveries", workspace.slug, row=f"d{pk}")


@workspace_action
def deliveries_missed(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Find in GitHub's log what never arrived."""
    ask = partial(deliveries_recover, viewer=request.user, workspace=workspace)
    attempt(request, ask, _("GitHub’s log is read now. What had not arrived is listed here soon."))
    return back(request, "settings_deliveries", workspace.slug)
