"""Errors in the shape in which GitHub's GraphQL API reports them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from graphql import GraphQLError, Node

TIMED_OUT: Final = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it "
    "could be a GitHub bug. Please include `A1B2:3C4D:5E6F` when reporting this issue."
)
TOO_MUCH: Final = ("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")


class GitHubError(GraphQLError):
    """An error with GitHub's `type`, such as NOT_FOUND, and seldom a `code` or `extensions`.

    `nodes` are the places in the document that it is about, where it was never run.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        code: str | None = None,
        nodes: Sequence[Node] | None = None,
        **extensions: bool,
    ) -> None:
        super().__init__(message, nodes, extensions=extensions)
        self.kind = kind
        self.code = code


def formatted(error: GraphQLError) -> dict[str, Any]:
    """Write an error as GitHub does: `type` stands beside the message, not in `extensions`."""
    original = error.original_error if isinstance(error.original_error, GitHubError) else error
    entry: dict[str, Any] = {}
    if isinstance(original, GitHubError):
        entry["type"] = original.kind
        if original.code is not None:
            entry["code"] = original.code
    path = getattr(error, "document_path", error.path)
    if path is not None:
        entry["path"] = path
    if error.extensions:
        entry["extensions"] = error.extensions
    if error.locations:
        entry["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    entry["message"] = error.message
    return entry


def not_found(message: str) -> GitHubError:
    """Make the error for what does not exist, or not for this viewer."""
    return GitHubError("NOT_FOUND", message)


def forbidden(*, by_app: bool = True) -> GitHubError:
    """Make the error for what an App, or a personal token, has no permission to read."""
    whom = "integration" if by_app else "personal access token"
    return GitHubError("FORBIDDEN", f"Resource not accessible by {whom}", saml_failure=False)
