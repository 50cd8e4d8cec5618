"""Where an address leads that somebody wrote in a repository."""

import re
from urllib.parse import urljoin, urlsplit

from dexxy.web.written.references import Home

_ABSOLUTE = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
# What a browser reads as the beginning of another host, or of a place on the page.
_ELSEWHERE = re.compile(r"[\\/][\\/]|[#?]|\s*$")


def resolved(address: str, home: Home, *, is_picture: bool) -> str:
    """Return where ADDRESS leads from a body that was written in HOME; '' for nowhere.

    A relative one leads to a file of the repository, as it is now.
    """
    if _ABSOLUTE.match(address):
        return address
    if not home.url or _ELSEWHERE.match(address):
        return ""
    root = f"{home.url}/{'raw' if is_picture else 'blob'}/HEAD/"
    try:
        if urlsplit(address).scheme:
            return ""
        found = urljoin(root, address.lstrip("/"))
    except ValueError:
        return ""
    return found if found.startswith(f"{home.server}/") else ""
