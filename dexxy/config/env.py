"""Read settings from the environment, and say clearly what is wrong with them."""

import json
import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# Nothing that one program would write in another way than the next.
_PATH = re.compile("(/[A-Za-z0-9._~-]+)*", re.ASCII)


class SettingError(Exception):
    """An environment variable that Dexxy cannot work with; the message is one line for the user."""


def text(name: str, default: str = "") -> str:
    """Read NAME, or the file that NAME_FILE names.

    Raises:
        SettingError: both are set, or the file cannot be read.
    """
    value, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and path:
        raise SettingError(f"Set either {name} or {name}_FILE, not both.")
    if not path:
        return value or default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(
            f"{name}_FILE={path} cannot be read: {error}. Name a readable text file."
        ) from error


def integer(name: str, default: int, *, least: int, most: int) -> int:
    """Read NAME as a whole number from LEAST to MOST.

    Raises:
        SettingError: it is anything else.
    """
    value = text(name, str(default))
    is_number = value.isascii() and value.isdigit() and len(value) < 19
    if not is_number or not least <= int(value) <= most:
        raise SettingError(f"{name}={value} is not a whole number from {least} to {most}.")
    return int(value)


def flag(name: str, default: bool) -> bool:
    """Read NAME as yes or no (true, yes, on, 1 / false, no, off, 0).

    Raises:
        SettingError: it is anything else.
    """
    value = text(name, "yes" if default else "no").lower()
    if value in {"true", "yes", "on", "1"}:
        return True
    if value in {"false", "no", "off", "0"}:
        return False
    raise SettingError(f"{name}={value} is neither yes nor no. Set it to one of them.")


def words(name: str) -> list[str]:
    """Read NAME as a list separated by commas."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def mapping(name: str) -> dict[str, Any]:
    """Read NAME as a JSON object.

    Raises:
        SettingError: it is anything else.
    """
    try:
        value = json.loads(text(name, "{}"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise SettingError(f'{name} is not a JSON object such as {{"bucket_name": "exports"}}.')
    return value


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Read NAME as a list of networks, separated by commas.

    Raises:
        SettingError: one of them is none.
    """
    try:
        return [ip_network(word) for word in words(name)]
    except ValueError as error:
        raise SettingError(
            f"{name}: {error}. Name networks such as 10.1.0.0/16, separated by commas."
        ) from error


def choice(name: str, *choices: str) -> str:
    """Read NAME as one of CHOICES, the first if it is not set.

    Raises:
        SettingError: it is anything else.
    """
    value = text(name, choices[0])
    if value not in choices:
        raise SettingError(f"{name}={value} is none of: {', '.join(choices)}. Set it to one.")
    return value


def url(name: str, default: str) -> str:
    """Read NAME as an http(s) address, without a slash at its end.

    Raises:
        SettingError: it is anything else.
    """
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        valid = valid and _PATH.fullmatch(parts.path) is not None
        valid = valid and not parts.query and not parts.fragment
    except ValueError:
        valid = False
    if not valid:
        raise SettingError(f"{name}={value} is not an http(s) address such as {default}.")
    return value


def queue_url(name: str, default: str = "") -> str:
    """Read NAME, in the one way of writing it that the libraries know.

    Raises:
        SettingError: it is no address of a Valkey or Redis.
    """
    value = text(name, default)
    scheme, separator, rest = value.partition("://")
    scheme = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    if value and (scheme not in {"redis", "rediss", "unix"} or not separator):
        raise SettingError(
            f"{name} must look like redis://host:6379/0, valkey://host:6379/0 or unix:///path?db=0."
        )
    return f"{scheme}{separator}{rest}"
