"""Where a person works, as far as their accounts tell."""

import re
from collections.abc import Iterable

from dexxy.members.addresses import mailbox

# Anybody can have an address there.
_OPEN_TO_ALL_HOSTS = (
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com"
    " icloud.com me.com mac.com aol.com proton.me protonmail.com pm.me gmx.com gmx.de gmx.net"
    " web.de mail.com mail.ru yandex.ru yandex.com qq.com 163.com 126.com foxmail.com naver.com"
    " zoho.com fastmail.com hey.com tutanota.com posteo.de free.fr orange.fr laposte.net"
    " duck.com mailbox.org rediffmail.com"
)
_OPEN_TO_ALL = frozenset(_OPEN_TO_ALL_HOSTS.split())
# People name GitHub's organisations as they mention them.
_MENTION = re.compile(r"(^|\s)@(?=\w)")


def organization_of(companies: Iterable[str], emails: Iterable[str]) -> str:
    """Return the first company that somebody names, else the first host of a work address.

    Args:
        companies: what profiles say, the most important first.
        emails: addresses, the most important first.
    """
    named = (_MENTION.sub(r"\1", company).strip() for company in companies)
    boxes = filter(None, map(mailbox, emails))
    hosts = (box.host for box in boxes if box.is_personal and box.host not in _OPEN_TO_ALL)
    return next(filter(None, named), "") or next(hosts, "")
