"""The forms by which allauth takes codes: it looks, and we say whether a code is right."""

from allauth.account.adapter import get_adapter as account_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from django.core.exceptions import ValidationError

from dexxy.accounts.security.codes import TooManyCodesError, code_use
from dexxy.common.crypto import UndecryptableSecretError


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    """A code as the second step of signing in."""

    def clean_code(self) -> str:
        """Take a code once, and few wrong ones of one person.

        Raises:
            ValidationError: it is not right, or nobody can tell.
        """
        forget = check_rate_limit(self.user)
        code: str = self.cleaned_data["code"]
        try:
            used = code_use(self.user, code)
        except UndecryptableSecretError as error:
            raise ValidationError(str(error)) from error
        except TooManyCodesError as error:
            raise account_adapter().validation_error("too_many_login_attempts") from error
        if used is None:
            raise get_adapter().validation_error("incorrect_code")
        forget()
        self.authenticator = used
        return code


class ConfirmForm(CodeForm):
    """A code by which somebody who is signed in confirms that it is them."""

    def save(self) -> None:
        post_authentication(context.request, self.authenticator, reauthenticated=True)
