"""Where an address leads that somebody wrote in a repository."""

import re
from urllib.parse import urljoin, urlsplit

from dexxy.web.written.references import Home

# To a browser `https:x`, without the slashes, leads to a page of whoever shows it: to one of ours.
_OF_A_HOST = re.compile(r"https?://", re.IGNORECASE)
_OF_MAIL = re.compile(r"mailto:", re.IGNORECASE)
# What a browser reads as the beginning of another host, or of a place on the page.
_ELSEWHERE = re.compile(r"[\\/][\\/]|[#?]|\s*$")


def is_of_the_web(address: str) -> bool:
    """Say whether ADDRESS, which anybody may have chosen, is of some host's pages."""
    try:
        return bool(_OF_A_HOST.match(address) and urlsplit(address).netloc)
    except ValueError:
        return False


def resolved(address: str, home: Home, *, is_picture: bool) -> str:
    """Return where ADDRESS leads from a body that was written in HOME; '' for nowhere.

    A relative one leads to a file of the repository, as it is now.
    """
    if is_of_the_web(address) or _OF_MAIL.match(address):
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
