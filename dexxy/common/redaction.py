"""Remove tokens from texts that people or logs will show."""

import re

HIDDEN = "[token]"  # replaces each token

# Tokens of GitHub begin with these prefixes. Those of installations have about 520 characters and
# may have `.`, `_` and `-` in them.
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
_TOKEN = re.compile(r"\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9._-]+")
# Any token in a quoted Authorization header: the text after the name of a scheme.
_HEADER = re.compile(r"(?i)\b((?:bearer|token|basic)[ :=]+)[A-Za-z0-9._~+/=-]{16,}")


def redacted(text: str) -> str:
    """Return TEXT with HIDDEN in place of each token."""
    return _HEADER.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, text))
