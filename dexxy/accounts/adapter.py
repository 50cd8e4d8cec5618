from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from dexxy.accounts.addresses import address_compared
from dexxy.accounts.models import User
from dexxy.accounts.security.passwords import password_set, user_by_password
from dexxy.accounts.sessions import sender_counted, session_digest
from dexxy.accounts.sign_in import browser_known, browser_remember

# allauth looks for an app that is not installed here, and would say nothing; the rest is seen.
_TOASTS = {
    "account/messages/password_changed.txt": _(
        "Your password is changed. In all other browsers you are signed out."
    ),
    "account/messages/password_set.txt": _(
        "Your password is set. In all other browsers you are signed out."
    ),
}


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account by themselves: people are invited to a workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Set it, and end the sessions of all browsers but this one."""
        password_set(user, password, this=session_digest(self.request.session.session_key or ""))

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *rest: Any,
        **more: Any,
    ) -> None:
        """Say what nothing else on the next page does."""
        toast = _TOASTS.get(message_template or "")
        if toast:
            messages.add_message(request, level, str(toast))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead back to where how one signs in is seen, and not to the empty form."""
        return reverse("account_security")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: our own mails are in dexxy/mail, and no link that signs in is in a log."""

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **more)
        browser_remember(response, user)
        return response

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return what the limits count by.

        A socket for both kinds of addresses tells those of IPv4 as IPv6, and allauth would take
        them all for one sender.
        """
        return sender_counted(super().get_client_ip(request))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return whose the address and the password are, as addresses are compared here.

        allauth folds them in ways of its own, and each spelling would be a limit of its own.
        """
        self.pre_authenticate(request, **credentials)
        user = user_by_password(credentials.get("email", ""), credentials.get("password", ""))
        if user is None:
            self.authentication_failed(request, **credentials)
        else:
            self._rollback_login_failed_rl_usage()
        return user

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what wrong passwords are counted by: an account, or one of its own browsers.

        allauth's has the host, too, as the request calls it, and whoever sends that may choose it.
        """
        email = address_compared(credentials.get("email", ""))
        browser = browser_known(request, email)
        return f"{email}:{browser}" if browser else email
