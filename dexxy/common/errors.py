"""The root of our error tree."""


class DexxyError(Exception):
    """A failure that a person can be told about in one line.

    `code` is stable and part of the API; `retryable` says whether trying the same
    thing again later can succeed.
    """

    code = "error"
    retryable = False
