"""What somebody wants to be told by mail, and how they end it without signing in."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from dexxy.accounts.models import User, Workspace
from dexxy.common.errors import BadInputError
from dexxy.mail.models import LONGEST_WAIT, Digest, MailKind
from dexxy.mail.preferences import (
    MailChoiceError,
    UnsubscribeLinkError,
    mail_is_configured,
    mail_preference,
    mail_preference_set,
    mail_test,
    mails_of,
    unsubscribe,
    unsubscribe_target,
)
from dexxy.mail.reader import zone_of
from dexxy.mail.waking import mail_wake
from dexxy.web.pages import PageRequest, attempt, back, workspace_action, workspace_form


@workspace_form
def mail_page(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show what the viewer gets by mail, and store what they choose."""
    context: dict[str, Any] = {"workspace": workspace, "section": "settings"}
    # It is a part of that page, which leads here after a mistake, as mails do.
    context["setting"] = "settings_notifications"
    status = 200
    if request.method == "POST":
        try:
            mail_preference_set(viewer=request.user, workspace=workspace, **_chosen(request))
            messages.success(request, _("Saved."))
            return back(request, "settings_mail", workspace.slug, row="mail")
        except MailChoiceError as error:
            context["error"], status = str(error), 422
    context |= mail_form(request.user, workspace)
    return render(request, "web/settings/mail.html", context, status=status)


def mail_form(viewer: User, workspace: Workspace) -> dict[str, Any]:
    """Return what the form of mails shows of VIEWER's choices, with their last mails."""
    return {
        "preference": mail_preference(viewer, workspace),
        "is_configured": mail_is_configured(),
        "zone": zone_of(viewer, workspace).key,
        "digests": Digest.choices,
        "weekdays": WEEKDAYS.items(),
        "hours": [(hour, f"{hour:02}:00") for hour in range(24)],
        "longest_wait": LONGEST_WAIT,
        "mails": mails_of(viewer, workspace),
    }


@workspace_action
def mail_test_action(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Send a test to the viewer."""
    made = attempt(
        request,
        lambda: mail_test(viewer=request.user, workspace=workspace),
        _("A test is on its way to {address}.").format(address=request.user.email),
    )
    if made is not None:
        mail_wake()
    return back(request, "settings_mail", workspace.slug, row="mail")


# The button of a mail program comes without a cookie: the signed code is what lets it in.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe_page(request: HttpRequest, code: str) -> HttpResponse:
    """End mails by one POST (RFC 8058); who only looks sees a button."""
    try:
        preference, kind = unsubscribe_target(code)
        if request.method == "POST":
            unsubscribe(code)
    except UnsubscribeLinkError as error:
        raise Http404(str(error)) from error
    context = {
        "name": preference.membership.workspace.name if preference else "",
        "is_done": preference is None or request.method == "POST",
        "is_digest": kind == MailKind.DIGEST,
    }
    return render(request, "web/mail/unsubscribe.html", context)


def _chosen(request: PageRequest) -> dict[str, Any]:
    given = request.POST
    try:
        return {
            "digest": Digest(given.get("digest", "")),
            "weekday": int(given.get("weekday", "")),
            "hour": int(given.get("hour", "")),
            "tells_assigned": given.get("tells_assigned") == "on",
            "waits_hours": int(given.get("waits_hours") or 0),
        }
    except ValueError as error:
        raise BadInputError(_("That cannot be chosen.")) from error
