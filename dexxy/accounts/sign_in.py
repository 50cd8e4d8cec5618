"""The one-time link that stands in for mail."""

import structlog
from django.conf import settings
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest
from sesame.utils import get_query_string, get_user

from dexxy.accounts.models import User

log = structlog.get_logger()

_PATH = "/sign-in/link/"


def link_make(user: User, *, address: str = "") -> str:
    """Return a link that signs USER in, once, within an hour.

    Args:
        address: where Dexxy is; DEXXY_BASE_URL where it is ''.
    """
    return f"{address or settings.DEXXY_BASE_URL}{_PATH}{get_query_string(user)}"


def link_user(request: HttpRequest) -> User | None:
    """Return whom the link of REQUEST would sign in, or None: it is unknown, spent or too old."""
    user = get_user(request, update_last_login=False)
    return user if isinstance(user, User) else None


@transaction.atomic
def link_sign_in(request: HttpRequest) -> User | None:
    """Sign in whom the link of REQUEST is for, which is spent by that.

    Returns: who is signed in now, or None, as `link_user`.
    """
    user = link_user(request)
    if user is None:
        return None
    # Of two clicks at one moment the second waits here, and then finds the link spent:
    # login() moves last_login, which is what makes it work only once.
    User.objects.select_for_update().get(pk=user.pk)
    user = link_user(request)
    if user is not None:
        login(request, user)
        log.info("signed in by link", user=user.pk)
    return user
