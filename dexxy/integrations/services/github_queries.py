"""The GraphQL documents that we send. Tests check each against GitHub's published schema.

A connection costs a point for every hundred times it may be asked for, so nothing is nested
three deep: the comments of reviews are read by `parts`, and only where there are any
(`reviewThreads.totalCount` tells, for one point a page).
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Sequence
from dataclasses import dataclass

# GitHub's limit of a list, and what the nested ones ask for.
PAGE_LIMIT = 100

_ACTOR = """
fragment actor on Actor {
  __typename
  login
  avatarUrl
  url
  ... on User { databaseId name }
  ... on Organization { databaseId name }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
}
"""
_PAGE_INFO = "pageInfo { hasNextPage endCursor }"
_COMMENTS = f"""
    {_PAGE_INFO}
    nodes {{
      fullDatabaseId body createdAt updatedAt lastEditedAt url isMinimized minimizedReason
      author {{ ...actor }}
    }}
"""
_REVIEWS = f"""
    {_PAGE_INFO}
    nodes {{
      id fullDatabaseId state body createdAt submittedAt updatedAt lastEditedAt url
      author {{ ...actor }}
    }}
"""
_REVIEW_COMMENTS = f"""
    {_PAGE_INFO}
    nodes {{
      fullDatabaseId body createdAt updatedAt lastEditedAt url path line originalLine
      isMinimized minimizedReason
      replyTo {{ fullDatabaseId }}
      author {{ ...actor }}
    }}
"""
_ISSUE_TIMELINE = f"""
    {_PAGE_INFO}
    nodes {{
      __typename
      ... on ClosedEvent {{ id createdAt url stateReason actor {{ ...actor }} }}
      ... on ReopenedEvent {{ id createdAt actor {{ ...actor }} }}
    }}
"""
_PULL_REQUEST_TIMELINE = f"""
    {_PAGE_INFO}
    nodes {{
      __typename
      ... on ClosedEvent {{ id createdAt url actor {{ ...actor }} }}
      ... on ReopenedEvent {{ id createdAt actor {{ ...actor }} }}
      ... on MergedEvent {{ id createdAt url actor {{ ...actor }} }}
    }}
"""
_THREAD = """
      id number title body url createdAt updatedAt closedAt lastEditedAt
      author { ...actor }
      labels(first: 100) { nodes { name } }
"""
_REPOSITORY = "databaseId nameWithOwner url isArchived hasIssuesEnabled hasDiscussionsEnabled"
_RATE_LIMIT = "rateLimit { cost remaining }"
_LIST_ARGUMENTS = "first: $first, after: $after, orderBy: $order"


def _list_document(name: str, field: str, fields: str) -> str:
    return f"""
query {name}($owner: String!, $name: String!, $first: Int!, $after: String, $order: IssueOrder!) {{
  {_RATE_LIMIT}
  repository(owner: $owner, name: $name) {{
    {_REPOSITORY}
    {field}({_LIST_ARGUMENTS}) {{
      totalCount
      {_PAGE_INFO}
      nodes {{ {fields} }}
    }}
  }}
}}
{_ACTOR}"""


ISSUES = _list_document(
    "Issues",
    "issues",
    f"""{_THREAD}
      state stateReason
      comments(first: 100) {{ {_COMMENTS} }}
      timelineItems(first: 100, itemTypes: [CLOSED_EVENT, REOPENED_EVENT]) {{ {_ISSUE_TIMELINE} }}
""",
)
PULL_REQUESTS = _list_document(
    "PullRequests",
    "pullRequests",
    f"""{_THREAD}
      state isDraft mergedAt
      comments(first: 100) {{ {_COMMENTS} }}
      reviews(first: 100) {{ {_REVIEWS} }}
      reviewThreads(first: 1) {{ totalCount }}
      timelineItems(first: 100, itemTypes: [CLOSED_EVENT, REOPENED_EVENT, MERGED_EVENT]) {{
        {_PULL_REQUEST_TIMELINE}
      }}
""",
)


@dataclass(frozen=True, slots=True)
class NestedList:
    """A list inside a thread that can be read page by page.

    Args:
        owner: the GraphQL type that has it.
        field: its name there, as part of a document.
        fields: what is read of it.
    """

    owner: str
    field: str
    fields: str


_TIMELINE = "timelineItems(first: $first, after: {after}, itemTypes: [%s])"
NESTED_LISTS = {
    "issue_comments": NestedList("Issue", "comments(first: $first, after: {after})", _COMMENTS),
    "pull_request_comments": NestedList(
        "PullRequest", "comments(first: $first, after: {after})", _COMMENTS
    ),
    "reviews": NestedList("PullRequest", "reviews(first: $first, after: {after})", _REVIEWS),
    "review_comments": NestedList(
        "PullRequestReview",
        "comments(first: $first, after: {after})",
        f"{_REVIEW_COMMENTS}",
    ),
    "issue_timeline": NestedList(
        "Issue", _TIMELINE % "CLOSED_EVENT, REOPENED_EVENT", _ISSUE_TIMELINE
    ),
    "pull_request_timeline": NestedList(
        "PullRequest",
        _TIMELINE % "CLOSED_EVENT, REOPENED_EVENT, MERGED_EVENT",
        _PULL_REQUEST_TIMELINE,
    ),
}


def parts_document(connections: Sequence[str]) -> str:
    """Write the document that reads one page of a nested list of each of several owners.

    The owner at place N is `$idN`, its cursor `$afterN`, and its answer `pN`.

    Args:
        connections: keys of NESTED_LISTS, one an owner.
    """
    variables = ["$first: Int!"]
    fields = []
    for place, connection in enumerate(connections):
        nested = NESTED_LISTS[connection]
        variables += [f"$id{place}: ID!", f"$after{place}: String"]
        field = nested.field.format(after=f"$after{place}")
        fields.append(
            f"p{place}: node(id: $id{place}) {{"
            f" __typename ... on {nested.owner} {{ list: {field} {{ {nested.fields} }} }} }}"
        )
    body = "\n  ".join(fields)
    return f"query Parts({', '.join(variables)}) {{\n  {_RATE_LIMIT}\n  {body}\n}}\n{_ACTOR}"
