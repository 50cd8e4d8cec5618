"""Exchange the secrets of the GitHub App, for who runs this Dexxy."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dexxy.accounts.selectors import AdminOnlyError, UnauthenticatedError, signed_in
from dexxy.common.errors import DexxyError
from dexxy.integrations.services.github.connecting.app_secrets import (
    app_client_secret_replace,
    app_key_replace,
    app_webhook_secret_rotate,
    may_exchange,
)
from dexxy.integrations.services.github.connecting.connection import app_state
from dexxy.web.pages import PageRequest, sign_in_first


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def github_keys(request: PageRequest, pk: int) -> HttpResponse:
    """Show how each secret of the App is exchanged, and exchange one."""
    try:
        signed_in(request.user)
        if not may_exchange(request.user):
            raise AdminOnlyError
        return _keys(request, pk)
    except UnauthenticatedError:
        return sign_in_first(request)
    except AdminOnlyError:
        return render(request, "403.html", status=403)


def _keys(request: PageRequest, pk: int) -> HttpResponse:
    state = app_state(request.user, pk)
    if state is None:
        raise Http404
    context: dict[str, Any] = {"app": state}
    status = 200
    if request.method == "POST":
        deed = _DEEDS.get(request.POST.get("do", ""))
        try:
            if deed is None:
                raise Http404
            messages.success(request, deed(request, pk))
            return redirect("github_keys", pk)
        except AdminOnlyError:
            raise
        except DexxyError as error:
            context["error"], status = str(error), 422
    return render(request, "web/github/keys.html", context, status=status)


def _key(request: PageRequest, pk: int) -> str:
    pasted = request.POST.get("private_key", "")
    app_key_replace(viewer=request.user, app_pk=pk, private_key=pasted)
    return _("GitHub takes the new key. Delete the old one on GitHub now.")


def _client_secret(request: PageRequest, pk: int) -> str:
    pasted = request.POST.get("client_secret", "")
    app_client_secret_replace(viewer=request.user, app_pk=pk, client_secret=pasted)
    return _("Saved. Sign in once by GitHub, and then delete the old secret there.")


def _webhook_secret(request: PageRequest, pk: int) -> str:
    app_webhook_secret_rotate(viewer=request.user, app_pk=pk)
    return _("GitHub signs with a new secret now.")


_DEEDS: dict[str, Callable[[PageRequest, int], str]] = {
    "key": _key,
    "client_secret": _client_secret,
    "webhook_secret": _webhook_secret,
}
