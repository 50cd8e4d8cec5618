"""What is left of the first run, on the home page of a workspace until it is done or closed."""

from dataclasses import dataclass
from functools import partial

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from dexxy.accounts.first_run import first_run_is_on, set_up_end
from dexxy.accounts.invitations import invitation_total
from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import membership_total
from dexxy.mail.models import Digest
from dexxy.mail.preferences import mail_is_configured, mail_preference
from dexxy.web.pages import PageRequest, attempt, workspace_action
from dexxy.web.start.pages import start_address
from dexxy.web.start.progress import steps_done


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
    if not first_run_is_on(viewer, workspace):
        return []
    done = steps_done(viewer, workspace)
    is_shared = membership_total(viewer, workspace) > 1 or invitation_total(viewer, workspace) > 0
    steps = {
        "start_connect": _("Connect GitHub"),
        "start_sync": _("First sync complete"),
        "start_team": _("Say who is on your team"),
    }
    return [
        *(Item(says, start_address(name, workspace), name in done) for name, says in steps.items()),
        Item(_("Invite a colleague"), reverse("settings_people", args=[workspace.slug]), is_shared),
        *_mail_server(viewer, workspace),
        Item(
            _("Choose a digest by mail"),
            reverse("settings_notifications", args=[workspace.slug]) + "#mail",
            mail_preference(viewer, workspace).digest != Digest.NEVER,
        ),
    ]


def _mail_server(viewer: User, workspace: Workspace) -> list[Item]:
    """Return where whoever runs this Dexxy gives the server that mails need; nothing for others."""
    address = reverse("settings_mail_server", args=[workspace.slug])
    item = Item(_("Give Dexxy a mail server"), address, mail_is_configured())
    return [item] if viewer.is_staff else []


@workspace_action
def checklist_close(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the checklist no more."""
    attempt(request, partial(set_up_end, viewer=request.user, workspace=workspace))
    return redirect("waiting", workspace.slug)
