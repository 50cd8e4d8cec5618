"""Errors for Sentry, or GlitchTip, at the address that is set: what failed and where, and nothing
that opens a door or tells of people."""

import re
from typing import Any

from dexxy import __version__
from dexxy.common.redaction import HIDDEN, redacted, redacted_fields
from dexxy.config import env

# Seconds that a process may take at its end to send what waits.
_LAST_SECONDS = 2.0
# What a database quotes of a row: "DETAIL:  Key (email)=(mei@example.com) already exists."
_QUOTED = re.compile(r"\n(?:DETAIL|CONTEXT|HINT|LINE \d+):.*", re.DOTALL)
_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]+@[\w-]+(?:\.[\w-]+)+")
# Of an event: who and what was asked, what was logged before, which machine.
_PERSONAL = ("user", "request", "breadcrumbs", "server_name", "extra")

_is_on = False


def begin(dsn: str, environment: str) -> None:
    """Send errors to DSN from now on, with each entry of the log that is an error.

    Raises:
        SettingError: there is no address at DSN, or what sends is not installed.
    """
    global _is_on
    if not dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError as error:
        raise env.SettingError(
            "DEXXY_SENTRY_DSN is set, and what sends errors is not installed:"
            " pip install 'dexxy[sentry]'."
        ) from error
    try:
        sentry_sdk.init(dsn, environment=environment, **_options())
    except BadDsn as error:
        raise env.SettingError(
            "DEXXY_SENTRY_DSN is no address of Sentry: it looks like https://KEY@host/NUMBER."
        ) from error
    _is_on = True


def _options() -> dict[str, Any]:
    """Return what keeps everything back that an entry of our log does not have."""
    from sentry_sdk.integrations.excepthook import ExcepthookIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration

    return {
        "release": f"dexxy@{__version__}",
        # Those that would look into requests, jobs and statements are left out: what fails there
        # is logged, and comes from the log.
        "default_integrations": False,
        "auto_enabling_integrations": False,
        "integrations": [LoggingIntegration(level=None), ExcepthookIntegration()],
        "send_default_pii": False,
        "include_local_variables": False,
        "max_request_body_size": "never",
        "max_breadcrumbs": 0,
        "server_name": "",
        "before_send": cleaned,
    }


def cleaned(event: dict[str, Any], _hint: Any = None) -> dict[str, Any]:
    """Return EVENT without secrets, addresses of people, or what they sent."""
    kept = {name: value for name, value in event.items() if name not in _PERSONAL}
    for trace in _traces(kept):
        for frame in trace.get("frames", ()):
            frame.pop("vars", None)
    # Its number looks like an address of somebody.
    named = {"release": event["release"]} if "release" in event else {}
    return {**_cleaned(kept), **named}


def finish() -> None:
    """Send what waits; a process that ends at once would take it along."""
    if _is_on:
        import sentry_sdk

        sentry_sdk.flush(_LAST_SECONDS)


def _traces(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for name in ("exception", "threads"):
        for one in (event.get(name) or {}).get("values") or ():
            found.append(one.get("stacktrace") or {})
    return found


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _ADDRESS.sub(HIDDEN.replace("token", "address"), redacted(_QUOTED.sub("", value)))
    if isinstance(value, dict):
        named = redacted_fields({k: v for k, v in value.items() if isinstance(v, str)})
        return {k: _cleaned(named.get(k, v)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value
