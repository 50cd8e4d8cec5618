"""The forms by which allauth takes answers of passkeys: it looks, and we say what they are for."""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm
from django.core.exceptions import ValidationError
from django.forms import JSONField

from dexxy.accounts.security.passkeys import (
    NO_ANSWER,
    PasskeyRefusedError,
    Purpose,
    challenge_require,
    sign_in_passkey,
)

# The browser keeps in it what it was asked.
COOKIE = "dexxy_passkey"


class _AnswerField(JSONField):
    """What a browser said, or a stranger."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (
            NO_ANSWER
        ) as error:  # Django knows text that is no JSON, but not one that is too deep
            raise ValidationError(str(PasskeyRefusedError())) from error


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey that signs in by itself."""

    credential = _AnswerField()

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
    credential = _AnswerField()

    def clean_credential(self) -> Authenticator:
        """Return the passkey.

        Raises:
            ValidationError: it answers something else, or is none of theirs.
        """
        try:
            challenge_require(self.purpose, self.user)
            return super().clean_credential()
        except ValidationError:  # such as of too many
            raise
        except (PasskeyRefusedError, *NO_ANSWER) as error:
            raise ValidationError(str(PasskeyRefusedError())) from error


class PasskeyConfirmForm(PasskeyStepForm):
    """A passkey by which somebody who is signed in confirms that it is them."""

    purpose = Purpose.CONFIRM
    reauthenticated = True
