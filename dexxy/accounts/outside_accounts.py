"""Accounts of people elsewhere, at GitHub or a provider of OpenID Connect, with which they sign in.

Such an account belongs to one here by an address that both sides have proven, and by nothing else.
Who has none here gets one by an invitation, or by a rule of a workspace.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import (
    AddressTakenError,
    address_compared,
    address_prove,
    odd,
    proven_compared,
    user_store,
)
from dexxy.accounts.invitations import invitations_of_newcomer, invitations_take
from dexxy.accounts.models import Invitation, SignInRule, User
from dexxy.accounts.services import FIRST_ADMIN_EMAIL, audit
from dexxy.accounts.sign_in_rules import organization_rules_of, rules_follow, rules_for
from dexxy.common.errors import DexxyError

log = structlog.get_logger()


class OutsideAccountError(DexxyError):
    """Somebody who signed in elsewhere cannot come in here."""

    code = "outside_account_refused"


class NothingProvenError(OutsideAccountError):
    """The provider has proven none of their addresses."""


class OddAddressError(OutsideAccountError):
    """What the provider has proven can be taken for the addresses of others."""


class SecondStepFirstError(OutsideAccountError):
    """An account here has their address, and something to sign in with that may not be theirs."""


class NobodyLetInError(OutsideAccountError):
    """They have no account here, no invitation, and no rule lets them in."""


@dataclass(frozen=True)
class OutsidePerson:
    """Who signed in elsewhere.

    Args:
        provider: the key of the provider, by which the account is found again.
        uid: their number or name there, which never changes and is nobody else's.
        provider_name: what the provider is called.
        proven: their addresses that the provider has verified, the most important one first.
        organization_rules: the keys of the rules whose organizations they were proven to be in.
        unanswered: whether some organization could not be asked for them.
    """

    provider: str
    uid: str
    provider_name: str
    name: str
    proven: Sequence[str]
    organization_rules: Sequence[int] = ()
    unanswered: bool = False


@dataclass(frozen=True)
class Known:
    """Whom somebody who signed in elsewhere is here.

    Args:
        is_new: whether the account was made for that.
        lost_password: whether it had a password until now.
    """

    user: User
    is_new: bool = False
    lost_password: bool = False


@transaction.atomic
def outside_person_sign_in(person: OutsidePerson, *, secret: str = "") -> Known:
    """Return whom PERSON signs in as here.

    An account that is joined by this is theirs alone from now on: its password works no more, and
    it is signed out everywhere. Whoever runs this Dexxy keeps theirs.

    Args:
        secret: of the invitation whose link they opened before, or ''.

    Raises:
        NothingProvenError, NobodyLetInError: they have no account here, and get none.
        OddAddressError: they have none, and no address that counts here.
        SecondStepFirstError: an account with their address has a passkey or an app.
        OutsideAccountError: an account here has their address, but has not proven it.
    """
    addresses = person.proven
    person = replace(person, proven=_usable(addresses))
    known = SocialAccount.objects.filter(provider=person.provider, uid=person.uid)
    account = known.select_related("user").first()
    if account is not None:
        rules_follow(account.user, _rules(person))
        return Known(account.user)
    if not person.proven:
        raise _nothing_usable(person, addresses)
    user = _owner(person.proven)
    is_new = user is None
    _refuse_second_step(user, person)
    lost_password = user is not None and _take_over(user)
    user = user or _newcomer(person, secret)
    _join(person, user)
    if not is_new:
        rules_follow(user, _rules(person))
    log.info("joined an account from outside", user=user.pk, provider=person.provider)
    return Known(user, is_new, lost_password)


def _join(person: OutsidePerson, user: User) -> None:
    """Let PERSON be known as USER from now on, and write that down where USER is a member."""
    SocialAccount.objects.get_or_create(
        provider=person.provider, uid=person.uid, defaults={"user": user}
    )
    for membership in user.memberships.select_related("workspace"):
        details = {"user": user.email, "place": person.provider_name}
        audit(membership.workspace, user, "user.outside_account_joined", user, **details)


def _refuse_second_step(user: User | None, person: OutsidePerson) -> None:
    """Join no account that has a passkey or an app: they may be of whoever had it before.

    To end them, as the password is ended, would let a provider stand in for the second step. To
    keep them would leave whoever added a passkey in the account.
    """
    if user is None or user.is_staff:
        return
    # Whoever adds one at this moment comes first, or is signed out.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not Authenticator.objects.filter(user=user).exists():
        return
    raise SecondStepFirstError(
        _(
            "The account of {email} here has a passkey or an authenticator app, so it is not "
            "joined with yours at {place}. Sign in as before and remove them, then sign in by "
            "{place}. If they are not yours, ask whoever runs this Dexxy to reset them."
        ).format(email=user.email, place=person.provider_name)
    )


def _rules(person: OutsidePerson) -> list[SignInRule]:
    """Return the rules that let PERSON in, of all workspaces."""
    return [*rules_for(person.proven), *organization_rules_of(person.organization_rules)]


def _take_over(user: User) -> bool:
    """End what else opens the account of USER; say whether it had a password.

    Its address may have been proven by an invitation, whose link its maker knew, too: an admin of
    one workspace could wait in such an account until its owner is let into another one.
    """
    if user.is_staff:
        return False  # made by whoever runs this Dexxy
    had_password = user.has_usable_password()
    user.set_unusable_password()
    user.is_vouched = False
    user.save(update_fields=["password", "is_vouched"])
    return had_password


def _nothing_usable(person: OutsidePerson, addresses: Sequence[str]) -> OutsideAccountError:
    """Say why none of the ADDRESSES that PERSON has proven counts here."""
    if addresses:
        return OddAddressError(odd(addresses[0]))
    return NothingProvenError(
        _(
            "{place} has verified no email address of yours. Verify one there, and sign in "
            "once more."
        ).format(place=person.provider_name)
    )


def _usable(proven: Sequence[str]) -> list[str]:
    """Return those of the addresses that nobody takes for others, as they are compared."""
    usable = []
    for email in proven:
        with suppress(ValidationError):
            usable.append(proven_compared(email))
    return usable


def _owner(proven: Sequence[str]) -> User | None:
    """Return who has proven one of the addresses here, too."""
    # That of the account which Dexxy makes by itself is nobody's, whatever a provider says.
    theirs = [email for email in proven if email != FIRST_ADMIN_EMAIL]
    found = EmailAddress.objects.filter(email__in=theirs, verified=True).select_related("user")
    by_email = {address.email: address.user for address in found}
    return next((by_email[email] for email in theirs if email in by_email), None)


def _newcomer(person: OutsidePerson, secret: str) -> User:
    invitations = invitations_of_newcomer(person.proven, secret)
    rules = _rules(person)
    if not invitations and not rules and person.unanswered:
        raise NobodyLetInError(
            _(
                "{place} could not be asked just now whether you may come in: try again in a few "
                "minutes, or ask an admin of your team to invite {email}."
            ).format(place=person.provider_name, email=person.proven[0])
        )
    if not invitations and not rules:
        raise NobodyLetInError(
            _(
                "There is no account for {email} here, and nobody has invited you. Ask an admin "
                "of your team to invite this address."
            ).format(email=person.proven[0])
        )
    user = User(email=_welcome(person.proven, invitations, rules))
    user.name = person.name.replace("\0", "")[:200]
    user.set_unusable_password()
    try:
        user.clean_fields(exclude={"password"})
        user_store(user)
    except AddressTakenError as error:
        raise OutsideAccountError(
            _(
                "{error} Nothing proves that it is yours: sign in there with its password, or ask "
                "whoever runs this Dexxy."
            ).format(error=error)
        ) from error
    except ValidationError as error:
        raise OutsideAccountError(" ".join(error.messages)) from error
    address_prove(user)
    invitations_take(user, invitations)
    rules_follow(user, rules)
    return user


def _welcome(
    proven: Sequence[str], invitations: Sequence[Invitation], rules: Sequence[SignInRule]
) -> str:
    """Return which proven address lets its owner in, or the most important one."""
    for one in invitations:
        if address_compared(one.email) in proven:
            return address_compared(one.email)
    domains = {rule.domain for rule in rules if rule.domain}
    return next((one for one in proven if one.rpartition("@")[2] in domains), proven[0])
