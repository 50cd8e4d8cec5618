"""Turn an account into traits: normalised values by which accounts of one person find each other.

In record linkage these values are called blocking keys. Pure: no database, no network.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag, auto
from functools import cached_property

from dexxy.members.addresses import Mailbox, mailbox, web_address
from dexxy.members.merges import folding

# Its form: https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
# The login of a managed user ends with `_` and the short code of its enterprise, that of a bot with
# `[bot]`.
_NOREPLY = re.compile(
    r"(?:(\d+)\+)?([a-z0-9-]+(?:_[a-z0-9]+)?)(\[bot\])?@users\.noreply\.([a-z0-9.-]+)"
)
# GitHub shows this account as the author wherever the real one was deleted:
# https://github.com/ghost
_GHOST = ("github", "10137")


class Facet(IntFlag):
    """The role in which an account shows a value; one value can have several."""

    USERNAME = auto()  # the username, folded
    STEM = auto()  # the username without numbers and additions
    HANDLE = auto()  # any text that can serve as a username: username, address, full name
    MAILBOX = auto()  # the e-mail address
    VERIFIED = auto()  # the e-mail address, which the server has verified
    LOCAL = auto()  # the part of the e-mail address before the @
    NUMBER = auto()  # the account's own server and id
    NOREPLY_NUMBER = auto()  # the server and id inside a private (noreply) address
    NOREPLY_LOGIN = auto()  # the login inside a private (noreply) address without an id
    NAME = auto()  # the letters of the full name
    SOUND = auto()  # the consonants of the full name
    ENDS = auto()  # first or last word of the name, with the initial of the other
    LINK = auto()  # a web address in the profile
    PROFILE = auto()  # the web address of the profile itself
    MUTUAL = auto()  # the pair of both: own profile and a profile that it links


# Each value that an account shows -> its roles, as flags of Facet.
Traits = Mapping[str, int]


@dataclass(frozen=True)
class Account:
    """The columns of an Identity that the rules may use; `provider` and `external_id` are its key.

    Args:
        provider: server, as in Identity.provider.
        external_id: the account's numeric id on that server.
        kind: as in IdentityKind.
        url: of the profile page.
        links: web addresses that the profile shows.
    """

    provider: str
    external_id: str
    username: str
    name: str = ""
    email: str = ""
    is_email_verified: bool = False
    kind: str = "user"
    url: str = ""
    links: tuple[str, ...] = ()

    @property
    def is_person(self) -> bool:
        """Whether a person uses it: bots, organizations, mannequins and @ghost are no persons."""
        private = noreply(self.email)
        is_bot = private is not None and private.is_bot
        return self.kind == "user" and not is_bot and (self.provider, self.external_id) != _GHOST

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the name, without middle initials."""
        found = folding.words(self.name)
        return tuple(word for word in found if len(word) > 1) if len(found) > 2 else found

    @property
    def has_full_name(self) -> bool:
        """Whether the name has two words, or is in a script that writes names without a space."""
        return len(self.words) > 1 or (len(self.name) > 2 and not self.name.isascii())


def traits(account: Account) -> Traits:
    """Return the values that ACCOUNT shows, with their roles.

    Each value has a prefix (`handle:`, `name:`, ...) and only values with the same prefix can be
    equal. So a username can equal the first part of an address, but never a website.

    Returns: of an account that no person uses (see `is_person`), at most which bot it is.
    """
    found: dict[str, int] = {}
    for facets, value in _values(account) if account.is_person else _of_bot(account):
        found[value] = found.get(value, 0) | int(facets)
    return found


def _values(account: Account) -> Iterator[tuple[Facet, str]]:
    box = mailbox(account.email)
    yield Facet.NUMBER, f"number:{account.provider}#{account.external_id}"
    yield from _of_username(account.username)
    if box and box.is_personal:
        yield from _of_mailbox(box, is_verified=account.is_email_verified)
    elif private := noreply(account.email):
        yield from _of_noreply(private)
    if account.has_full_name:
        yield from _of_name(account.words)
    yield from _of_links(account)


def _of_bot(account: Account) -> Iterator[tuple[Facet, str]]:
    """Yield what names a bot for sure: many have one name, and people have it, too."""
    if account.kind == "bot":
        yield Facet.NUMBER, f"number:{account.provider}#{account.external_id}"
    private = noreply(account.email)
    if private and private.is_bot and private.number:
        yield Facet.NOREPLY_NUMBER, f"number:{private.provider}#{private.number}"


def _of_username(username: str) -> Iterator[tuple[Facet, str]]:
    name = folding.handle(username)
    if len(name) > 2:
        yield Facet.USERNAME | Facet.HANDLE, f"handle:{name}"
    if len(stem := folding.stem(name)) > 3:
        yield Facet.STEM, f"stem:{stem}"


def _of_mailbox(box: Mailbox, *, is_verified: bool) -> Iterator[tuple[Facet, str]]:
    yield Facet.MAILBOX | Facet.VERIFIED if is_verified else Facet.MAILBOX, f"mailbox:{box}"
    if len(local := folding.handle(box.local)) > 3:
        yield Facet.LOCAL | Facet.HANDLE, f"handle:{local}"


@dataclass(frozen=True, slots=True)
class Noreply:
    """A private address of GitHub, taken apart.

    Args:
        provider: server, as in Identity.provider.
        number: the account's id there, or '' (old addresses have none).
        login: the account's login when the address was made, without a bot's `[bot]`.
    """

    provider: str
    number: str
    login: str
    is_bot: bool


def noreply(email: str) -> Noreply | None:
    """Parse EMAIL; return None if it is not a private address of GitHub."""
    match = _NOREPLY.fullmatch(email.strip().lower()) if "@users.noreply." in email else None
    if match is None:
        return None
    number, login, bot, host = match.groups()
    provider = "github" if host == "github.com" else f"github:{host}"
    return Noreply(provider, number or "", login, is_bot=bool(bot))


def _of_noreply(private: Noreply) -> Iterator[tuple[Facet, str]]:
    handle = f"handle:{folding.handle(private.login)}"
    if private.number:
        yield Facet.NOREPLY_NUMBER, f"number:{private.provider}#{private.number}"
        yield Facet.HANDLE, handle
    else:
        yield Facet.NOREPLY_LOGIN | Facet.HANDLE, handle


def _of_name(words: tuple[str, ...]) -> Iterator[tuple[Facet, str]]:
    yield Facet.NAME, f"name:{folding.letters(words)}"
    yield Facet.SOUND, f"sound:{folding.sounds(words)}"
    if len(words) > 1:
        first, last = words[0], words[-1]
        # The family name may be the first or the last word. If one of the two words is shortened
        # to its initial or has a typing error, the value of the other word stays equal.
        yield Facet.ENDS, f"ends:{last} {first[0]}"
        yield Facet.ENDS, f"ends:{first} {last[0]}"
        yield Facet.HANDLE, f"handle:{first}{last}"
        yield Facet.HANDLE, f"handle:{last}{first}"


def _of_links(account: Account) -> Iterator[tuple[Facet, str]]:
    profile = web_address(account.url)
    if profile:
        yield Facet.PROFILE, f"link:{profile}"
    for link in filter(None, map(web_address, account.links)):
        if link != profile:
            yield Facet.LINK, f"link:{link}"
            if profile:
                yield Facet.MUTUAL, f"mutual:{' '.join(sorted((profile, link)))}"
