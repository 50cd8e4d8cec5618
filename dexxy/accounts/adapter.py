from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from dexxy.accounts.models import User
from dexxy.accounts.security.passwords import password_set
from dexxy.accounts.sessions import session_digest
from dexxy.accounts.sign_in import browser_known, browser_remember


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account by themselves: people are invited to a workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def set_password(self, user: User, password: str) -> None:
        """Set it, and end the sessions of all browsers but this one."""
        password_set(user, password, this=session_digest(self.request.session.session_key or ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: our own mails are in dexxy/mail, and no link that signs in is in a log."""

    def post_login(self, request: HttpRequest, user: User, **more: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **more)
        browser_remember(response, user)
        return response

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return what wrong passwords are counted by: an account, or one of its own browsers."""
        key: str = super()._get_login_attempts_cache_key(request, **credentials)
        browser = browser_known(request, credentials.get("email", ""))
        return f"{key}:{browser}" if browser else key
