"""The pages of allauth that speak with passkeys, with challenges as they are here."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from dexxy.accounts.security.passkey_forms import (
    COOKIE,
    PasskeyConfirmForm,
    PasskeySignInForm,
    PasskeyStepForm,
)
from dexxy.accounts.security.passkeys import ANSWER_WITHIN, Purpose, challenge_bind, sign_in_begin
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


sign_in = SignInView.as_view()
second_step = SecondStepView.as_view()
confirm = ConfirmView.as_view()
