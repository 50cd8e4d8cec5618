"""What can go wrong between us and GitHub, split by what one can do about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from django.utils.translation import gettext_noop

from dexxy.common.errors import DexxyError
from dexxy.common.redaction import redacted

log = structlog.get_logger()

# What reading an answer raises that has another shape than the documented one.
UNKNOWN_SHAPE = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
# Characters of a foreign text that a message quotes.
_QUOTED_AT_MOST = 300


class GitHubError(DexxyError):
    """GitHub did not give what we asked for."""

    code = "github_error"


class GitHubUnreachableError(GitHubError):
    """No answer: no network, a wrong address, a time-out, a connection that broke."""

    code = "github_unreachable"
    retryable = True


class AnswerBrokenOffError(GitHubUnreachableError):
    """The request left, but its answer did not come in time, or not to its end."""


class GitHubServerError(GitHubError):
    """An answer that is not one: a 5xx, or a body that cannot be read."""

    code = "github_server_error"
    retryable = True


class GatewayError(GitHubServerError):
    """What stands between us and GitHub answered, or GitHub's own door: nobody says about what.

    It may be the query, if that can be smaller; it may be any query.
    """


class QueryTooHeavyError(GitHubServerError):
    """GitHub gave up on a query, or answered only a part of it; a smaller one may succeed."""

    code = "query_too_heavy"


class BadCredentialsError(GitHubError):
    """The token is wrong, expired or revoked."""

    code = "bad_credentials"


class AccessDeniedError(GitHubError):
    """The token is good, but may not read this."""

    code = "access_denied"


class InstallationSuspendedError(AccessDeniedError):
    """Somebody on GitHub suspended the App's access to an account."""

    code = "installation_suspended"


class InstallationDeletedError(AccessDeniedError):
    """The App is not installed on an account any more."""

    code = "installation_deleted"


class SingleSignOnRequiredError(AccessDeniedError):
    """The organization wants the token authorized by its single sign-on (SAML)."""

    code = "single_sign_on_required"


class AddressNotListedError(AccessDeniedError):
    """The organization has an IP allow list, and the address of this server is not on it."""

    code = "address_not_listed"


class NotFoundError(GitHubError):
    """It does not exist, or the token may not know that it does."""

    code = "not_found"


class CursorRefusedError(GitHubError):
    """A list's cursor is no longer valid; its scan has to start again."""

    code = "cursor_refused"
    retryable = True


class UnexpectedAnswerError(GitHubError):
    """The answer does not have the documented shape."""

    code = "unexpected_answer"


class FieldUnknownError(UnexpectedAnswerError):
    """The server is too old for some FIELDS; it answers a query without them."""

    def __init__(self, message: str, fields: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.fields = fields


class ScopeMissingError(AccessDeniedError):
    """The token lacks a scope that some FIELDS want; GitHub answers a query without them."""

    def __init__(self, message: str, fields: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.fields = fields


# A query is answered without the `fields` of these.
FIELDS_REFUSED = (FieldUnknownError, ScopeMissingError)


class RateLimitedError(GitHubError):
    """GitHub wants no more requests of this credential before RETRY_AT.

    Args:
        is_secondary: there were too many at a time, not too many in this hour; GitHub wants whoever
            is told so again and again to wait longer and longer.
    """

    code = "rate_limited"
    retryable = True

    def __init__(self, message: str, retry_at: datetime, *, is_secondary: bool = False) -> None:
        super().__init__(message)
        self.retry_at = retry_at
        self.is_secondary = is_secondary


@contextmanager
def answer_shape(what: str) -> Iterator[None]:
    """Turn the failure to read a part of an answer into an error that names it.

    Args:
        what: the part, as in "GitHub's {what} have an unknown shape".

    Raises:
        UnexpectedAnswerError: the answer has another shape than the documented one.
    """
    try:
        yield
    except UNKNOWN_SHAPE as error:
        log_shape(what, error)
        raise UnexpectedAnswerError(
            gettext_noop(
                "GitHub's {what} have an unknown shape. Update Dexxy, or report it."
            ).format(what=what)
        ) from error


def log_shape(what: str, error: Exception) -> None:
    """Write to the log what is odd about an answer: people who read pages cannot use it."""
    log.warning("unknown shape", part=what, why=quoted(repr(error)))


def quoted(text: object) -> str:
    """Return what somebody else wrote as a message can hold it: one line, short, without tokens."""
    line = " ".join(str(text).replace("\x00", " ").split())
    line = redacted(line)
    return line if len(line) <= _QUOTED_AT_MOST else f"{line[:_QUOTED_AT_MOST]}..."
