"""Keys to the API, for programs."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.accounts.api_tokens import (
    ApiTokenError,
    api_token_create,
    api_token_revoke,
    api_tokens,
)
from dexxy.accounts.models import TokenScope, Workspace
from dexxy.web.pages import (
    PageRequest,
    back,
    keep_for_once,
    take_once,
    workspace_action,
    workspace_form,
)

# Days, as the form sends them, and how they read; the first is what is proposed.
LIFETIMES = {
    "90": gettext_lazy("90 days"),
    "30": gettext_lazy("30 days"),
    "365": gettext_lazy("a year"),
    "": gettext_lazy("until it is revoked"),
}


@workspace_form
def tokens(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the tokens that there are, and make one: its text is on the next page and no other."""
    context = {
        "workspace": workspace,
        "section": "settings",
        "lifetimes": LIFETIMES.items(),
        "given": request.POST,
    }
    status, once = 200, f"token of {workspace.pk}"
    if request.method == "POST":
        try:
            keep_for_once(request, once, _create(request, workspace))
            return redirect("settings_tokens", workspace.slug)
        except ApiTokenError as error:
            context["error"], status = str(error), 400
    after = request.GET.get("after")
    context["page"] = api_tokens(request.user, workspace, after=after)
    context["secret"] = take_once(request, once)
    return render(request, "web/settings/tokens.html", context, status=status)


@workspace_action
def token_revoke(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make a token of the workspace useless."""
    gone = api_token_revoke(viewer=request.user, token_id=pk, workspace=workspace)
    messages.success(
        request, _("{name} is revoked: it opens nothing any more.").format(name=gone.name)
    )
    return back(request, "settings_tokens", workspace.slug, row="tokens")


def _create(request: PageRequest, workspace: Workspace) -> str:
    name, days = request.POST.get("name", ""), request.POST.get("days", "")
    if days not in LIFETIMES:
        raise ApiTokenError(_("Choose how long the token lasts."))
    _token, secret = api_token_create(
        viewer=request.user,
        workspace=workspace,
        name=name,
        scope=TokenScope.FULL if request.POST.get("scope") == "full" else TokenScope.READ,
        expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
    )
    return secret
