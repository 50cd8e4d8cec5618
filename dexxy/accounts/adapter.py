from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from dexxy.accounts.models import User
from dexxy.accounts.security.passwords import password_set
from dexxy.accounts.sessions import session_digest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account by themselves: people are invited to a workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Set it, and end the sessions of all browsers but this one."""
        password_set(user, password, this=session_digest(self.request.session.session_key or ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: our own mails are in dexxy/mail, and no link that signs in is in a log."""
