"""The root of our error tree, and the errors that every app can raise."""

from collections.abc import Mapping


class DexxyError(Exception):
    """A failure whose message tells a person in one line what happened and what to do.

    `code` is stable and part of the API. `retryable` says whether the same action can succeed later
    without any change. `details` are for programs that handle the code.
    """

    code = "error"
    retryable = False
    details: Mapping[str, object] = {}


class NotFoundError(DexxyError):
    """Something does not exist, or this viewer may not see it: the answer is the same for both."""

    code = "not_found"


class BadInputError(DexxyError):
    """An argument is malformed or out of range."""

    code = "bad_user_input"
