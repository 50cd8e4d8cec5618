"""How somebody signs in, and where they are signed in: theirs to see and to change."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from dexxy.accounts.security.open_sessions import (
    open_sessions,
    session_end,
    sessions_end_others,
)
from dexxy.accounts.security.second_step import (
    LONGEST_NAME,
    SecondStepError,
    app_add,
    app_address,
    app_picture,
    app_remove,
    app_secret_make,
    passkey_add,
    passkey_options,
    passkey_remove,
    passkey_rename,
    recovery_codes_make,
    second_step_of,
)
from dexxy.accounts.sessions import session_digest
from dexxy.common.errors import NotFoundError
from dexxy.web.pages import PageRequest, attempt, keep_for_once, take_once
from dexxy.web.signing_in.confirming import freshly_signed_in, own_page
from dexxy.web.signing_in.devices import device_name

_SECRET, _CODES = "secret of the app", "recovery codes"


@own_page
@require_safe
def security(request: PageRequest) -> HttpResponse:
    """Show what the viewer signs in with, and where they are signed in."""
    found = open_sessions(request.user, this=_this(request))
    context = {
        "step": second_step_of(request.user),
        "sessions": [(one, device_name(one.user_agent)) for one in found],
        "others": sum(not one.is_this for one in found),
        "codes": take_once(request, _CODES).split(),
        "longest": LONGEST_NAME,
    }
    return render(request, "web/account/security.html", context)


@freshly_signed_in
def app(request: PageRequest) -> HttpResponse:
    """Show a new secret as a picture, and add the authenticator app that proves to have it."""
    context: dict[str, Any] = {}
    secret, status = take_once(request, _SECRET), 200
    if request.method == "POST" and secret:
        try:
            codes = app_add(viewer=request.user, secret=secret, code=request.POST.get("code", ""))
            return _added(request, codes, _("Your authenticator app is added."))
        except SecondStepError as error:
            context["error"], status = str(error), 422
    secret = secret or app_secret_make()
    # In the session, encrypted, until the app has proven that it has it.
    keep_for_once(request, _SECRET, secret)
    address = app_address(request.user, secret)
    context |= {"secret": _in_fours(secret), "address": address, "picture": _drawn(address)}
    return render(request, "web/account/app.html", context, status=status)


@freshly_signed_in
@require_POST
def app_end(request: PageRequest) -> HttpResponse:
    """Let the viewer sign in without an authenticator app."""
    removed = _("The authenticator app is removed.")
    attempt(request, lambda: app_remove(viewer=request.user), removed)
    return _back_to("app")


@freshly_signed_in
@require_POST
def codes(request: PageRequest) -> HttpResponse:
    """Make new recovery codes: the next page shows them, and no other."""
    made = attempt(request, lambda: recovery_codes_make(viewer=request.user))
    if made:
        keep_for_once(request, _CODES, " ".join(made))
    return redirect("account_security")


@freshly_signed_in
def passkey(request: PageRequest) -> HttpResponse:
    """Let the browser make a passkey, and add it."""
    context: dict[str, Any] = {"longest": LONGEST_NAME}
    status = 200
    if request.method == "POST":
        try:
            made = passkey_add(
                viewer=request.user,
                name=request.POST.get("name", ""),
                answer=_sent(request),
            )
            return _added(request, made, _("The passkey is added."))
        except SecondStepError as error:
            context["error"], status = str(error), 422
    context["options"] = json.dumps(passkey_options(request.user))
    return render(request, "web/account/passkey.html", context, status=status)


@freshly_signed_in
@require_POST
def passkey_action(request: PageRequest, pk: int, action: str) -> HttpResponse:
    """Rename a passkey, or remove it."""
    if action == "rename":
        name = request.POST.get("name", "")
        rename = partial(passkey_rename, viewer=request.user, passkey_id=pk, name=name)
        _attempt(request, rename, _("Saved."))
    elif action == "remove":
        remove = partial(passkey_remove, viewer=request.user, passkey_id=pk)
        _attempt(request, remove, _("The passkey is removed."))
    else:
        raise Http404
    return _back_to("passkeys")


@own_page
@require_POST
def session_action(request: PageRequest, pk: int) -> HttpResponse:
    """Sign the viewer out in one browser."""
    end = partial(session_end, viewer=request.user, session_id=pk)
    _attempt(request, end, _("Signed out there."))
    return _back_to("sessions")


@own_page
@require_POST
def sessions_action(request: PageRequest) -> HttpResponse:
    """Sign the viewer out in all other browsers."""
    count = sessions_end_others(viewer=request.user, this=_this(request))
    notice = ngettext(
        "Signed out in {n} other browser.", "Signed out in {n} other browsers.", count
    )
    messages.success(request, notice.format(n=count))
    return _back_to("sessions")


def _back_to(part: str) -> HttpResponse:
    return redirect(f"{reverse('account_security')}#{part}")


def _attempt(request: PageRequest, action: Callable[[], None], done: str) -> None:
    try:
        attempt(request, action, done)
    except NotFoundError as error:
        raise Http404(str(error)) from error


def _added(request: PageRequest, codes: list[str], notice: str) -> HttpResponse:
    messages.success(request, notice)
    if codes:
        keep_for_once(request, _CODES, " ".join(codes))
    return redirect("account_security")


def _sent(request: PageRequest) -> Any:
    try:
        return json.loads(request.POST.get("credential", ""))
    except (ValueError, RecursionError) as error:
        raise SecondStepError(
            _("The browser has made no passkey. Begin once more; it needs JavaScript.")
        ) from error


def _this(request: PageRequest) -> str:
    return session_digest(request.session.session_key or "")


def _in_fours(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _drawn(address: str) -> SafeString:
    # It begins with what only a file has.
    drawn = app_picture(address)
    # Made here, of one path.
    return mark_safe(drawn[drawn.index("<svg") :])  # noqa: S308 # nosec B308 B703
