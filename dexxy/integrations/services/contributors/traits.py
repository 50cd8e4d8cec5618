"""What there is to compare about an account: values that two accounts of one person share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag, auto
from functools import cached_property

from dexxy.members.addresses import Mailbox, mailbox, web_address
from dexxy.members.merges import folding

# Its form: https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
_NOREPLY = re.compile(r"(?:(\d+)\+)?([a-z0-9-]+)@users\.noreply\.([a-z0-9.-]+)")
# GitHub shows what deleted accounts said as by this one: https://github.com/ghost
_GHOST = ("github", "10137")


class Facet(IntFlag):
    """As what an account has a value."""

    USERNAME = auto()
    STEM = auto()
    HANDLE = auto()
    MAILBOX = auto()
    VERIFIED = auto()
    LOCAL = auto()
    NUMBER = auto()
    NOREPLY_NUMBER = auto()
    NOREPLY_LOGIN = auto()
    NAME = auto()
    SOUND = auto()
    ENDS = auto()
    LINK = auto()
    PROFILE = auto()
    MUTUAL = auto()


# Value -> as what the account has it: flags of Facet.
Traits = Mapping[str, int]


@dataclass(frozen=True)
class Account:
    """What the rules may know about an account; `provider` and `external_id` are its key."""

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
        """Whether it is somebody's: bots, organizations, stand-ins and ghosts are nobody."""
        return self.kind == "user" and (self.provider, self.external_id) != _GHOST

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The name, without a middle initial."""
        found = folding.words(self.name)
        return tuple(word for word in found if len(word) > 1) if len(found) > 2 else found

    @property
    def has_full_name(self) -> bool:
        """Whether the name has two words, or is in a script that needs no spaces."""
        return len(self.words) > 1 or (len(self.name) > 2 and not self.name.isascii())


def traits(account: Account) -> Traits:
    """Return the values that ACCOUNT shows; nobody's account has none.

    A value begins with its kind, so that a username equals part of an address, but no website.
    """
    found: dict[str, int] = {}
    if account.is_person:
        for facets, value in _values(account):
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
    """A private address of GitHub: the server, the account's login then, and its id (or '')."""

    provider: str
    number: str
    login: str


def noreply(email: str) -> Noreply | None:
    """Return what the private address EMAIL says, or None where it is none."""
    match = _NOREPLY.fullmatch(email.strip().lower()) if "@users.noreply." in email else None
    if match is None:
        return None
    number, login, host = match.groups()
    provider = "github" if host == "github.com" else f"github:{host}"
    return Noreply(provider, number or "", login)


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
        # Whichever of them is the family's, an initial or a slip leaves one of these.
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
