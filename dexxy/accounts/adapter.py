from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody makes an account by themselves: people are invited to a workspace."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
