"""Guess the organization of a member from the profiles of its accounts."""

import re
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
