"""Keep tokens out of what people and logs see."""

import re

HIDDEN = "[token]"  # what stands where a token was

# GitHub's prefixes. Those of installations are some 520 characters long and have `.`, `_`, `-`.
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
_TOKEN = re.compile(r"\b(?:gh[a-z]_|github_pat_)[A-Za-z0-9._-]+")
# Whatever follows the name of a scheme, in a header that somebody quotes.
_HEADER = re.compile(r"(?i)\b((?:bearer|token|basic)[ :=]+)[A-Za-z0-9._~+/=-]{16,}")


def redacted(text: str) -> str:
    """Return TEXT with a mark where a token was."""
    return _HEADER.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, text))
