"""What programs need of a workspace: keys to the API, and everything as a download."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from dexxy.accounts.api_tokens import (
    ApiTokenError,
    api_token_create,
    api_token_revoke,
    api_tokens,
)
from dexxy.accounts.models import TokenScope, Workspace
from dexxy.people.models import Export, Format
from dexxy.web.pages import PageRequest, workspace_action, workspace_form

# Days, as the form sends them, and how they read; the first is what is proposed.
LIFETIMES = {"90": "90 days", "30": "30 days", "365": "a year", "": "until it is revoked"}


@workspace_form
def tokens(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the tokens that there are, and make one: its text is in this answer and nowhere else."""
    context = {
        "workspace": workspace,
        "lifetimes": LIFETIMES.items(),
        "exports": Export.values,
        "formats": [(form.value, form.label) for form in Format],
        "given": request.POST,
    }
    status = 200
    if request.method == "POST":
        try:
            context["secret"] = _create(request, workspace)
        except ApiTokenError as error:
            context["error"], status = str(error), 400
    after = request.GET.get("after")
    context["page"] = api_tokens(request.user, workspace, after=after)
    return render(request, "web/tokens.html", context, status=status)


@workspace_action
def token_revoke(request: PageRequest, workspace: Workspace, pk: int) -> HttpResponse:
    """Make a token of the workspace useless."""
    gone = api_token_revoke(viewer=request.user, token_id=pk, workspace=workspace)
    messages.info(request, f"{gone.name} is revoked: it opens nothing any more.")
    return redirect("tokens", workspace.slug)


def _create(request: PageRequest, workspace: Workspace) -> str:
    name, days = request.POST.get("name", ""), request.POST.get("days", "")
    if days not in LIFETIMES:
        raise ApiTokenError("Choose how long the token lasts.")
    _, secret = api_token_create(
        viewer=request.user,
        workspace=workspace,
        name=name,
        scope=TokenScope.FULL if request.POST.get("scope") == "full" else TokenScope.READ,
        expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
    )
    return secret
