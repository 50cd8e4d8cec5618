"""Where the link of an invitation leads."""

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dexxy.accounts.invitations import (
    AddressClaimedError,
    AddressHereError,
    InvitationError,
    InvitationNotFoundError,
    invitation_accept,
    invitation_by_secret,
    invitation_require_theirs,
    invitation_sign_up,
)
from dexxy.accounts.models import User
from dexxy.accounts.sign_in import browser_remember
from dexxy.web.pages import PageRequest

_BACKEND = "django.contrib.auth.backends.ModelBackend"


class ManyTriesError(InvitationError):
    """Somebody was told many times that an address has an account."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: PageRequest, secret: str) -> HttpResponse:
    """Let somebody join: with the account they are signed in with, or with a new one."""
    try:
        found = invitation_by_secret(secret)
        if request.method == "POST":
            user = _join(request, secret)
            messages.success(request, _("You are in {name} now.").format(name=found.workspace.name))
            response = redirect("waiting", found.workspace.slug)
            browser_remember(response, user)
            return response
        if isinstance(request.user, User):
            invitation_require_theirs(found, request.user)
    except InvitationNotFoundError as error:
        return render(request, "web/invitation_over.html", {"error": str(error)}, status=404)
    except InvitationError as error:
        context = {
            "invitation": found,
            "error": str(error),
            "given": request.POST,
            "is_claimed": isinstance(error, AddressClaimedError),
        }
        status = 429 if isinstance(error, ManyTriesError) else 400
        return render(request, "web/invitation.html", context, status=status)
    return render(request, "web/invitation.html", {"invitation": found})


def _join(request: PageRequest, secret: str) -> User:
    if isinstance(request.user, User):
        invitation_accept(viewer=request.user, secret=secret)
        return request.user
    if not consume(request, action="access_mail", dry_run=True):
        raise ManyTriesError(_("You tried many times. Wait ten minutes, then try again."))
    given = {name: request.POST.get(name, "") for name in ("email", "name", "password")}
    takes = request.POST.get("takes_address") == "on"
    try:
        user = invitation_sign_up(secret=secret, takes_address=takes, **given)
    except AddressHereError:
        # Whoever has a link is told that, so they are told a few times.
        consume(request, action="access_mail")
        raise
    login(request, user, backend=_BACKEND)
    return user
