"""The server that takes all mails of this Dexxy, for whoever runs it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.common.errors import BadInputError
from dexxy.mail.models import MailSecurity, MailServer
from dexxy.mail.preferences import mail_is_configured
from dexxy.web.pages import PageRequest, attempt, workspace_form

_FIELDS = ("host", "port", "security", "username", "sender")


@workspace_form
def mail_server(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show which server takes our mails, and let whoever runs this Dexxy give one."""
    if not request.user.is_staff:
        raise Http404("There is no such page.")
    # Loaded by who gives a server alone: it brings the library that speaks to one.
    from dexxy.mail.server import mail_server_given, mail_server_remove, mail_server_store

    given: Any = mail_server_given() or MailServer(port=587, security=MailSecurity.STARTTLS)
    if request.method != "POST":
        return _page(request, workspace, given)
    if request.POST.get("do") == "remove":
        attempt(
            request,
            lambda: mail_server_remove(viewer=request.user, workspace=workspace),
            _("No mail is sent any more."),
        )
        return redirect("settings_mail_server", workspace.slug)
    given = {name: request.POST.get(name, "") for name in _FIELDS}
    password = request.POST.get("password", "")
    try:
        mail_server_store(viewer=request.user, workspace=workspace, password=password, **given)
    except BadInputError as refused:
        return _page(request, workspace, given, str(refused))
    messages.success(request, _("The server let us in. Mails go through it from now on."))
    return redirect("settings_mail_server", workspace.slug)


def _page(request: PageRequest, workspace: Workspace, given: Any, error: str = "") -> HttpResponse:
    from dexxy.mail.server import mail_server_is_given

    context = {
        "workspace": workspace,
        "section": "settings",
        "given": given,
        "error": error,
        "securities": MailSecurity.choices,
        "has_password": bool(getattr(given, "password", "")),
        "is_given": mail_server_is_given(),
        "by_setting": f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if settings.EMAIL_HOST else "",
        "is_configured": mail_is_configured(),
    }
    status = 422 if error else 200
    return render(request, "web/settings/mail_server.html", context, status=status)
