"""The one-time link that stands in for mail, and the pages that would need mail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dexxy.accounts.sign_in import link_sign_in, link_user
from dexxy.mail.preferences import mail_is_configured


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_link(request: HttpRequest) -> HttpResponse:
    """Ask for one click and then sign in: whoever only previews the link does not spend it."""
    is_click = request.method == "POST"
    user = link_sign_in(request) if is_click else link_user(request)
    if user is None:
        return render(request, "web/link_expired.html", status=403)
    return redirect("home") if is_click else render(request, "web/link.html", {"person": user})


@never_cache
def no_mail(request: HttpRequest, **parts: str) -> HttpResponse:
    """Say what to do instead, in place of allauth's pages that rest on mail."""
    context = {"has_mail": mail_is_configured()}
    return render(request, "web/no_mail.html", context, status=404)
