"""What there is to compare about an account: values that two accounts of one person share."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dexxy.members import folding
from dexxy.members.addresses import Mailbox, mailbox, web_address

# Its form: https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
_NOREPLY = re.compile(r"(?:(\d+)\+)?([a-z0-9-]+)@users\.noreply\.([a-z0-9.-]+)")
# GitHub shows what deleted accounts said as by this one: https://github.com/ghost
_GHOST = ("github", "10137")

Traits = Mapping[str, frozenset[str]]


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
    """Return the values that ACCOUNT has of each facet; nobody's account has none.

    A value begins with its kind, so that a username equals part of an address, but no website.
    """
    if not account.is_person:
        return {}
    found: dict[str, set[str]] = {}
    for facet, value in _values(account):
        found.setdefault(facet, set()).add(value)
    return {facet: frozenset(values) for facet, values in found.items()}


def shared_keys(found: Traits) -> frozenset[str]:
    """Return the values by which accounts that may be one person's find each other."""
    return frozenset().union(*(found[facet] for facet in found.keys() & _FOUND_BY))


# The values of all other facets are in one of these.
_FOUND_BY = {
    "mailbox",
    "number",
    "noreply_number",
    "handle",
    "stem",
    "name",
    "sound",
    "ends",
    "link",
    "profile",
    "mutual",
}


def _values(account: Account) -> Iterator[tuple[str, str]]:
    box = mailbox(account.email)
    box = box if box and box.is_personal else None
    yield "number", f"number:{account.provider}#{account.external_id}"
    yield from _of_username(account)
    if box:
        yield from _of_mailbox(account, box)
    elif "@users.noreply." in account.email:
        yield from _of_noreply(account.email)
    if account.has_full_name:
        yield from _of_name(account.words)
    yield from _of_links(account)


def _of_username(account: Account) -> Iterator[tuple[str, str]]:
    name = folding.handle(account.username)
    if len(name) > 2:
        yield "username", f"handle:{name}"
        yield "handle", f"handle:{name}"
        yield "login", f"{account.provider}/{account.username.lower()}"
    if len(stem := folding.stem(name)) > 3:
        yield "stem", f"stem:{stem}"


def _of_mailbox(account: Account, box: Mailbox) -> Iterator[tuple[str, str]]:
    yield "mailbox", f"mailbox:{box}"
    if account.is_email_verified:
        yield "verified", f"mailbox:{box}"
    if len(local := folding.handle(box.local)) > 3:
        yield "local", f"handle:{local}"
        yield "handle", f"handle:{local}"


def _of_noreply(email: str) -> Iterator[tuple[str, str]]:
    match = _NOREPLY.fullmatch(email.strip().lower())
    if match is None:
        return
    number, login, host = match.groups()
    provider = "github" if host == "github.com" else f"github:{host}"
    if number:
        yield "noreply_number", f"number:{provider}#{number}"
    else:
        yield "noreply_login", f"{provider}/{login}"
    yield "handle", f"handle:{folding.handle(login)}"


def _of_name(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    yield "name", f"name:{folding.letters(words)}"
    yield "sound", f"sound:{folding.sounds(words)}"
    if len(words) > 1:
        first, last = words[0], words[-1]
        # Whichever of them is the family's, an initial or a slip leaves one of these.
        yield "ends", f"ends:{last} {first[0]}"
        yield "ends", f"ends:{first} {last[0]}"
        yield "handle", f"handle:{first}{last}"
        yield "handle", f"handle:{last}{first}"


def _of_links(account: Account) -> Iterator[tuple[str, str]]:
    profile = web_address(account.url)
    if profile:
        yield "profile", f"link:{profile}"
    for link in filter(None, map(web_address, account.links)):
        if link != profile:
            yield "link", f"link:{link}"
            if profile:
                yield "mutual", f"mutual:{' '.join(sorted((profile, link)))}"
