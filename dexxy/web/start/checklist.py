"""What is left of the first run, on the home page of a workspace until it is done or closed."""

from dataclasses import dataclass
from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from dexxy.accounts.first_run import set_up_end
from dexxy.accounts.invitations import invitation_total
from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import is_admin, membership_total
from dexxy.integrations.selectors import repository_overviews
from dexxy.integrations.services.github.connecting.connection import github_connection
from dexxy.mail.models import Digest
from dexxy.mail.preferences import mail_preference
from dexxy.messages.waiting.summary import has_team
from dexxy.web.pages import PageRequest, attempt, workspace_action
from dexxy.web.start.pages import start_address


@dataclass(frozen=True)
class Item:
    """A line of the checklist.

    Args:
        address: where it is done.
    """

    name: str
    address: str
    is_done: bool


def checklist(viewer: User, workspace: Workspace) -> list[Item]:
    """Return what there is to do before a new workspace is of use; nothing once that is over.

    It costs a workspace that is set up no query.
    """
    if workspace.is_set_up or not is_admin(viewer, workspace):
        return []
    overviews = repository_overviews(viewer, workspace)
    is_synced = bool(overviews) and all(one.repository.last_synced_at for one in overviews)
    is_shared = membership_total(viewer, workspace) > 1 or invitation_total(viewer, workspace) > 0
    return [
        Item(
            _("Connect GitHub"),
            start_address("start_connect", workspace),
            bool(overviews) or github_connection(viewer, workspace) is not None,
        ),
        Item(_("First sync complete"), start_address("start_sync", workspace), is_synced),
        Item(
            _("Say who is on your team"),
            start_address("start_team", workspace),
            has_team(viewer, workspace),
        ),
        Item(_("Invite a colleague"), reverse("settings_people", args=[workspace.slug]), is_shared),
        Item(
            _("Choose a digest by mail"),
            reverse("settings_notifications", args=[workspace.slug]) + "#mail",
            mail_preference(viewer, workspace).digest != Digest.NEVER,
        ),
    ]


@workspace_action
def checklist_close(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the checklist no more."""
    attempt(request, partial(set_up_end, viewer=request.user, workspace=workspace))
    return redirect("waiting", workspace.slug)
