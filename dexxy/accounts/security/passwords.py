"""Passwords: a new one ends the sessions that the old one began."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import users_at
from dexxy.accounts.models import User
from dexxy.accounts.security.open_sessions import sessions_end
from dexxy.accounts.services import audit_of_user
from dexxy.common.errors import BadInputError


class PasswordError(BadInputError):
    """A password cannot be that."""


def user_by_password(email: str, password: str) -> User | None:
    """Return who has both, whether or not they may sign in; it takes as long where nobody has."""
    user = users_at(email).first()
    if user is None:
        User().set_password(password)
        return None
    return user if user.check_password(password) else None


@transaction.atomic
def password_set(user: User, password: str, *, this: str = "", actor: User | None = None) -> None:
    """Give USER a password, and sign them out in all browsers but one.

    Args:
        this: the digest of the session that goes on; '' for none.
        actor: who does it: None for USER.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    ended = sessions_end(user, but=this)
    audit_of_user(user, actor or user, "user.password_set", sessions=ended)


def password_checked(user: User, password: str, again: str) -> str:
    """Return PASSWORD where USER may have it.

    Raises:
        PasswordError: it is too weak, no text, or differs from AGAIN.
    """
    if "\0" in password:
        raise PasswordError(_("A field holds a null byte."))
    if password != again:
        raise PasswordError(_("You typed two different passwords."))
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordError(" ".join(error.messages)) from error
    return password
