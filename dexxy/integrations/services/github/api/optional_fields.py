"""Fields that a document can do without: GitHub refuses a whole query for one of them.

A server may be too old to know it, or the token may lack a scope that it wants, whatever the answer
would have shown: https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from dexxy.integrations.services.github.api.gaps import Gaps

# Fields that servers which are still supported need not know, each with the fields of its own: a
# server refuses a query that names what it does not know. GitHub Enterprise Server has the first
# from 3.21 on.
NEWER_FIELDS = frozenset({"hasPullRequestsEnabled", "issueType"})
# The fields of a repository that are read where they are shown, and that no thread waits for.
OF_REPOSITORY = (
    "hasIssuesEnabled",
    "hasDiscussionsEnabled",
    "hasPullRequestsEnabled",
    "stargazerCount",
    "forkCount",
    "isPrivate",
)
# The fields that are asked of one type among several, as in `... on Team { combinedSlug }`.
_OF_TYPE = re.compile(r"\.\.\. on (\w+) \{([^{}]*)\}")
_NAME = re.compile(r"\w+")


def without_fields(document: str, names: Collection[str] = NEWER_FIELDS) -> str:
    """Return DOCUMENT without some fields.

    Args:
        names: of NEWER_FIELDS, or as `field_at` writes them.
    """
    of_types = {name for name in names if "." in name}
    for name in set(names) - of_types:
        document = re.sub(rf"\s+{name}\b(\s*\{{[^}}]*\}})?", "", document)

    def kept(found: re.Match[str]) -> str:
        kind, fields = found[1], found[2].split()
        left = [field for field in fields if f"{kind}.{field}" not in of_types]
        if left == fields:
            return found[0]
        return f"... on {kind} {{ {' '.join(left)} }}" if left else ""

    return _OF_TYPE.sub(kept, document) if of_types else document


def field_at(document: str, line: int, column: int) -> str:
    """Return what stands at a place of DOCUMENT, as in `Team.combinedSlug`.

    Args:
        line: counted from 1, as COLUMN is.

    Returns: '' where no field stands there that is asked of one type among several.
    """
    before = document.split("\n")[: line - 1]
    at = sum(len(one) + 1 for one in before) + column - 1
    for found in _OF_TYPE.finditer(document):
        if found.start(2) <= at < found.end(2):
            name = _NAME.match(document, at)
            return f"{found[1]}.{name[0]}" if name else ""
    return ""


def of_repository() -> list[str]:
    """Return the paths of OF_REPOSITORY in an answer, as `GitHubClient.query` takes them."""
    return [f"repository.{name}" for name in OF_REPOSITORY]


def taking_along(data: Mapping[str, Any], gaps: Gaps) -> frozenset[str]:
    """Return which of OF_REPOSITORY are refused so that nothing is shown of the repository.

    The schema promises them, so that a null in their place is a null in that of the repository:
    https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
    """
    if data.get("repository") is not None:
        return frozenset()
    lacking = gaps.refused | gaps.missed
    return frozenset(name for name in OF_REPOSITORY if f"repository.{name}" in lacking)
