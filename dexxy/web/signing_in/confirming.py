"""Whether it is really them: what changes how somebody signs in asks for a fresh sign-in."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from dexxy.web.pages import PageRequest, sign_in_first

# Seconds for which a sign-in, or a confirmation, is fresh.
FRESH = 15 * 60

Page = Callable[..., HttpResponse]


def own_page(page: Page) -> Page:
    """Give PAGE somebody who is signed in; others are led to where they can sign in."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(page)
    def view(request: PageRequest, **rest: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        return page(request, **rest)

    return view


def freshly_signed_in(page: Page) -> Page:
    """Give PAGE somebody who signed in, or confirmed that it is them, in the last minutes."""

    @own_page
    @wraps(page)
    def view(request: PageRequest, **rest: Any) -> HttpResponse:
        return page(request, **rest) if is_fresh(request) else _confirm_first(request)

    return view


def is_fresh(request: PageRequest) -> bool:
    """Say whether somebody signed in, or confirmed that it is them, in the last minutes."""
    records = get_authentication_records(request, request.user)
    return any(time.time() - record["at"] < FRESH for record in records)


def _confirm_first(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        # What was sent is not kept: it would be done later by somebody who forgot about it.
        messages.info(request, _("Confirm that it is you. Then press it once more."))
        next_page = reverse("account_security")
    else:
        next_page = request.get_full_path()
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    address = ways[0]["url"] if ways else reverse("account_sign_in_again")
    return redirect(f"{address}?{urlencode({'next': next_page})}")


@never_cache
@require_safe
def sign_in_again(request: PageRequest) -> HttpResponse:
    """Say to who has nothing to confirm with here that they sign in once more where they do."""
    if not request.user.is_authenticated:
        return sign_in_first(request)
    wanted = request.GET.get("next", "")
    if not get_adapter(request).is_safe_url(wanted):
        wanted = reverse("account_security")
    back = f"{reverse('account_login')}?{urlencode({'next': wanted})}"
    return render(request, "web/account/sign_in_again.html", {"next": back})
