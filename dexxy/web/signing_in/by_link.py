"""One-time links, from a mail or instead of one, and the pages that rest on mail."""

from typing import Any

from allauth.core.ratelimit import consume
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dexxy.accounts.security.passwords import PasswordError
from dexxy.accounts.sign_in import (
    link_sign_in,
    link_user,
    password_link_set,
    password_link_user,
)
from dexxy.mail.access import MailAddressError, access_mail_ask
from dexxy.mail.models import MailKind
from dexxy.mail.preferences import mail_is_configured


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_link(request: HttpRequest) -> HttpResponse:
    """Ask for one click and then sign in: whoever only previews the link does not spend it."""
    if request.method == "POST":
        answer = link_sign_in(request)
    else:
        user = link_user(request)
        answer = render(request, "web/link.html", {"person": user}) if user else None
    return answer or _expired(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Let who forgot their password set a new one, by a link that a look does not spend."""
    user = password_link_user(request)
    if user is None:
        return _expired(request)
    context: dict[str, Any] = {"person": user}
    status = 200
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in ("password", "again")}
        try:
            return password_link_set(request, **given) or _expired(request)
        except PasswordError as error:
            context["error"], status = str(error), 422
    return render(request, "web/new_password.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_mail(request: HttpRequest) -> HttpResponse:
    """Mail somebody a link: to sign in, or to set a new password.

    The answer is the same whether or not there is such an account: a worker finds that out.
    """
    if not mail_is_configured():
        return no_mail(request)
    wants_password = request.GET.get("for") == "password"
    context: dict[str, Any] = {"wants_password": wants_password}
    status = 200
    if request.method == "POST":
        kind = MailKind.FORGOTTEN if wants_password else MailKind.SIGN_IN
        context["address"] = request.POST.get("email", "").strip()
        if not consume(request, action="access_mail"):
            context["error"] = _("You asked for many links. Wait ten minutes, then try again.")
            status = 429
        else:
            try:
                access_mail_ask(context["address"], kind)
                context["is_asked"] = True
            except MailAddressError as error:
                context["error"], status = str(error), 422
    return render(request, "web/ask_for_mail.html", context, status=status)


@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Lead who forgot their password to the page that mails a link, or say what to do instead."""
    if not mail_is_configured():
        return no_mail(request)
    return redirect(f"{reverse('ask_for_mail')}?for=password")


def _expired(request: HttpRequest) -> HttpResponse:
    context = {"has_mail": mail_is_configured()}
    return render(request, "web/link_expired.html", context, status=403)


@never_cache
def no_mail(request: HttpRequest, **parts: str) -> HttpResponse:
    """Say what to do instead, in place of allauth's pages that rest on mail."""
    context = {"has_mail": mail_is_configured()}
    return render(request, "web/no_mail.html", context, status=404)
