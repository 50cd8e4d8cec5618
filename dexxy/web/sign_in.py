"""The one-time link that `dexxy up` prints, which stands in for mail."""

import structlog
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from sesame.utils import get_user

from dexxy.accounts.models import User

log = structlog.get_logger()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_by_link(request: HttpRequest) -> HttpResponse:
    """Ask for one click and then sign in: whoever only previews the link does not spend it."""
    user = get_user(request, update_last_login=False)
    if user is None:
        return render(request, "web/link_expired.html", status=403)
    if request.method != "POST":
        return render(request, "web/link.html", {"person": user})
    with transaction.atomic():
        # Of two clicks at one moment the second waits here, and then finds the link spent:
        # login() moves last_login, which is what makes it work only once.
        User.objects.select_for_update().get(pk=user.pk)
        user = get_user(request, update_last_login=False)
        if user is None:
            return render(request, "web/link_expired.html", status=403)
        login(request, user)
    log.info("signed in by link", user=user.pk)
    return redirect("home")


@never_cache
def no_mail(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Say how to get in again, in place of allauth's pages that promise mail."""
    return render(request, "web/no_mail.html")
