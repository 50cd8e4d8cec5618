"""Tell GitHub's refusals apart.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

import contextlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx
import orjson
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.integrations.services.github.api import errors, gaps
from dexxy.integrations.services.github.api.gaps import Gaps
from dexxy.integrations.services.github.api.optional_fields import NEWER_FIELDS, field_at

# What GitHub asks to wait after a secondary limit that names no time.
_DEFAULT_WAIT = timedelta(seconds=60)
# GitHub's limits are counted by the hour: beyond that, a clock or a header is wrong.
_LONGEST_WAIT = timedelta(hours=1)
# How it names a secondary limit; older servers use the second.
_SECONDARY = ("secondary rate limit", "abuse detection mechanism")
# The first release of GitHub Enterprise Server whose schema has all that is asked for.
OLDEST_SERVER = (3, 18)
# Where the error of a repository that is refused leads; one that leads nowhere is about all.
_REPOSITORY = ("repository",)
_WHOLE = ((), _REPOSITORY)
# What GitHub calls it when it does not show something.
_REFUSED = frozenset({"FORBIDDEN", "NOT_FOUND"})
# How an error names the page on GitHub that authorizes a token.
_AUTHORIZED_AT = "open {} in a browser"


# Status -> the error, and its message, in which {message} is GitHub's own.
_BY_STATUS: Mapping[int, tuple[type[errors.GitHubError], str]] = {
    401: (
        errors.BadCredentialsError,
        gettext_noop(
            "GitHub refused the token (401)."
            " Make a new one under Settings > Developer settings, and connect again."
        ),
    ),
    403: (
        errors.AccessDeniedError,
        gettext_noop(
            "GitHub does not let this token read it (403: {message})."
            " Give the token read access to issues, pull requests and discussions."
        ),
    ),
    404: (
        errors.NotFoundError,
        gettext_noop("GitHub knows nothing there (404: {message}). Check DEXXY_GITHUB_API_URL."),
    ),
    410: (
        errors.NotFoundError,
        gettext_noop("GitHub knows nothing there (410: {message}). Check DEXXY_GITHUB_API_URL."),
    ),
    451: (
        errors.AccessDeniedError,
        gettext_noop(
            "GitHub blocks it for legal reasons (451: {message})."
            " Its page on GitHub says why; Dexxy looks again every hour."
        ),
    ),
    502: (
        errors.QueryTooHeavyError,
        gettext_noop("GitHub gave up on the request (502). Try again later."),
    ),
    503: (errors.GatewayError, gettext_noop("GitHub failed (503: {message}). Try again later.")),
    504: (
        errors.QueryTooHeavyError,
        gettext_noop("GitHub gave up on the request (504). Try again later."),
    ),
    # https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/
    524: (
        errors.QueryTooHeavyError,
        gettext_noop("A proxy gave up on the request (524). Try again later."),
    ),
}
_SERVER_FAILED = (
    errors.GitHubServerError,
    gettext_noop("GitHub failed ({status}: {message}). Try again later."),
)
_UNEXPECTED = (
    errors.UnexpectedAnswerError,
    gettext_noop("GitHub refused the request ({status}: {message}). Update Dexxy, or report it."),
)
_NO_OBJECT = gettext_noop(
    "GitHub's GraphQL answer is not an object. Check DEXXY_GITHUB_GRAPHQL_URL."
)
_NO_DATA = gettext_noop("GitHub's GraphQL answer has no data. Check DEXXY_GITHUB_GRAPHQL_URL.")
_IN_PART = gettext_noop("GitHub answered only a part of the query, and not in a way that says why.")


def raise_for_status(response: httpx.Response) -> NoReturn:
    """Raise the error that a refused request means.

    Raises:
        GitHubError: one of its kinds.
    """
    status, message = response.status_code, message_of(response)
    if status in {403, 429} and is_rate_limit(response.headers, message, status):
        raise rate_limited(response.headers, message)
    if status == 403 and (barred := _barred(response.headers, message)):
        raise barred
    others = _SERVER_FAILED if status >= 500 else _UNEXPECTED
    error, sentence = _BY_STATUS.get(status, others)
    raise error(sentence.format(status=status, message=message))


@dataclass(frozen=True, slots=True)
class _Problem:
    """An entry of a GraphQL answer's `errors`. https://spec.graphql.org/October2021/#sec-Errors"""

    kind: str
    message: str
    path: tuple[str, ...]
    is_of_query: bool
    unknown_field: str
    unscoped_field: str

    @classmethod
    def read(cls, entry: dict[str, Any], document: str) -> "_Problem":
        extensions = entry.get("extensions")
        return cls(
            kind=str(entry.get("type")),
            message=str(entry.get("message")),
            path=tuple(str(step) for step in entry.get("path") or ()),
            is_of_query=isinstance(extensions, dict) and bool(extensions.get("code")),
            unknown_field=_unknown_field(extensions),
            unscoped_field=_unscoped_field(entry, document),
        )


def _unknown_field(extensions: Any) -> str:
    """Return the field that the server does not know, or ''."""
    if not isinstance(extensions, dict) or extensions.get("code") != "undefinedField":
        return ""
    return str(extensions.get("fieldName"))


def _unscoped_field(entry: dict[str, Any], document: str) -> str:
    """Return the field of DOCUMENT that wants a scope which the token lacks, or ''.

    GitHub says so before it runs the query, by the place in the document:
    https://github.com/cli/cli/issues/812
    """
    if entry.get("type") != "INSUFFICIENT_SCOPES" or not entry.get("locations"):
        return ""
    location = entry["locations"][0]
    return field_at(document, int(location["line"]), int(location["column"]))


def gaps_of(
    body: Any, headers: httpx.Headers, *, may_lack: Collection[str] = (), document: str = ""
) -> Gaps:
    """Raise what the `errors` of a GraphQL answer mean, unless that is about single items.

    An answer with the status 200, `errors` and a half of the data is usual, and is never stored;
    what lacks items is whole but for these, and tells which they are.

    Args:
        may_lack: as for `GitHubClient.query`.
        document: which was asked.

    Raises:
        GitHubError: one of its kinds.
    """
    if not isinstance(body, dict):
        raise errors.UnexpectedAnswerError(_NO_OBJECT)
    try:
        problems = [_Problem.read(entry, document) for entry in body.get("errors") or ()]
    except errors.UNKNOWN_SHAPE as error:
        raise errors.QueryTooHeavyError(_IN_PART) from error
    items = gaps.Items(may_lack)
    of_items = {p: items.of(p.path) for p in problems if gaps.may_lack(p.kind)}
    grave = [problem for problem in problems if not of_items.get(problem)]
    if grave:
        raise _graphql_error(_Refusal(grave, headers))
    if not isinstance(body.get("data"), dict):
        # REST answers of a proxy or a wrong address look like this.
        raise errors.UnexpectedAnswerError(_NO_DATA)
    found = _gaps(body["data"], of_items)
    return replace(found, reasons=_reasons(of_items, headers))


def _reasons(of_items: Mapping[_Problem, str], headers: httpx.Headers) -> dict[str, str]:
    """Return of each item why it is refused, where an organization keeps some out."""
    # The header tells of the answer, and only the message which item it is about.
    told = [(p, item) for p, item in of_items.items() if names_barrier(p.message)]
    return {item: str(_barred(headers, problem.message)) for problem, item in told}


def _gaps(data: Any, of_items: Mapping[_Problem, str]) -> Gaps:
    """Sort the items that lack, and hold back what is incomplete.

    Raises:
        QueryTooHeavyError: the errors lead where the data does not.
    """
    missed: set[str] = set()
    refused: set[str] = set()
    try:
        for problem, item in of_items.items():
            took_item_along = gaps.is_null(data, item)
            is_whole = gaps.hold_back(data, problem.path, item)
            told = ".".join(problem.path)
            if is_whole and problem.kind == "NOT_FOUND":
                missed.add(item)
            elif not is_whole and gaps.is_of_code(problem.path):
                continue
            elif is_whole and took_item_along:
                # What must not be null takes along what holds it: both were refused.
                refused |= {item, told}
            else:
                refused.add(item if is_whole else told)
    except errors.UNKNOWN_SHAPE as error:
        raise errors.QueryTooHeavyError(
            gettext_noop(
                "GitHub answered only a part of the query, and not in a way that says which."
            )
        ) from error
    return Gaps(frozenset(missed), frozenset(refused))


@dataclass(frozen=True, slots=True)
class _Refusal:
    """All that the `errors` of a GraphQL answer tell, apart from what may be missing."""

    problems: Sequence[_Problem]
    headers: httpx.Headers

    @property
    def message(self) -> str:
        return errors.quoted("; ".join(problem.message for problem in self.problems))

    @property
    def kinds(self) -> set[str]:
        return {problem.kind for problem in self.problems}

    @property
    def is_whole(self) -> bool:
        """Whether it is about the repository itself, or about all that was asked for.

        Only then access is lost. Inside, it is one thing among many that cannot be shown.
        """
        return all(problem.path in _WHOLE for problem in self.problems)

    @property
    def is_of_fields(self) -> bool:
        """Whether fields of the repository are refused, and it is not: no page is too large."""
        are_fields = all(p.path[:1] == _REPOSITORY and len(p.path) == 2 for p in self.problems)
        return are_fields and self.kinds <= _REFUSED

    @property
    def is_rate_limit(self) -> bool:
        # The type is undocumented, and has been seen in two spellings.
        is_told = not self.kinds.isdisjoint({"RATE_LIMITED", "RATE_LIMIT"})
        return is_told or is_rate_limit(self.headers, self.message, 200)

    @property
    def is_cursor(self) -> bool:
        is_told = "INVALID_CURSOR_ARGUMENTS" in self.kinds
        return is_told or "not appear to be a valid cursor" in self.message

    @property
    def is_not_found(self) -> bool:
        return self.is_whole and self.kinds == {"NOT_FOUND"}

    @property
    def is_denied(self) -> bool:
        # Scopes are the token's, whatever the depth at which they were missed.
        is_denied = self.is_whole and "FORBIDDEN" in self.kinds
        return is_denied or "INSUFFICIENT_SCOPES" in self.kinds

    @property
    def unknown_fields(self) -> frozenset[str]:
        """The fields that the server does not know; '' stands for any other problem."""
        return frozenset(problem.unknown_field for problem in self.problems)

    @property
    def is_of_newer_fields(self) -> bool:
        """Whether nothing was refused but fields that the server may be too old for."""
        return self.unknown_fields <= NEWER_FIELDS

    @property
    def unscoped_fields(self) -> frozenset[str]:
        """The fields that want a scope which the token lacks, if nothing else was refused."""
        fields = frozenset(problem.unscoped_field for problem in self.problems)
        return frozenset() if "" in fields else fields

    @property
    def is_of_query(self) -> bool:
        """Whether the query itself was refused: no page size can mend that."""
        return any(problem.is_of_query for problem in self.problems)


_Predicate = Callable[[_Refusal], bool]
# The first that fits decides. {message} is GitHub's own.
_BY_REFUSAL: Sequence[tuple[_Predicate, type[errors.GitHubError], str]] = (
    (
        lambda refusal: refusal.is_cursor,
        errors.CursorRefusedError,
        gettext_noop("GitHub refused a cursor: {message}"),
    ),
    (
        lambda refusal: refusal.is_not_found,
        errors.NotFoundError,
        gettext_noop(
            "GitHub knows nothing there ({message}). Check that it exists, and that the token may"
            " read it."
        ),
    ),
    (
        lambda refusal: refusal.is_denied,
        errors.AccessDeniedError,
        gettext_noop(
            "GitHub does not let this token read it ({message})."
            " Give the token read access to issues, pull requests and discussions."
        ),
    ),
    (
        lambda refusal: refusal.is_of_fields,
        errors.UnexpectedAnswerError,
        gettext_noop(
            "GitHub shows the repository, but not all that Dexxy needs to know of it ({message})."
            " Update Dexxy, or report it."
        ),
    ),
    (
        lambda refusal: refusal.is_of_query,
        errors.UnexpectedAnswerError,
        gettext_noop("GitHub refused the query ({message}). Update Dexxy, or report it."),
    ),
    (
        lambda refusal: True,
        errors.QueryTooHeavyError,
        gettext_noop("GitHub answered only a part of the query ({message}). Try again later."),
    ),
)


def _graphql_error(refusal: _Refusal) -> errors.GitHubError:
    if refusal.is_rate_limit:
        return rate_limited(refusal.headers, refusal.message)
    if refusal.is_denied and (barred := _barred(refusal.headers, refusal.message)):
        return barred
    if refusal.unscoped_fields:
        return errors.ScopeMissingError(
            gettext_noop(
                "The token lacks a scope ({message}). Give it that scope on GitHub."
            ).format(message=refusal.message),
            refusal.unscoped_fields,
        )
    error, sentence = next((e, text) for fits, e, text in _BY_REFUSAL if fits(refusal))
    if error is errors.UnexpectedAnswerError and refusal.is_of_newer_fields:
        return errors.FieldUnknownError(
            gettext_noop(
                "GitHub does not know a field ({message}). Update Dexxy, or report it."
            ).format(message=refusal.message),
            refusal.unknown_fields,
        )
    if refusal.is_of_query and (version := _too_old(refusal.headers)):
        return errors.UnexpectedAnswerError(
            gettext_noop(
                "GitHub Enterprise Server {version} is too old: Dexxy needs {oldest} or newer."
                " GitHub said: {message}"
            ).format(
                version=version,
                oldest=".".join(map(str, OLDEST_SERVER)),
                message=refusal.message,
            )
        )
    return error(sentence.format(message=refusal.message))


def _barred(headers: httpx.Headers, message: str) -> errors.AccessDeniedError | None:
    """Return the error of an organization that keeps some out, whatever their token may read."""
    return _sign_in_wanted(headers, message) or _address_not_listed(message)


def names_barrier(message: str) -> bool:
    """Say whether a refusal is that of an organization that keeps some out."""
    return "SAML" in message or "ip allow list" in message.lower()


def _address_not_listed(message: str) -> errors.AddressNotListedError | None:
    """Return the error of an organization that lets only some addresses in.

    https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/managing-allowed-ip-addresses-for-your-organization
    """
    if "ip allow list" not in message.lower():
        return None
    return errors.AddressNotListedError(
        gettext_noop(
            "The organization lets only the addresses of its IP allow list in, and that of this"
            " server is not on it. An owner can add it on GitHub, in the organization's settings"
            " under Authentication security > IP allow list. GitHub said: {message}"
        ).format(message=message)
    )


def _sign_in_wanted(
    headers: httpx.Headers, message: str
) -> errors.SingleSignOnRequiredError | None:
    """Return the error of an organization that lets nobody in who has not signed in to it.

    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#authenticating-with-saml-sso
    """
    parts = [part.strip() for part in headers.get("x-github-sso", "").split(";")]
    if parts[0] != "required" and "SAML" not in message:
        return None
    address = next((part[4:] for part in parts if part.startswith("url=https://")), "")
    # Half an address leads nowhere.
    if address and errors.quoted(address) == address:
        sentence = gettext_noop(
            "The organization wants the token authorized by its single sign-on (SAML): open"
            " {address} in a browser, then sync again."
        )
    else:
        sentence = gettext_noop(
            "The organization wants the token authorized by its single sign-on (SAML): on GitHub,"
            " under Settings > Developer settings > Personal access tokens > Configure SSO, choose"
            " the organization, then sync again."
        )
    return errors.SingleSignOnRequiredError(sentence.format(address=address))


def authorization_page(told: str, web_url: str) -> str:
    """Return GitHub's page that authorizes a token, which an error named, or ''.

    Args:
        told: the text of the error, as it is stored.
        web_url: of the GitHub server that is read: an answer of anybody else leads nowhere.
    """
    before, after = _AUTHORIZED_AT.split("{}")
    found = re.search(rf"{before}(https://\S+){after}", told)
    return found[1] if found and found[1].startswith(f"{web_url}/") else ""


def kept_back(headers: httpx.Headers) -> frozenset[str]:
    """Return the numbers of the organizations of which a REST list shows nothing: they want SSO.

    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#authenticating-with-saml-sso
    """
    kind, _, told = headers.get("x-github-sso", "").partition(";")
    if kind.strip() != "partial-results":
        return frozenset()
    return frozenset(re.findall(r"\d{1,20}", told))


def _too_old(headers: httpx.Headers) -> str:
    """Return the version of a server that is too old for Dexxy, or ''."""
    version = headers.get("x-github-enterprise-version", "")
    numbers = re.match(r"(\d{1,4})\.(\d{1,4})", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= OLDEST_SERVER:
        return ""
    return errors.quoted(version)


def rate_limited(headers: httpx.Headers, message: str = "") -> errors.RateLimitedError:
    """Read from HEADERS until when GitHub wants no more requests.

    Its clock says how long that is, and ours when that will be: either may be off.

    Args:
        message: GitHub's own.
    """
    now = timezone.now()
    here = server_time(headers) or now
    told = (_retry_after(headers, here), _until_reset(headers, here), _DEFAULT_WAIT)
    wait = next(one for one in told if one is not None)
    # A reset that has just passed, or a clock that is off, must not become a busy loop.
    retry_at = now + min(max(wait, timedelta(seconds=1)), _LONGEST_WAIT)
    if _is_secondary(headers, message):
        return too_many_at_once(retry_at)
    return errors.RateLimitedError(
        gettext_noop("GitHub's rate limit is used up until {time} UTC. Try again then.").format(
            time=f"{retry_at:%H:%M:%S}"
        ),
        retry_at,
    )


def too_many_at_once(retry_at: datetime) -> errors.RateLimitedError:
    """Return the error of a secondary rate limit that wants a pause until RETRY_AT."""
    return errors.RateLimitedError(
        gettext_noop(
            "GitHub wants fewer requests at a time (its secondary rate limit), and none until"
            " {time} UTC. Try again then."
        ).format(time=f"{retry_at:%H:%M:%S}"),
        retry_at,
        is_secondary=True,
    )


def _is_secondary(headers: httpx.Headers, message: str) -> bool:
    """Say whether a limit is not that of the hour: it is told by its words, or by what is left."""
    is_told = any(words in message.lower() for words in _SECONDARY)
    return is_told or headers.get("x-ratelimit-remaining") != "0"


def _retry_after(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Read how long to wait: seconds, or the time at which that is over.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    value = headers.get("retry-after", "")
    with contextlib.suppress(ValueError, OverflowError):
        return timedelta(seconds=int(value))
    at = _http_date(value)
    return at - now if at else None


def _until_reset(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Read how long it is until a limit that is used up begins anew."""
    return until_reset(headers, now) if headers.get("x-ratelimit-remaining") == "0" else None


def until_reset(headers: httpx.Headers, now: datetime) -> timedelta | None:
    """Read how long it is from NOW, by GitHub's clock, until the hour's limit begins anew."""
    with contextlib.suppress(KeyError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC) - now
    return None


def server_time(headers: httpx.Headers) -> datetime | None:
    """Read GitHub's clock, if it shows it."""
    return _http_date(headers.get("date", ""))


def _http_date(text: str) -> datetime | None:
    try:
        # They are always in UTC, however the zone is written.
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def is_rate_limit(headers: httpx.Headers, message: str, status: int) -> bool:
    """Say whether a refusal means too many requests."""
    is_told = any(words in message.lower() for words in ("rate limit", *_SECONDARY))
    if status == 200:
        return is_told
    return (
        status == 429
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
        or is_told
    )


def message_of(response: httpx.Response) -> str:
    """Return GitHub's own message, or the name of the status."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return errors.quoted(response.reason_phrase)
    message = body.get("message") if isinstance(body, dict) else None
    return errors.quoted(message or response.reason_phrase)
