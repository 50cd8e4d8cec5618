"""Answers of GitHub's that refuse, in its words and with its headers.

https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api
"""

from __future__ import annotations

from typing import Any, Final, Literal

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Refusal, json_response, rate_limit_headers
from dexxy_simulator.faults.bodies import pages_of
from dexxy_simulator.faults.call import Call, Effect
from dexxy_simulator.graph.errors import TIMED_OUT, TOO_MUCH

MESSAGES: Final = {
    400: "Problems parsing JSON",
    401: "Bad credentials",
    403: "Resource not accessible by integration",
    404: "Not Found",
    410: "This issue was deleted",
    422: "Validation Failed",
    429: "You have exceeded a secondary rate limit. Please wait a few minutes before you try "
    "again.",
    451: "Repository access blocked",
    500: "Server Error",
    502: "Server Error",
    503: "Service unavailable",
    504: "We couldn't respond to your request in time. Sorry about that. Please try resubmitting "
    "your request and contact us if the problem persists.",
}
SUSPENDED: Final = "This installation has been suspended"
NOT_ALLOWED_ADDRESS: Final = (
    "Although you appear to have the correct authorization credentials, the organization has an "
    "IP allow list enabled, and your IP address is not permitted to access this resource."
)
SECONDARY: Final = MESSAGES[429]
PAGE: Final = "<html><head><title>{status}</title></head><body><h1>{message}</h1></body></html>"
ERRORS: Final = {
    TOO_MUCH[0]: TOO_MUCH[1],
    "NOT_FOUND": "Could not resolve to a node.",
    "FORBIDDEN": "Resource not accessible by integration",
    "INSUFFICIENT_SCOPES": "Your token has not been granted the required scopes.",
    "SERVICE_UNAVAILABLE": "Service unavailable",
    "INVALID_CURSOR_ARGUMENTS": "`x` does not appear to be a valid cursor.",
    "RATE_LIMITED": "API rate limit exceeded.",
    "RATE_LIMIT": "API rate limit already exceeded.",
}


def status(code: int, message: str | None = None, *, html: bool = False, **headers: str) -> Effect:
    """Refuse with a status, in GitHub's words for it; underscores in headers become hyphens."""
    text = message or MESSAGES[code]
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def effect(call: Call) -> Response:
        if html:
            return Response(
                PAGE.format(status=code, message=text), code, named, mimetype="text/html"
            )
        response = Refusal(code, text, **named).get_response()
        if code == 451:
            blocked = {"reason": "dmca", "html_url": "https://github.com/github/dmca"}
            response = json_response({"message": text, "block": blocked}, code, named)
        if code < 500:
            limits = rate_limit_headers(call.world, call.token, call.resource)
            response.headers.update({**limits, **named})
        return response

    return effect


def timed_out(code: Literal[502, 504] = 502, points: int = 0) -> Effect:
    """Give up on a query after ten seconds, which also takes points of the hour."""

    def effect(call: Call) -> Response:
        with call.world.lock:
            call.world.bucket(call.token, call.resource).spend(points)
        if call.resource == "core":
            return status(code)(call)
        return json_response({"data": None, "errors": [{"message": TIMED_OUT}]}, code)

    return effect


def rate_limited() -> Effect:
    """Use up what is left of the hour, and say so as the dialect does."""

    def effect(call: Call) -> Response:
        with call.world.lock:
            bucket = call.world.bucket(call.token, call.resource)
            bucket.spend(bucket.remaining)
        return call.proceed()

    return effect


def secondary_limit(wait: int = 60) -> Effect:
    """Refuse because of too many requests at once, as the dialect does."""

    def effect(call: Call) -> Response:
        dialect = call.world.dialect
        headers = rate_limit_headers(call.world, call.token, call.resource)
        if dialect.secondary_limit_names_wait:
            headers["Retry-After"] = str(wait)
        code = dialect.secondary_limit_status
        if call.resource == "core" and code == 200:
            code = 403
        body: dict[str, Any] = {
            "message": SECONDARY,
            "documentation_url": "https://docs.github.com",
        }
        if code == 200:
            body = {"errors": [{"type": "RATE_LIMITED", "message": SECONDARY}]}
        return json_response(body, code, headers)

    return effect


def graphql_error(
    kind: str | None,
    message: str | None = None,
    *,
    data: Literal["absent", "null", "partial"] = "absent",
) -> Effect:
    """Answer 200 with an error of a type, or of none; `partial` data breaks off with nulls."""
    entry = {"message": message or ERRORS.get(kind or "", TIMED_OUT)}
    if kind is not None:
        entry = {"type": kind, **entry}

    def effect(call: Call) -> Response:
        if data == "partial":
            response = call.proceed()
            body: Any = response.get_json(force=True)
            errors = [*body.get("errors", ()), {"path": _break_off(body), **entry}]
            return json_response({"data": body.get("data"), "errors": errors})
        body = {"errors": [entry]}
        return json_response({"data": None, **body} if data == "null" else body)

    return effect


def _break_off(body: dict[str, Any]) -> list[str | int]:
    """Make the second half of the first page null, and return the path of the first null."""
    for path, nodes in pages_of(body.get("data")):
        half = len(nodes) // 2
        nodes[half:] = [None] * (len(nodes) - half)
        return [*path, half]
    return []
