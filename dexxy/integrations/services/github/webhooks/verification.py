"""What comes to the webhook door: whose it is, whether GitHub sent it, and what it says.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubApp
from dexxy.integrations.services.github.access.app import app_of_environment_store
from dexxy.integrations.services.github.api.json import loads

# GitHub sends nothing larger. In bytes.
# https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
LARGEST_PAYLOAD = 25 * 1024 * 1024
# Objects, lists and commas in a payload. GitHub's hold a few thousand; `[{},{},...` of 25 MB would
# become half a gigabyte of objects wherever it is read.
MOST_VALUES = 500_000
# Seconds: how long a process trusts the secrets that it has read. A signature that fits none of
# them makes it look again, so a new secret works at once, and an old one no longer than this.
SECRETS_KEPT, SECRETS_KEPT_AT_LEAST = 30.0, 1.0
_LONGEST_NAME = 100
_LARGEST_ID = 2**63 - 1
# A number with an exponent, or what looks like one in a text.
_EXPONENT = re.compile(rb"[\[:,]\s*-?[0-9][0-9.]*[eE]")
# GitHub's numbers are far between these.
_SMALLEST, _LARGEST = 1e-6, 1e20
_SIGNATURE = re.compile("sha256=[0-9a-f]{64}", re.ASCII)


class WebhookRefusedError(DexxyError):
    """A request to the webhook door that is none of GitHub's deliveries, or none of ours.

    `status` is its answer.
    """

    code = "webhook_refused"
    status = 400


class PayloadTooLargeError(WebhookRefusedError):
    """A request holds more than any webhook of GitHub."""

    code = "payload_too_large"
    status = 413


class LengthMissingError(WebhookRefusedError):
    """A request does not say how long it is."""

    code = "length_missing"
    status = 411


class HeaderMissingError(WebhookRefusedError):
    """A request lacks one of GitHub's headers."""

    code = "header_missing"


class MediaTypeError(WebhookRefusedError):
    """A request is not sent as JSON: the App on GitHub has another content type."""

    code = "no_json"
    status = 415


class UnknownAppError(WebhookRefusedError):
    """A webhook is for an App that is not known here."""

    code = "unknown_app"
    status = 404


class SignatureError(WebhookRefusedError):
    """A webhook is not signed with the secret of its App."""

    code = "bad_signature"
    status = 401


class PayloadUnreadableError(WebhookRefusedError):
    """What a webhook holds is no JSON object."""

    code = "payload_unreadable"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook, as it is put into the inbox.

    Args:
        app_pk: primary key of the GitHubApp.
        payload: JSON that PostgreSQL can hold.
        size: of the body in bytes.
    """

    app_pk: int
    guid: str
    event: str
    action: str
    installation_id: int | None
    repository_id: int | None
    payload: str
    size: int


@dataclass(frozen=True, slots=True)
class Headers:
    """What a request to the door says of itself before its body is read.

    Args:
        length: of the body in bytes.
        app_id: GitHub's number of an App that is known here.
        signature: of the shape that a signature has.
    """

    length: int
    event: str
    guid: str
    app_id: int
    signature: str


def headers_check(meta: Mapping[str, Any]) -> Headers:
    """Return what is said of a delivery, so that nothing is read of what cannot be one.

    Args:
        meta: the request's headers as WSGI names them.

    Raises:
        WebhookRefusedError: one of its kinds.
        DatabaseError: the App could not be looked up.
    """
    length = _length(meta.get("CONTENT_LENGTH") or "")
    media_type = str(meta.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise MediaTypeError("Only application/json is taken here: set that in the App's webhook.")
    event, guid = _name(meta, "HTTP_X_GITHUB_EVENT"), _name(meta, "HTTP_X_GITHUB_DELIVERY")
    app_id = _name(meta, "HTTP_X_GITHUB_HOOK_INSTALLATION_TARGET_ID")
    if not (app_id.isascii() and app_id.isdigit()) or int(app_id) > _LARGEST_ID:
        raise HeaderMissingError("X-GitHub-Hook-Installation-Target-ID is no number.")
    signature = meta.get("HTTP_X_HUB_SIGNATURE_256") or ""
    if not _SIGNATURE.fullmatch(signature):
        raise SignatureError("X-Hub-Signature-256 is missing, or no signature.")
    _secrets_of(int(app_id))
    return Headers(length, event, guid, int(app_id), signature)


def _length(length: str) -> int:
    if not (length.isascii() and length.isdigit()):
        raise LengthMissingError("There is no Content-Length.")
    # Python reads no number of thousands of digits.
    if len(length) > 18 or int(length) > LARGEST_PAYLOAD:
        raise PayloadTooLargeError(f"{length[:18]} bytes are more than GitHub ever sends.")
    return int(length)


def _name(meta: Mapping[str, Any], key: str) -> str:
    value: str = meta.get(key) or ""
    if not 0 < len(value) <= _LONGEST_NAME:
        header = key.removeprefix("HTTP_").replace("_", "-").title()
        raise HeaderMissingError(f"The header {header} is missing or too long.")
    return value


def delivery_check(headers: Headers, body: bytes) -> Delivery:
    """Return the delivery that a request is, once it is sure that GitHub sent it.

    Raises:
        WebhookRefusedError: one of its kinds.
        DatabaseError: the App could not be looked up.
    """
    app_pk = app_that_signed(headers.app_id, headers.signature, body)
    return delivery_read(app_pk=app_pk, guid=headers.guid, event=headers.event, body=body)


@dataclass(frozen=True, slots=True)
class _Secrets:
    """The webhook secrets of the Apps with one id: each server numbers its Apps from one."""

    by_app: tuple[tuple[int, bytes], ...]
    read_at: float

    def find(self, signature: bytes, body: bytes) -> int | None:
        for app_pk, secret in self.by_app:
            # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
            expected = "sha256=" + hmac.digest(secret, body, "sha256").hex()
            if hmac.compare_digest(expected.encode(), signature):
                return app_pk
        return None


_secrets: dict[int, _Secrets] = {}


def app_that_signed(app_id: int, signature: str, body: bytes) -> int:
    """Return the primary key of the App with GitHub's number APP_ID whose secret signed BODY.

    Args:
        signature: the header `X-Hub-Signature-256`.

    Raises:
        UnknownAppError: no App has the number.
        SignatureError: the signature is that of another secret or body.
    """
    known = _secrets_of(app_id)
    given = signature.encode()
    app_pk = known.find(given, body)
    if app_pk is None and monotonic() - known.read_at > SECRETS_KEPT_AT_LEAST:
        app_pk = _read_secrets(app_id).find(given, body)
    if app_pk is None:
        raise SignatureError("X-Hub-Signature-256 does not fit the body and the App's secret.")
    return app_pk


def _secrets_of(app_id: int) -> _Secrets:
    known = _secrets.get(app_id)
    if known is None or monotonic() - known.read_at > SECRETS_KEPT:
        known = _read_secrets(app_id)
    return known


def _read_secrets(app_id: int) -> _Secrets:
    app_of_environment_store(app_id)
    apps = GitHubApp.objects.filter(app_id=app_id).values_list("pk", "webhook_secret")
    found = list(apps)
    if not found:
        # Not remembered: whoever asks for numbers at random must not fill our memory.
        _secrets.pop(app_id, None)
        raise UnknownAppError(f"No App here has the number {app_id}.")
    # An empty secret would be anybody's.
    by_app = tuple((pk, secret.read().encode()) for pk, secret in found if secret)
    _secrets[app_id] = _Secrets(by_app, monotonic())
    return _secrets[app_id]


def delivery_read(*, app_pk: int, guid: str, event: str, body: bytes) -> Delivery:
    """Read the payload of a delivery, as far as the inbox needs it.

    Raises:
        PayloadTooLargeError: it holds more values than any payload of GitHub.
        PayloadUnreadableError: it is not JSON, or not of a payload's shape.
    """
    if sum(body.count(sign) for sign in (b"{", b"[", b",")) > MOST_VALUES:
        raise PayloadTooLargeError(f"It holds more than {MOST_VALUES:,} values.")
    payload, stored = _parse(body)
    if not isinstance(payload, dict):
        raise PayloadUnreadableError("The payload is no JSON object.")
    action = payload.get("action") or ""
    if not isinstance(action, str) or len(action) > _LONGEST_NAME:
        raise PayloadUnreadableError("The payload's action is no name.")
    return Delivery(
        app_pk=app_pk,
        guid=guid,
        event=event,
        action=action,
        installation_id=_id(payload, "installation"),
        repository_id=_id(payload, "repository"),
        payload=stored,
        size=len(body),
    )


def _id(payload: Mapping[str, Any], name: str) -> int | None:
    holder = payload.get(name)
    if holder is None:
        return None
    number = holder.get("id") if isinstance(holder, dict) else None
    # bool is an int, and its like stands in no payload.
    if type(number) is not int or not 0 <= number <= _LARGEST_ID:
        raise PayloadUnreadableError(f"The payload's {name} has no number.")
    return number


def _parse(body: bytes) -> tuple[Any, str]:
    """Return what BODY says, and the JSON of it that PostgreSQL can hold."""
    try:
        payload = loads(body)
    except (ValueError, RecursionError) as error:
        raise PayloadUnreadableError(f"The payload is not JSON: {error}.") from error
    # PostgreSQL cannot hold some of what is escaped, and writes numbers out: of `1e-16383` it makes
    # sixteen thousand digits wherever it is read.
    has_exponent = _EXPONENT.search(body) is not None
    if has_exponent and _has_long_number(payload):
        raise PayloadUnreadableError("It holds a number that GitHub would not send.")
    stored = orjson.dumps(payload) if rb"\u" in body or has_exponent else body
    return payload, stored.decode()


def _has_long_number(payload: Any) -> bool:
    values = [payload]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
        elif isinstance(value, float) and value and not _SMALLEST <= abs(value) < _LARGEST:
            return True
    return False
