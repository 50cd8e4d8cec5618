"""Guess the organization of a member from the profiles of its accounts, and tell whose it is."""

import re
import unicodedata
from collections.abc import Iterable

from dexxy.members.addresses import mailbox

# Mail providers where anybody can have an address, so that the host names no employer.
_OPEN_TO_ALL_HOSTS = (
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com"
    " icloud.com me.com mac.com aol.com proton.me protonmail.com pm.me gmx.com gmx.de gmx.net"
    " web.de mail.com mail.ru yandex.ru yandex.com qq.com 163.com 126.com foxmail.com naver.com"
    " zoho.com fastmail.com hey.com tutanota.com posteo.de free.fr orange.fr laposte.net"
    " duck.com mailbox.org rediffmail.com"
)
_OPEN_TO_ALL = frozenset(_OPEN_TO_ALL_HOSTS.split())
# Many profiles name an organization of GitHub with an @ in front, as in a mention: `@github`.
# What companies are as a legal person, which some write behind the name and others do not.
_LEGAL_FORMS = (
    "inc incorporated llc ltd limited gmbh ag se sa sas sarl srl bv nv ab oy oyj as aps plc corp"
    " corporation co kg kk pty spa"
)
_FORMS = frozenset(_LEGAL_FORMS.split())
# The ends of hosts: `halden.com` is Halden.
_HOST = re.compile(r"(?:www\.)?([\w-]+)(?:\.(?:co|com|org|net|ac|edu|gov))?\.[a-z]{2,}", re.ASCII)
_MENTION = re.compile(r"(^|\s)@(?=\w)")


def organization_of(companies: Iterable[str], emails: Iterable[str]) -> str:
    """Return the first company in the profiles, else the first host of a work address, else ''.

    Args:
        companies: the company field of each profile, the most important first.
        emails: e-mail addresses, the most important first.
    """
    named = (_MENTION.sub(r"\1", company).strip() for company in companies)
    boxes = filter(None, map(mailbox, emails))
    hosts = (box.host for box in boxes if box.is_personal and box.host not in _OPEN_TO_ALL)
    return next(filter(None, named), "") or next(hosts, "")


def organization_key(name: str) -> str:
    """Return what all spellings of an organization have in common; '' where nothing is left.

    `Halden`, `@halden`, `HALDEN Inc.` and `halden.com` are one. It stands in addresses.
    """
    plain = unicodedata.normalize("NFKC", name).casefold().strip().removeprefix("@")
    host = _HOST.fullmatch(plain)
    words = re.findall(r"\w+", host[1] if host else plain)
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return "-".join(words)[:100]
