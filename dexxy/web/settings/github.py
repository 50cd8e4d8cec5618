"""What a workspace reads GitHub with, and how to exchange a token."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import AdminOnlyError, is_admin
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.integrations.services.github.access.app import app_is_known
from dexxy.integrations.services.github.connecting.app_registration import is_public, may_register
from dexxy.integrations.services.github.connecting.app_secrets import may_exchange
from dexxy.integrations.services.github.connecting.connection import (
    app_state,
    github_connection,
    resting_lists,
)
from dexxy.integrations.services.github.connecting.kept_out import kept_out
from dexxy.integrations.services.github.connecting.token_replacing import token_connect
from dexxy.web.github_token import token_page, token_tried, token_try
from dexxy.web.pages import PageRequest, workspace_form
from dexxy.web.wording.stored import told


@workspace_form
def github(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the connection to GitHub, and let an admin try a token, and then use it."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings"}
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("do") == "use":
                token = token_tried(request, workspace)
                taken = token_connect(viewer=request.user, workspace=workspace, token=token)
                done = _("Dexxy reads GitHub as {account} now.").format(
                    account=taken.facts.account_login
                )
                messages.success(request, done)
                return redirect("repositories", workspace.slug)
            context["facts"] = token_try(request, workspace)
        except (NotFoundError, AdminOnlyError):
            raise
        except DexxyError as error:
            context["error"], status = told(str(error)), 422
    is_known = app_is_known()
    connection = github_connection(request.user, workspace)
    app_id = connection.installation.app_id if connection else None
    context |= {
        "connection": connection,
        "takes_token": connection is None
        or not connection.installation.is_by_app
        or connection.installation.deleted_at is not None,
        "token_page": token_page(),
        "is_admin": is_admin(request.user, workspace),
        "app_is_known": is_known,
        "may_register": not is_known and may_register(request.user),
        "is_public": is_public(),
        "app": app_state(request.user, app_id) if app_id else None,
        "may_exchange": may_exchange(request.user),
        "kept_out": kept_out(request.user, workspace),
        "resting": resting_lists(request.user, workspace),
    }
    return render(request, "web/settings/github.html", context, status=status)
