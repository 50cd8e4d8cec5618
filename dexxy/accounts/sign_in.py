"""One-time links: that sign in, and that let somebody set a new password; and the browsers that
people sign in with."""

from datetime import timedelta
from secrets import token_hex

import structlog
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from sesame.utils import get_query_string, get_user

from dexxy.accounts.addresses import users_at
from dexxy.accounts.models import User
from dexxy.accounts.security.open_sessions import sessions_end
from dexxy.accounts.security.passwords import password_checked, password_set
from dexxy.accounts.services import audit_of_user

log = structlog.get_logger()

_PATH = "/sign-in/link/"
_RENEWAL_PATH = "/sign-in/password/"
# What a link of one kind says is nothing to the other.
_RENEWAL, _MAILED = "renewal", "mailed"
_COOKIE, _SALT = "dexxy_browser", "dexxy.accounts.browser"
_REMEMBERED_FOR = timedelta(days=365)


def link_make(user: User, *, address: str = "", is_mailed: bool = False) -> str:
    """Return a link that signs USER in, once, within an hour.

    Args:
        address: where Dexxy is; DEXXY_BASE_URL where it is ''.
        is_mailed: whether nobody sees it but who reads the mail to USER's address.
    """
    query = get_query_string(user, scope=_MAILED if is_mailed else "")
    return f"{address or settings.DEXXY_BASE_URL}{_PATH}{query}"


def link_user(request: HttpRequest) -> User | None:
    """Return whom the link of REQUEST would sign in, or None: it is unknown, spent or too old."""
    return _user(request) or _user(request, _MAILED)


@transaction.atomic
def link_sign_in(request: HttpRequest) -> HttpResponse | None:
    """Sign in whom the link of REQUEST is for, which is spent by that.

    Whoever has a second step is asked for it: a mailbox or an admin does not stand in for that.
    A link that came by mail ends the password of an account whose address nobody but an inviter
    vouched for until then.

    Returns: where to go on, or None, as `link_user`.
    """
    user = _spent(request)
    if user is None:
        user = _spent(request, _MAILED)
        if user is None:
            return None
        _have_alone(request, user)
    log.info("signed in by link", user=user.pk)
    return _signed_in(request, user, "link")


def password_link_make(user: User) -> str:
    """Return a link by which USER sets a new password, once, within an hour."""
    return f"{settings.DEXXY_BASE_URL}{_RENEWAL_PATH}{get_query_string(user, scope=_RENEWAL)}"


def password_link_user(request: HttpRequest) -> User | None:
    """Return who may set a password by the link of REQUEST, or None, as `link_user`."""
    return _user(request, _RENEWAL)


@transaction.atomic
def password_link_set(request: HttpRequest, *, password: str, again: str) -> HttpResponse | None:
    """Set the password of whom the link of REQUEST is for, end their sessions, and sign them in.

    Returns: where to go on, or None, as `link_user`.

    Raises:
        PasswordError: it cannot be that; the link is not spent.
    """
    user = _user(request, _RENEWAL)
    if user is None:
        return None
    password_checked(user, password, again)
    user = _spent(request, _RENEWAL)
    if user is None:
        return None
    if _may_be_another_s(user):
        user.is_vouched = False
        user.save(update_fields=["is_vouched"])
    password_set(user, password)
    log.info("password set by link", user=user.pk)
    return _signed_in(request, user, "password_link")


def _have_alone(request: HttpRequest, user: User) -> None:
    """End the password and the sessions of USER, who reads the mail of an address that an inviter
    vouched for: that inviter may have made the account, and waited in it."""
    if not _may_be_another_s(user):
        return
    had_password = user.has_usable_password()
    user.is_vouched = False
    user.set_unusable_password()
    user.save(update_fields=["is_vouched", "password"])
    sessions_end(user)
    audit_of_user(user, user, "user.mail_answered")
    if had_password:
        messages.info(
            request,
            _(
                "This was the first mail to your address that was answered. The password that the "
                "account had works no more, and it is signed out everywhere else. You can set a "
                "new one."
            ),
        )


def _may_be_another_s(user: User) -> bool:
    # Who has a second step is asked for it: whoever else added that keeps them out, and not in.
    return user.is_vouched and not Authenticator.objects.filter(user=user).exists()


def _user(request: HttpRequest, scope: str = "") -> User | None:
    user = get_user(request, scope=scope, update_last_login=False)
    return user if isinstance(user, User) else None


def _spent(request: HttpRequest, scope: str = "") -> User | None:
    user = _user(request, scope)
    if user is None:
        return None
    # Of two clicks at one moment the second waits here, and then finds the link spent:
    # the time of the last sign-in is what makes it work only once.
    User.objects.select_for_update().get(pk=user.pk)
    user = _user(request, scope)
    if user is not None:
        user.last_login = timezone.now()
        user.save(update_fields=["last_login"])
    return user


def _signed_in(request: HttpRequest, user: User, method: str) -> HttpResponse:
    record_authentication(request, user, method)
    answer: HttpResponse = perform_login(request, user)
    return answer


def browser_remember(response: HttpResponse, user: User) -> None:
    """Let a browser in which USER has signed in be known when they do so again.

    The cookie signs nobody in. Wrong passwords of elsewhere use up the limit of an account, but not
    that of its own browsers: else anybody could keep anybody out.
    https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies
    """
    response.set_cookie(
        _COOKIE,
        signing.dumps([user.pk, token_hex(8)], salt=_SALT),
        max_age=_REMEMBERED_FOR,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def browser_known(request: HttpRequest, email: str) -> str:
    """Return what names the browser of REQUEST; '' where nobody with EMAIL has signed in there."""
    try:
        pk, name = signing.loads(
            request.COOKIES.get(_COOKIE, ""), salt=_SALT, max_age=_REMEMBERED_FOR
        )
    except signing.BadSignature:
        return ""
    is_theirs = users_at(email).filter(pk=pk).exists()
    return str(name) if is_theirs else ""
