"""The root of our error tree."""


class DexxyError(Exception):
    """A failure that a person can be told about in one line.

    `code` is stable and part of the API; `retryable` says whether trying the same
    thing again later can succeed.
    """

    code = "error"
    retryable = False


class NotFoundError(DexxyError):
    """Something does not exist, or not for this viewer: nobody can tell which."""

    code = "not_found"


class BadInputError(DexxyError):
    """An argument is malformed or out of range."""

    code = "bad_user_input"
