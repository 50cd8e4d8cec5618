"""The forms by which allauth takes answers of passkeys: it looks, and we say what they are for."""

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm
from django.core.exceptions import ValidationError

from dexxy.accounts.security.passkeys import (
    PasskeyRefusedError,
    Purpose,
    challenge_require,
    sign_in_passkey,
)

# The browser keeps in it what it was asked.
COOKIE = "dexxy_passkey"


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey that signs in by itself."""

    def clean_credential(self) -> Authenticator:
        """Return the passkey.

        Raises:
            ValidationError: it signs nobody in.
        """
        begun = context.request.COOKIES.get(COOKIE, "")
        try:
            return sign_in_passkey(begun, self.cleaned_data["credential"])
        except PasskeyRefusedError as error:
            raise ValidationError(str(error)) from error


class PasskeyStepForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as the second step of signing in."""

    purpose = Purpose.STEP

    def clean_credential(self) -> Authenticator:
        """Return the passkey.

        Raises:
            ValidationError: it answers something else, or is none of theirs.
        """
        try:
            challenge_require(self.purpose, self.user)
        except PasskeyRefusedError as error:
            raise ValidationError(str(error)) from error
        return super().clean_credential()


class PasskeyConfirmForm(PasskeyStepForm):
    """A passkey by which somebody who is signed in confirms that it is them."""

    purpose = Purpose.CONFIRM
    reauthenticated = True
