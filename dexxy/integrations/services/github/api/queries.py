"""The GraphQL documents that we send. Tests check each against GitHub's published schema.

GitHub charges a point for every hundred times that a list may be asked for, so no list of a message
is nested: the comments of reviews are read by `parts`, and only where there are any
(`reviewThreads` tells, for one point a page), and so is which of them are resolved.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dexxy.integrations.services.github.api.fragments import (
    ISSUE_EVENTS,
    NAMES,
    PAGE_INFO,
    PULL_REQUEST_EVENTS,
    RATE_LIMIT,
    REPOSITORY,
    with_fragments,
)
from dexxy.messages.models import ThreadKind

# GitHub's limit of a list, and of the ids of `nodes`.
PAGE_LIMIT = 100


@dataclass(frozen=True, slots=True)
class ThreadType:
    """How GraphQL speaks of one kind of thread.

    Args:
        fragment: what is read of it.
        field: of a repository: one thread by its number.
        list_field: of a repository: all of them.
        order: the type of the list's order.
        enabled_field: of a repository: whether the feature is on.
    """

    fragment: str
    field: str
    list_field: str
    order: str
    enabled_field: str


THREAD_TYPES = {
    ThreadKind.ISSUE: ThreadType("issue", "issue", "issues", "IssueOrder", "hasIssuesEnabled"),
    ThreadKind.PULL_REQUEST: ThreadType(
        "pullRequest", "pullRequest", "pullRequests", "IssueOrder", "hasPullRequestsEnabled"
    ),
    ThreadKind.DISCUSSION: ThreadType(
        "discussion", "discussion", "discussions", "DiscussionOrder", "hasDiscussionsEnabled"
    ),
}


def lightest_document() -> str:
    """Write the document that is asked to see whether GitHub answers anything."""
    return f"query Lightest {{ {RATE_LIMIT} }}"


def list_document(kind: ThreadKind, *, with_names: bool = False) -> str:
    """Write the document that reads a page of a repository's threads of KIND, whole.

    Args:
        with_names: and the names of the repository's first labels and milestones.
    """
    thread = THREAD_TYPES[kind]
    names = NAMES if with_names else ""
    return with_fragments(f"""
query Threads(
  $owner: String!, $name: String!, $first: Int!, $after: String, $order: {thread.order}!
) {{
  {RATE_LIMIT}
  repository(owner: $owner, name: $name) {{
    {REPOSITORY} {names}
    list: {thread.list_field}(first: $first, after: $after, orderBy: $order) {{
      totalCount
      {PAGE_INFO}
      nodes {{ ...{thread.fragment} }}
    }}
  }}
}}
""")


def skip_document(kind: ThreadKind, *, blindly: bool = False) -> str:
    """Write the document that steps over one thread that cannot be read.

    Args:
        blindly: do not even ask for its number.
    """
    thread = THREAD_TYPES[kind]
    nodes = "" if blindly else "nodes { number }"
    return f"""
query Skip(
  $owner: String!, $name: String!, $first: Int!, $after: String, $order: {thread.order}!
) {{
  {RATE_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    list: {thread.list_field}(first: $first, after: $after, orderBy: $order) {{
      {PAGE_INFO}
      {nodes}
    }}
  }}
}}
"""


def threads_document(kinds: Sequence[ThreadKind]) -> str:
    """Write the document that reads single threads by number, whole.

    The thread at index N has the number `$numberN`, and its answer is `tN`.
    """
    variables = ["$owner: String!", "$name: String!"]
    fields = []
    for index, kind in enumerate(kinds):
        thread = THREAD_TYPES[kind]
        variables.append(f"$number{index}: Int!")
        fields.append(
            f"t{index}: {thread.field}(number: $number{index}) {{ ...{thread.fragment} }}"
        )
    body = "\n    ".join(fields)
    return with_fragments(f"""
query ThreadsByNumber({", ".join(variables)}) {{
  {RATE_LIMIT}
  repository(owner: $owner, name: $name) {{
    {REPOSITORY}
    {body}
  }}
}}
""")


def glance_document(kinds: Collection[ThreadKind]) -> str:
    """Write the document that asks of up to a hundred repositories what changed last in them.

    Args:
        kinds: of the lists to ask for: one that is refused takes its repository along.
    """
    order = "first: 1, orderBy: {field: UPDATED_AT, direction: DESC}"
    lists = "\n      ".join(
        f"{thread.list_field}({order}) {{ totalCount nodes {{ updatedAt }} }}"
        for thread in (THREAD_TYPES[kind] for kind in kinds)
    )
    return f"""
query Glance($ids: [ID!]!) {{
  {RATE_LIMIT}
  nodes(ids: $ids) {{
    ... on Repository {{
      {REPOSITORY}
      {lists}
    }}
  }}
}}
"""


def sizes_document() -> str:
    """Write the document that counts the threads of up to a hundred repositories, of each kind."""
    lists = "\n      ".join(
        f"{kind}: {thread.list_field}(first: 1) {{ totalCount }}"
        for kind, thread in THREAD_TYPES.items()
    )
    return f"""
query Sizes($ids: [ID!]!) {{
  {RATE_LIMIT}
  nodes(ids: $ids) {{
    ... on Repository {{
      databaseId
      {lists}
    }}
  }}
}}
"""


def field_document(fields: str) -> str:
    """Write the document that asks for FIELDS of a repository, to see whether they are shown."""
    return f"""
query Field($owner: String!, $name: String!) {{
  {RATE_LIMIT}
  repository(owner: $owner, name: $name) {{ {fields} }}
}}
"""


def releases_document() -> str:
    """Write the document that reads a page of a repository's releases, the newest first."""
    return with_fragments(f"""
query Releases($owner: String!, $name: String!, $first: Int!, $after: String) {{
  {RATE_LIMIT}
  repository(owner: $owner, name: $name) {{
    databaseId
    releases(
      first: $first, after: $after, orderBy: {{ field: CREATED_AT, direction: DESC }}
    ) {{ {PAGE_INFO} nodes {{ ...release }} }}
  }}
}}
""")


@dataclass(frozen=True, slots=True)
class NestedList:
    """A list inside a thread that can be read page by page.

    Args:
        owner: the GraphQL type that has it.
        field: its name there, with what else it wants.
        fragment: what is read of each node.
    """

    owner: str
    field: str
    fragment: str


_PAGE = "first: $first, after: {after}"
NESTED_LISTS = {
    "issue_comments": NestedList("Issue", f"comments({_PAGE})", "comment"),
    "issue_timeline": NestedList("Issue", f"timelineItems({_PAGE}, {ISSUE_EVENTS})", "event"),
    "pull_request_comments": NestedList("PullRequest", f"comments({_PAGE})", "comment"),
    "pull_request_timeline": NestedList(
        "PullRequest", f"timelineItems({_PAGE}, {PULL_REQUEST_EVENTS})", "event"
    ),
    "reviews": NestedList("PullRequest", f"reviews({_PAGE})", "review"),
    "review_comments": NestedList("PullRequestReview", f"comments({_PAGE})", "reviewComment"),
    "review_threads": NestedList("PullRequest", f"reviewThreads({_PAGE})", "reviewThread"),
    "resolved_comments": NestedList(
        "PullRequestReviewThread", f"comments({_PAGE})", "reviewThreadComment"
    ),
    "discussion_comments": NestedList("Discussion", f"comments({_PAGE})", "discussionComment"),
    "replies": NestedList("DiscussionComment", f"replies({_PAGE})", "reply"),
}


def parts_document(connections: Sequence[str]) -> str:
    """Write the document that reads one page of a nested list of each of several owners.

    The owner at index N is `$idN`, its cursor `$afterN`, and its answer `pN`.

    Args:
        connections: keys of NESTED_LISTS, one an owner.
    """
    return _owners_document([NESTED_LISTS[connection] for connection in connections])


def commits_document(count: int) -> str:
    """Write the document that reads one page of the commits of each of COUNT pull requests.

    Names and variables are those of `parts_document`. A list inside each commit makes it dear: it
    costs a point for every four pull requests and 25 commits of each.
    """
    return _owners_document([_COMMITS] * count)


_COMMITS = NestedList("PullRequest", f"commits({_PAGE})", "pullRequestCommit")


def _owners_document(lists: Sequence[NestedList]) -> str:
    variables = ["$first: Int!"]
    fields = []
    for index, nested in enumerate(lists):
        variables += [f"$id{index}: ID!", f"$after{index}: String"]
        field = nested.field.format(after=f"$after{index}")
        fields.append(
            f"p{index}: node(id: $id{index}) {{ __typename ... on {nested.owner} {{"
            f" list: {field} {{ {PAGE_INFO} nodes {{ ...{nested.fragment} }} }} }} }}"
        )
    body = "\n  ".join(fields)
    return with_fragments(f"query Parts({', '.join(variables)}) {{\n  {RATE_LIMIT}\n  {body}\n}}\n")


def people_document(*, with_email: bool) -> str:
    """Return the query for profiles.

    Args:
        with_email: a classic token needs the scope `user:email` or `read:user` for that field.
    """
    email = "email" if with_email else ""
    return f"""
query People($ids: [ID!]!) {{
  {RATE_LIMIT}
  nodes(ids: $ids) {{
    __typename
    ... on User {{
      id databaseId login name avatarUrl url company location bio websiteUrl twitterUsername {email}
    }}
    ... on Organization {{ id databaseId login name avatarUrl url location description }}
    ... on Bot {{ id databaseId login avatarUrl url }}
    ... on Mannequin {{ id databaseId login avatarUrl url }}
  }}
}}
"""
