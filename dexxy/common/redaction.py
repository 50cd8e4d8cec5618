"""Remove what opens a door from texts that people or logs will show."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "[token]"  # replaces each secret; hiding what is hidden changes nothing

# What is called one of these is a secret, whatever it looks like.
_NAMED = (
    r"[a-z_-]{0,30}(?:secret|password|passwd|passphrase|token|(?:private|secret|api)[_-]?key)"
    r"|sesame|authorization|cookie|sessionid|csrfmiddlewaretoken"
)
_PATTERNS = (
    # Several keys, separated by commas.
    r"(\bDEXXY_SECRET_KEY=)(?!\[token\])[^\s\"']+",
    # Tokens of GitHub begin with these prefixes, ours with the last. Those of installations have
    # about 520 characters and may have `.`, `_` and `-` in them.
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    r"\b(?:gh[a-z]_|github_pat_|dxy_)[A-Za-z0-9._-]+",
    # What outgoing webhooks are signed with.
    r"\bwhsec_[A-Za-z0-9+/_=-]+",
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
    # Of the others the first group is shown. Any token in an Authorization header:
    r"(\b(?:bearer|token|basic)[ :=]+)[A-Za-z0-9._~+/=-]{16,}",
    # /invitations/SECRET/; what is signed has colons, which addresses within addresses encode
    r"((?:/|%2F)(?:invitations|unsubscribe|account(?:/|%2F)address)(?:/|%2F))"
    r"(?:[^/?#%\s\"'<>]|%3A)+",
    # scheme://user:PASSWORD@host
    r"(\b[a-z][a-z0-9+.-]{0,20}://[^/?#\s:@\"']{0,300}:)[^/?#\s\"']+(?=@)",
    # ?code=SECRET&state=SECRET, as GitHub sends people back to us; ?key=SECRET of a feed; and what
    # lets whoever has it write in a chat
    r"((?:[?&]|%3F|%26)(?:code|state|key)(?:=|%3D))[^&#\s\"'<>]+",
    r"(\bhttps://(?:hooks\.slack\.com/services|discord(?:app)?\.com/api/webhooks)/)[^\s\"'<>]+",
    # sesame=SECRET, "password": "SECRET", 'client_secret': ['SECRET']
    rf"((?:(?<![a-z0-9])|(?<=%3F)|(?<=%26))(?:{_NAMED})(?:=|%3D|\\?[\"']: ?))(?!\[token\])"
    r"(?:\[(?:\s*b?(?:\"[^\"]*\"|'[^']*')\s*,?)+\s*\]?"
    r"|b?\\?\"[^\"]+\"?|b?\\?'[^']+'?|[^\s\"'&;,<>\\)}\]]+)",
)
_SECRETS = re.compile("|".join(_PATTERNS), re.IGNORECASE | re.DOTALL)
_SECRET_NAME = re.compile(_NAMED, re.IGNORECASE)


def redacted(text: str) -> str:
    """Return TEXT with HIDDEN in place of each secret."""
    return _SECRETS.sub(_hidden, text)


def redacted_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a log line tells as fields, with HIDDEN in place of each secret."""
    return {name: _redacted_field(name, value) for name, value in fields.items()}


def _redacted_field(name: Any, value: Any) -> Any:
    if not value or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAME.fullmatch(str(name)):
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return redacted_fields(value)
    text = repr(value)
    hidden = redacted(text)
    return value if hidden == text else hidden


def _hidden(found: re.Match[str]) -> str:
    shown = found[found.lastindex] if found.lastindex else ""
    return f"{shown}{HIDDEN}"
