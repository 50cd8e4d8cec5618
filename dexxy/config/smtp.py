"""Which server takes our mails, and from whom they are."""

from dataclasses import dataclass
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

from dexxy.config import env

_EXAMPLE = "smtp+starttls://user:password@mail.example.com:587"
# The ports that each way of speaking usually has.
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class MailSettings:
    """A server that takes mails; without a host there is none."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    has_starttls: bool = False
    has_tls: bool = False


def mail_settings() -> MailSettings:
    """Read DEXXY_SMTP_URL.

    Raises:
        SettingError: it is no address of a mail server; what it says is not repeated.
    """
    url = env.text("DEXXY_SMTP_URL")
    if not url:
        return MailSettings()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        valid = parts.scheme in _PORTS and bool(host) and port != 0
        valid = valid and parts.path in ("", "/") and not parts.query and not parts.fragment
    except ValueError:
        valid, host, port = False, None, None
    if not valid:
        raise env.SettingError(
            f"DEXXY_SMTP_URL is not an address such as {_EXAMPLE}. It begins with smtp://,"
            " smtp+starttls:// or smtps://; in a name or password write @ as %40, : as %3A, / as"
            " %2F."
        )
    return MailSettings(
        host=str(host),
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        has_starttls=parts.scheme == "smtp+starttls",
        has_tls=parts.scheme == "smtps",
    )


def mail_from(is_needed: bool) -> str:
    """Read DEXXY_MAIL_FROM, an address that may have a name before it.

    Args:
        is_needed: mail is sent, so that it has to be there.

    Raises:
        SettingError: it is no address.
    """
    value = env.text("DEXXY_MAIL_FROM")
    _name, address = parseaddr(value)
    user, _at, domain = address.rpartition("@")
    is_one_line = "\n" not in value and "\r" not in value
    if (value or is_needed) and not (user and domain and is_one_line):
        raise env.SettingError(
            f"DEXXY_MAIL_FROM={value} is not an address such as Dexxy <dexxy@example.com>."
        )
    return value
