"""Whose an address is.

Anybody may type any address, so it counts only when it is proven: by an invitation that named it,
or by whoever runs this Dexxy. What is proven is kept where allauth keeps it, so that a mail that
was answered will prove an address in the same way.
"""

import secrets

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from psycopg.errors import UniqueViolation

from dexxy.accounts.models import User
from dexxy.common.errors import BadInputError


class AddressTakenError(BadInputError):
    """Somebody else has an account with the address."""


def address_is_proven(user: User, email: str) -> bool:
    """Say whether EMAIL is known to be USER's."""
    return bool(EmailAddress.objects.filter(user=user, email=email.lower(), verified=True).exists())


def address_refuse_taken(email: str, *, but: User | None = None) -> None:
    """Refuse an address that is somebody's, in whatever case it is written.

    Args:
        but: who may have it already.

    Raises:
        AddressTakenError: somebody else signs in with it, or has proven that it is theirs.
    """
    users = User.objects.filter(email__iexact=email)
    proven = EmailAddress.objects.filter(email=email.lower(), verified=True)
    if but is not None and but.pk is not None:
        users, proven = users.exclude(pk=but.pk), proven.exclude(user=but)
    if users.exists() or proven.exists():
        raise AddressTakenError(_taken(email))


def user_store(user: User) -> None:
    """Store USER, who has a new address, or nothing.

    Raises:
        AddressTakenError: somebody else has the address.
    """
    try:
        with transaction.atomic():
            user.save()
            address_refuse_taken(user.email, but=user)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise AddressTakenError(_taken(user.email)) from error


@transaction.atomic
def address_prove(user: User) -> None:
    """Remember that the address of USER is theirs, and that no other one is."""
    email = user.email.lower()
    EmailAddress.objects.filter(user=user).exclude(email=email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=email, defaults={"verified": True, "primary": True}
    )


@transaction.atomic
def address_move(user: User, address: str) -> None:
    """Give USER, who has proven it, another ADDRESS to sign in with.

    Raises:
        AddressTakenError: somebody else has it.
    """
    user.email = User.objects.normalize_email(address)
    user_store(user)
    address_prove(user)


def address_owner(email: str) -> User | None:
    """Return who has proven that EMAIL is theirs, and may sign in; None where nobody has."""
    proven = EmailAddress.objects.filter(email=email.lower(), verified=True, user__is_active=True)
    found = proven.select_related("user").first()
    return found.user if found else None


def address_claimant(email: str) -> User | None:
    """Return the account, locked, whose address EMAIL was typed and never proven; None if there is
    none. Whoever runs this Dexxy is believed."""
    found = User.objects.select_for_update().filter(email__iexact=email, is_staff=False)
    claimant = found.first()
    return None if claimant is None or address_is_proven(claimant, email) else claimant


def address_release(claimant: User) -> None:
    """Take an address from an account that never proved it: it keeps all else."""
    EmailAddress.objects.filter(user=claimant).delete()
    claimant.email = f"unproven-{secrets.token_hex(8)}@dexxy.invalid"
    claimant.save(update_fields=["email"])


def _taken(email: str) -> str:
    return f"There is an account with the address {email}."
