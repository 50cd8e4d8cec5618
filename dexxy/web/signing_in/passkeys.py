"""The pages of allauth that speak with passkeys, with challenges as they are here."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from dexxy.accounts.security.passkey_forms import (
    COOKIE,
    PasskeyConfirmForm,
    PasskeySignInForm,
    PasskeyStepForm,
)
from dexxy.accounts.security.passkeys import ANSWER_WITHIN, Purpose, challenge_bind, sign_in_begin
from dexxy.accounts.security.second_step import STEPS
from dexxy.accounts.selectors import in_person


class _SaysWhy:
    """Says on the next page why a passkey was refused."""

    request: HttpRequest

    def form_invalid(self, form: Form) -> HttpResponse:
        for why in form.errors.get("credential", []):
            messages.error(self.request, str(why))
        return redirect("account_login")


class SignInView(_SaysWhy, LoginWebAuthnView):  # type: ignore[misc]
    """Signs in by a passkey alone."""

    form_class = PasskeySignInForm

    def get(self, request: HttpRequest, *args: Any, **rest: Any) -> HttpResponse:
        """Tell a browser what to ask its passkeys, and let it keep that: a stranger may ask."""
        if not get_adapter().is_ajax(request):
            return redirect("account_login")
        options, begun = sign_in_begin()
        answer = JsonResponse({"request_options": options})
        answer.set_cookie(
            COOKIE,
            begun,
            max_age=ANSWER_WITHIN,
            path=settings.SESSION_COOKIE_PATH,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )
        return answer


class SecondStepView(AuthenticateView):  # type: ignore[misc]
    """Asks for the second step of a sign-in that has begun."""

    webauthn_form_class = PasskeyStepForm

    def get_context_data(self, **rest: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**rest)
        challenge_bind(Purpose.STEP, self.stage.login.user)
        return context


class ConfirmView(_SaysWhy, ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Lets somebody confirm by a passkey that it is them."""

    form_class = PasskeyConfirmForm

    def get_context_data(self, **rest: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**rest)
        challenge_bind(Purpose.CONFIRM, in_person(self.request.user))
        return context


_ask = SecondStepView.as_view()


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def second_step(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second step, or drop a sign-in that waits for one that was reset meanwhile."""
    stage = getattr(request, "_login_stage")  # noqa: B009 - allauth keeps it there
    if not is_mfa_enabled(stage.login.user, STEPS):
        answer: HttpResponseBase = stage.abort()
    else:
        answer = _ask(request)
    return answer


sign_in = SignInView.as_view()
confirm = ConfirmView.as_view()
