"""The rules of identity stitching: which agreements speak for one person, and which doubts against.

A weight is a natural logarithm of odds, as in probabilistic record linkage (Fellegi and Sunter,
https://doi.org/10.1080/01621459.1969.10501049), so weights can be added. They were fitted to the
populations of the benchmark's tuning seeds, and rounded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop

from dexxy.integrations.services.contributors.comparing.traits import (
    Account,
    Facet,
    Traits,
    noreply,
    traits,
)
from dexxy.members.merges import folding


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account with its traits, so that they are computed once and not for each comparison."""

    account: Account
    traits: Traits

    @classmethod
    def of(cls, account: Account) -> "Candidate":
        return cls(account, traits(account))


@dataclass(frozen=True, slots=True)
class Rule:
    """An agreement: a value that both accounts show, each in a certain role.

    Args:
        name: stable key, stored with the evidence.
        about: group of rules; only the first rule of a group that holds counts.
        weight: log-odds if no third account has the value.
        sentence: shown to people; `{value}`, `{a}` and `{b}` (the accounts) are filled in.
        facet: role of the value in one account.
        other: role of the value in the other account; the same as `facet` if None.
        holds: a further condition on the two accounts.
        is_strong: whether the rule alone is enough for an automatic link.
        discount: log-odds subtracted, times ln(number of accounts with the value - 1).
    """

    name: str
    about: str
    weight: float
    sentence: str
    facet: Facet
    other: Facet | None = None
    holds: Callable[[Account, Account], bool] | None = None
    is_strong: bool = False
    discount: float = 1.0

    def matches(self, mine: int, yours: int) -> bool:
        """Tell whether the rule applies to a value that two accounts share.

        Args:
            mine: roles of the value in the first account, as flags of Facet.
            yours: roles of the value in the second account.
        """
        other = self.other or self.facet
        return bool((mine & self.facet and yours & other) or (mine & other and yours & self.facet))


def _is_slip(a: Account, b: Account) -> bool:
    return folding.is_one_slip("".join(a.words), "".join(b.words))


def _is_initial(a: Account, b: Account) -> bool:
    return any(len(word) == 1 for word in (*a.words, *b.words))


def _is_login_of(a: Account, b: Account) -> bool:
    """Tell whether the private address of one names the other's login, on the other's server."""
    return any(
        (private := noreply(mine.email))
        and (private.provider, private.login) == (yours.provider, yours.username.lower())
        for mine, yours in ((a, b), (b, a))
    )


def _other_server(a: Account, b: Account) -> bool:
    """Tell whether the accounts are on different servers.

    A server allows a verified address on one account only. If two of its accounts show the same
    one, it passed from one person to another, or is made up.
    """
    return a.provider != b.provider


def _same_server(a: Account, b: Account) -> bool:
    return a.provider == b.provider and a.provider != "git"


def _share_a_word(a: Account, b: Account) -> bool:
    return (
        len(a.words) > 1
        and len(b.words) > 1
        and not set(a.words).isdisjoint(b.words)
        and folding.letters(a.words) != folding.letters(b.words)
    )


def _share_no_word(a: Account, b: Account) -> bool:
    return (
        len(a.words) > 1
        and len(b.words) > 1
        and set(a.words).isdisjoint(b.words)
        and folding.sounds(a.words) != folding.sounds(b.words)
    )


RULES: Sequence[Rule] = (
    Rule(
        "verified_email",
        "email",
        8.5,
        gettext_noop("Both show the verified address {value}."),
        Facet.VERIFIED,
        holds=_other_server,
        is_strong=True,
    ),
    Rule(
        "noreply_id",
        "email",
        7.3,
        gettext_noop("The private address of one holds the other's id, {value}."),
        Facet.NOREPLY_NUMBER,
        Facet.NUMBER,
        is_strong=True,
    ),
    Rule(
        "linked_back",
        "link",
        8.6,
        gettext_noop("Their profiles link each other."),
        Facet.MUTUAL,
        is_strong=True,
    ),
    Rule(
        "same_email",
        "email",
        6.4,
        gettext_noop("Both use the address {value}."),
        Facet.MAILBOX,
        discount=1.5,
    ),
    Rule(
        "noreply_login",
        "email",
        4.6,
        gettext_noop("The private address of one has the other's login."),
        Facet.NOREPLY_LOGIN,
        Facet.USERNAME,
        holds=_is_login_of,
    ),
    Rule(
        "same_mail_name",
        "email",
        3.5,
        gettext_noop("Their addresses both begin with {value}."),
        Facet.LOCAL,
    ),
    Rule(
        "linked",
        "link",
        6,
        gettext_noop("One of the profiles links the other."),
        Facet.LINK,
        Facet.PROFILE,
    ),
    Rule(
        "same_website",
        "link",
        5.5,
        gettext_noop("Both profiles link {value}."),
        Facet.LINK,
        discount=5,
    ),
    Rule(
        "same_username", "username", 5.6, gettext_noop("Both are called {value}."), Facet.USERNAME
    ),
    Rule(
        "like_username",
        "username",
        5.4,
        gettext_noop("Their usernames are alike: {a.username} and {b.username}."),
        Facet.STEM,
    ),
    Rule(
        "handle",
        "username",
        2.9,
        gettext_noop("Both go by {value}, in a username, an address or a name."),
        Facet.HANDLE,
    ),
    Rule("same_name", "name", 3.4, gettext_noop("Both are named {a.name}."), Facet.NAME),
    Rule(
        "sounds_alike",
        "name",
        2.8,
        gettext_noop("Their names sound alike: {a.name} and {b.name}."),
        Facet.SOUND,
    ),
    Rule(
        "slip",
        "name",
        5.3,
        gettext_noop("Their names are one slip apart: {a.name} and {b.name}."),
        Facet.ENDS,
        holds=_is_slip,
    ),
    Rule(
        "initial",
        "name",
        5.5,
        gettext_noop("One name is short for the other: {a.name} and {b.name}."),
        Facet.ENDS,
        holds=_is_initial,
    ),
)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A disagreement: a reason to think that two accounts are two persons'.

    Args:
        name: stable key, stored with the evidence.
        weight: log-odds, below zero.
        sentence: shown to people; `{a}` and `{b}` (the accounts) are filled in.
        holds: whether the doubt applies to the two accounts.
    """

    name: str
    weight: float
    sentence: str
    holds: Callable[[Account, Account], bool]


DOUBTS: Sequence[Doubt] = (
    Doubt("same_server", -2.7, gettext_noop("Both are on one server."), _same_server),
    Doubt(
        "name_differs",
        -3.9,
        gettext_noop("Their names differ: {a.name} and {b.name}."),
        _share_no_word,
    ),
    Doubt(
        "name_half_differs",
        -1.8,
        gettext_noop("Their names differ: {a.name} and {b.name}."),
        _share_a_word,
    ),
)
