"""Parse e-mail and web addresses, to compare accounts by them."""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

# Simpler than RFC 5322: quoted names and comments are rare, so they are not parsed. RFC 5321 limits
# an address to 254 characters.
_MAIL = re.compile(r"([^@\s<>\"(),:;]{1,64})@([a-z0-9.-]{1,185}\.[a-z]{2,63})")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_NOREPLY_HOST = re.compile(r"(?:^|\.)(?:no-?reply|users\.noreply)\.")
# Names of shared mailboxes: some are from RFC 2142, the others are common in companies.
_ROLES = (
    "abuse accounts admin administrator billing bot build ci contact dev devops engineering"
    " feedback github hello help helpdesk hi hostmaster info it jobs legal list lists mail"
    " mailer-daemon marketing me media news newsletter nobody no-reply noreply office opensource"
    " oss ops postmaster press privacy root sales security service support sysadmin system team"
    " test user users web webmaster www"
)
ROLES = frozenset(_ROLES.split())
# Hosts that no mail reaches: reserved by RFC 2606 and RFC 6761, or names of a local machine or
# network.
_NO_HOSTS = re.compile(
    r"(?:^|\.)(?:example\.(?:com|org|net)|example|test|invalid|localhost|localdomain|local"
    r"|internal|lan|home|corp)$"
)


@dataclass(frozen=True)
class Mailbox:
    """An e-mail address, normalised: `ada+lists@Example.org` becomes `ada@example.org`."""

    local: str
    host: str

    def __str__(self) -> str:
        return f"{self.local}@{self.host}"

    @cached_property
    def is_personal(self) -> bool:
        """Whether, by its name and host, it can belong to one person."""
        return not (
            self.local in ROLES
            or self.local.isdigit()
            or _NOREPLY_HOST.search(self.host)
            or _NO_HOSTS.search(self.host)
        )


def mailbox(text: str) -> Mailbox | None:
    """Parse TEXT as an e-mail address; return None if it is not one."""
    found = _MAIL.fullmatch(text.strip().lower()) if len(text) <= 254 else None
    if found is None:
        return None
    local, host = found.groups()
    return Mailbox(local.partition("+")[0] or local, host)


def web_address(text: str) -> str:
    """Normalise a web address, so that spellings of one address become equal.

    Scheme, `www.`, port, query, fragment, a slash at the end and upper case are dropped.

    Returns: host and path; '' if TEXT is not a web address.
    """
    text = text.strip()
    if not text or len(text) > 500:
        return ""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    if not _HOST.fullmatch(host) or "@" in parts.netloc or parts.scheme not in {"http", "https"}:
        return ""
    return (host + parts.path.rstrip("/")).lower()
