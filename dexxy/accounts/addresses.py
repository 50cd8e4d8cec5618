"""Whose an address is.

Anybody may type any address, so it counts only when it is proven: by an invitation that named it,
or by whoever runs this Dexxy. What is proven is kept where allauth keeps it, so that a mail that
was answered will prove an address in the same way.

There is one way to compare addresses, here and in the database. More letters than those of ASCII
have a small and a large form, and whoever folds them takes one address for another: `upper()` of
PostgreSQL makes an I of a dotless i (U+0131), `lower()` of Python a k of the Kelvin sign (U+212A).
By that, what somebody has proven elsewhere opened what is another's here:
https://www.djangoproject.com/weblog/2019/dec/18/security-releases/
"""

import secrets
import string
import unicodedata

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Func, QuerySet
from django.db.models.functions import Collate, Lower
from django.utils.translation import gettext as _
from psycopg.errors import UniqueViolation

from dexxy.accounts.models import User
from dexxy.common.errors import BadInputError

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_LONGEST = 254


class AddressTakenError(BadInputError):
    """Somebody else has an account with the address."""


def address_compared(email: str) -> str:
    """Return EMAIL as it is compared: its ASCII letters small, its domain in ASCII, if it has one.

    What is no domain in any form stays as it is, and is equal to itself alone.
    """
    local, at, domain = _small(email).rpartition("@")
    return f"{local}{at}{domain_compared(domain)}"


def domain_compared(domain: str) -> str:
    """Return DOMAIN as it is compared, and as names are asked for."""
    domain = _small(domain)
    if domain.isascii() or len(domain) > _LONGEST:
        return domain
    import idna  # takes 80 ms

    try:
        # Label by label: a whole domain is divided at other signs, too, as if they were dots.
        labels = [one if one.isascii() else idna.alabel(one).decode() for one in domain.split(".")]
    except idna.IDNAError:
        return domain
    return ".".join(labels)


def column_compared(name: str) -> Func:
    """Return the column NAME, of addresses, as it is compared: `lower()` of C knows ASCII alone."""
    return Lower(Collate(name, "C"))


def address_given(email: str) -> str:
    """Return EMAIL as it is compared, for who is to have it.

    Raises:
        ValidationError: some programs take it for another one.
    """
    compared = address_compared(email)
    if not compared.isascii():
        raise ValidationError(odd(email))
    return compared


def proven_compared(proven: str) -> str:
    """Return an address that somebody has PROVEN elsewhere as it is compared.

    Raises:
        ValidationError: who else sees it may fold more of it than ASCII letters, so that a
            provider may have proven another one.
    """
    small = _small(proven)
    # Large, then small: a dotless i stays itself where it is made small alone.
    folded = unicodedata.normalize("NFKC", small).upper().casefold()
    if unicodedata.normalize("NFKC", folded) != small:
        raise ValidationError(odd(proven))
    return address_given(proven)


def odd(email: str) -> str:
    """Say why EMAIL is nobody's address here."""
    return _(
        "{email} has a letter that some programs take for another one, so it counts for nothing "
        "here: use an address without it."
    ).format(email=email)


def users_at(email: str) -> QuerySet[User]:
    """Return the account that has the address EMAIL, however either is written."""
    compared = User.objects.alias(compared=column_compared("email"))
    return compared.filter(compared=address_compared(email))


def address_is_proven(user: User, email: str) -> bool:
    """Say whether EMAIL is known to be USER's."""
    theirs = EmailAddress.objects.filter(user=user, email=address_compared(email), verified=True)
    return bool(theirs.exists())


def address_refuse_taken(email: str, *, but: User | None = None) -> None:
    """Refuse an address that is somebody's, in whatever case it is written.

    Args:
        but: who may have it already.

    Raises:
        AddressTakenError: somebody else signs in with it, or has proven that it is theirs.
    """
    users = users_at(email)
    proven = EmailAddress.objects.filter(email=address_compared(email), verified=True)
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
    email = address_compared(user.email)
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
    user.email = address_compared(address)
    user_store(user)
    address_prove(user)


def address_owner(email: str) -> User | None:
    """Return who has proven that EMAIL is theirs, and may sign in; None where nobody has."""
    proven = EmailAddress.objects.filter(email=address_compared(email), verified=True)
    found = proven.filter(user__is_active=True).select_related("user").first()
    return found.user if found else None


def address_claimant(email: str) -> User | None:
    """Return the account, locked, whose address EMAIL was typed and never proven; None if there is
    none. Whoever runs this Dexxy is believed."""
    claimant = users_at(email).filter(is_staff=False).select_for_update().first()
    return None if claimant is None or address_is_proven(claimant, email) else claimant


def address_release(claimant: User) -> None:
    """Take an address from an account that never proved it: it keeps all else."""
    EmailAddress.objects.filter(user=claimant).delete()
    claimant.email = f"unproven-{secrets.token_hex(8)}@dexxy.invalid"
    claimant.save(update_fields=["email"])


def _taken(email: str) -> str:
    return f"There is an account with the address {email}."


def _small(text: str) -> str:
    return text.translate(_SMALL)
