"""Errors in the shape in which GitHub's GraphQL API reports them."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError


class GitHubError(GraphQLError):
    """An error with GitHub's `type`, such as NOT_FOUND, and seldom a `code`."""

    def __init__(self, kind: str, message: str, code: str | None = None) -> None:
        super().__init__(message)
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
    if error.path is not None:
        entry["path"] = error.path
    if error.locations:
        entry["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    entry["message"] = error.message
    return entry


def not_found(message: str) -> GitHubError:
    """Make the error for what does not exist, or not for this viewer."""
    return GitHubError("NOT_FOUND", message)


def forbidden() -> GitHubError:
    """Make the error for what an App has no permission to read."""
    return GitHubError("FORBIDDEN", "Resource not accessible by integration")
